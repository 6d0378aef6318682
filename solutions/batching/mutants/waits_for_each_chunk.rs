//! Hands a chunk off when the one before it is done.

use std::future::Future;

pub const FAILS: &[&str] = &["chunks_run_beside_each_other"];

/// What is handed off: some of the calls, which returns their results.
pub type Chunk<T> = Box<dyn FnOnce() -> Vec<T> + Send>;

/// The results of the calls, which are made elsewhere, `chunk` of them with each hand-off.
pub async fn batched<T, C, F>(
    calls: impl IntoIterator<Item = C>,
    chunk: usize,
    mut hand_off: impl FnMut(Chunk<T>) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    C: FnOnce() -> T + Send + 'static,
    F: Future<Output = Vec<T>>,
{
    let mut calls = calls.into_iter();
    let mut results = Vec::new();
    loop {
        let some: Vec<C> = calls.by_ref().take(chunk.max(1)).collect();
        if some.is_empty() {
            break;
        }
        results.extend(hand_off(Box::new(move || some.into_iter().map(|call| call()).collect())).await);
    }
    results
}
