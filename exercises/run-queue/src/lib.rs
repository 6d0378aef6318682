//! Chapter 3, exercise `run-queue`: what does a wake do to a task?
//!
//! Write [`Queue`], from the invariant alone: *a task is in the queue at most once, and in the queue or being polled,
//! never both.* A wake may come at any moment, on any thread, and how often it comes is not up to you.
//!
//! Grade it with `cargo test -p run-queue`.

use std::future::Future;

/// Tasks that are to be polled, in the order in which they were woken. A clone is the same queue, on another thread
/// perhaps. It promises that
///
/// - a task is polled once for having been spawned, and then once for all wakes since its last poll began,
/// - a task that is woken while it is polled is queued when the poll is over, behind those that wait already,
/// - a task that has not been woken is not in the queue,
/// - a task that is done is never polled again, and its future is dropped at once, and
/// - a task that nobody can wake any more is dropped with its last waker.
#[derive(Clone)]
pub struct Queue {}

impl Queue {
    /// A queue with nothing in it.
    pub fn empty() -> Queue {
        todo!("an empty queue")
    }

    /// Makes a task of `future` and queues it.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(future);
        todo!("a task that begins in the queue")
    }

    /// Takes the task that has waited longest, and polls it once. False if there is none.
    pub fn run_one(&self) -> bool {
        todo!("poll the first task of the queue")
    }

    /// How many tasks wait.
    pub fn waiting(&self) -> usize {
        todo!("the length of the queue")
    }
}
