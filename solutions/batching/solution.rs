//! Two loops, and the order of the second is that of the first.
//!
//! The first hands off every chunk and keeps the futures in a list. The second awaits them, the first chunk first.
//! **The order of the results is the order in which the futures are awaited, and has nothing to do with the order in
//! which they are done.** A chunk that is done early keeps its result in its future until its turn comes. No wake is
//! lost by that: a future that is awaited late is polled for the first time then, and is ready at once.
//!
//! With one loop, which hands off and awaits, the chunks would run one after the other. That is right when the calls
//! are to be bounded in memory or in threads, and it is another promise. In between lies a window of so many chunks at
//! a time; a pool with a limit has one already.
//!
//! To await in order works because a hand-off begins by itself. Futures that do nothing before they are polled, as most
//! do, would have to be polled together, and each of them asked only until it is done.
//!
//! The calls are taken from the iterator in the first loop. The iterator itself runs here, and must not block.

use std::future::Future;

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
    for chunk in chunks {
        results.extend(chunk.await);
    }
    results
}
