//! Hands off what is left at the end, even if that is nothing.

use std::future::Future;

pub const FAILS: &[&str] = &["there_are_as_many_hand_offs_as_chunks"];

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
    let mut chunks = Vec::new();
    loop {
        let some: Vec<C> = calls.by_ref().take(chunk.max(1)).collect();
        let is_last = some.len() < chunk.max(1);
        chunks.push(hand_off(Box::new(move || some.into_iter().map(|call| call()).collect())));
        if is_last {
            break;
        }
    }
    let mut results = Vec::new();
    for chunk in chunks {
        results.extend(chunk.await);
    }
    results
}
