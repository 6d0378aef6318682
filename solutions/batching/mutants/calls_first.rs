//! Makes the calls while it cuts them into chunks, and hands off what they returned.

use std::future::Future;

pub const FAILS: &[&str] = &["no_call_is_made_by_the_task"];

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
        let some: Vec<T> = calls.by_ref().take(chunk.max(1)).map(|call| call()).collect();
        if some.is_empty() {
            break;
        }
        chunks.push(hand_off(Box::new(move || some)));
    }
    let mut results = Vec::new();
    for chunk in chunks {
        results.extend(chunk.await);
    }
    results
}
