//! Takes the calls of a chunk from its end, and turns the results round.

use std::future::Future;

pub const FAILS: &[&str] = &["calls_of_a_chunk_are_made_in_their_order"];

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
        if some.is_empty() {
            break;
        }
        chunks.push(hand_off(Box::new(move || {
            let mut results: Vec<T> = some.into_iter().rev().map(|call| call()).collect();
            results.reverse();
            results
        })));
    }
    let mut results = Vec::new();
    for chunk in chunks {
        results.extend(chunk.await);
    }
    results
}
