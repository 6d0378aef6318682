//! Chapter 7, exercise `blocking-pool`: threads for closures that block.
//!
//! Write [`Pool`] and [`Job`]. A queue, a few counts and a condition variable under one lock are enough. What becomes of
//! closures that wait or run when the pool is dropped is not asked here.
//!
//! Grade it with `cargo test -p blocking-pool`.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::Duration,
};

/// Threads that run closures. It promises that
///
/// - as long as fewer than `max_threads` threads run a closure, no closure waits behind one that runs,
/// - there are never more than `max_threads` threads,
/// - a thread that has found nothing to do for `keep_alive` ends; the last one may stay, and
/// - a closure that was given to it runs, whoever still waits for it, and may panic.
pub struct Pool {}

impl Pool {
    /// A pool of at least one thread and at most so many.
    pub fn new(max_threads: usize, keep_alive: Duration) -> Pool {
        let _ = (max_threads, keep_alive);
        todo!("a pool without threads, or with one")
    }

    /// Has a thread of the pool run `closure`.
    pub fn spawn<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let _ = closure;
        todo!("queue the closure, and see to it that a thread comes for it")
    }

    /// The threads that were started, or are being started, and have not ended.
    pub fn threads(&self) -> usize {
        todo!("count them")
    }
}

/// What a closure returns, once it has. Dropping it changes nothing for the closure.
pub struct Job<T>(PhantomData<T>);

impl<T> Future for Job<T> {
    /// The error is the payload of the closure's panic.
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<thread::Result<T>> {
        let _ = cx;
        todo!("the result, or a promise to wake the waker of the last poll")
    }
}
