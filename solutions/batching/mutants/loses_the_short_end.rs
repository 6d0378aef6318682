//! Hands off whole chunks only.

use std::future::Future;

pub const FAILS: &[&str] = &[
    "results_are_in_the_order_of_the_calls",
    "there_are_as_many_hand_offs_as_chunks",
    "chunks_run_beside_each_other",
    "the_waker_of_the_last_poll_is_called",
];

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
        if some.len() < chunk.max(1) {
            break;
        }
        chunks.push(hand_off(Box::new(move || some.into_iter().map(|call| call()).collect())));
    }
    let mut results = Vec::new();
    for chunk in chunks {
        results.extend(chunk.await);
    }
    results
}
