//! Appends each chunk when it is done.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

pub const FAILS: &[&str] = &["results_are_in_the_order_of_the_calls"];

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
        chunks.push(hand_off(Box::new(move || some.into_iter().map(|call| call()).collect())));
    }
    let mut results = Vec::new();
    let mut chunks: Vec<_> = chunks.into_iter().map(Box::pin).collect();
    poll_fn(|cx| {
        chunks.retain_mut(|chunk| match chunk.as_mut().poll(cx) {
            Poll::Ready(done) => {
                results.extend(done);
                false
            }
            Poll::Pending => true,
        });
        if chunks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results
}
