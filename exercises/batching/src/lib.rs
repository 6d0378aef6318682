//! Chapter 7, exercise `batching`: many short calls, few hand-offs, and the results in their order.
//!
//! Write [`batched`]. How a closure is handed to another thread is a parameter. In a program that is `spawn_blocking`,
//! and what it returns is the future of the result.
//!
//! Grade it with `cargo test -p batching`.

use std::future::Future;

/// What is handed off: some of the calls, which returns their results.
pub type Chunk<T> = Box<dyn FnOnce() -> Vec<T> + Send>;

/// The results of the calls, which are made elsewhere, `chunk` of them with each hand-off.
///
/// It promises that
///
/// - the results are in the order of the calls, whichever chunk is done first,
/// - there are as many hand-offs as chunks of that size, the last of which may be shorter, and no more,
/// - no call is made here, where it would block, and in a chunk they are made in their order,
/// - the chunks run beside each other: all are handed off before one is waited for, and
/// - nobody is polled who is done already, and whoever is not done has the waker of the last poll.
///
/// `hand_off` begins at once, whether its future is polled or not. A `chunk` of 0 is taken for 1.
pub async fn batched<T, C, F>(
    calls: impl IntoIterator<Item = C>,
    chunk: usize,
    hand_off: impl FnMut(Chunk<T>) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    C: FnOnce() -> T + Send + 'static,
    F: Future<Output = Vec<T>>,
{
    let (_, _, _) = (calls.into_iter(), chunk, hand_off);
    todo!("cut the calls into chunks, hand all of them off, and collect what comes back")
}
