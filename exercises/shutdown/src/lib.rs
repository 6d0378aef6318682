//! Chapter 7, exercise `shutdown`: the end of a pool, in bounded time, after which nobody waits for nothing.
//!
//! Write [`Pool`] and [`Job`]. The pool has no threads of its own here: whoever calls [`Pool::run_one`] is one. By what
//! a shutdown waits is a parameter, [`Clock`], so no case takes the time that it speaks of. No closure panics.
//!
//! Grade it with `cargo test -p shutdown`.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// How a shutdown waits.
pub trait Clock: Send + Sync {
    /// The time that has passed since some moment in the past.
    fn now(&self) -> Duration;

    /// Sleeps until somebody calls [`Clock::unpark`], but no longer than `limit`. If it was called since the last park,
    /// this returns at once. It may also return for no reason.
    fn park(&self, limit: Duration);

    /// Ends a park, or the next one.
    fn unpark(&self);
}

/// Closures that wait for a thread, and those that run. A shutdown promises that
///
/// - what waits is dropped and not run, and whoever awaits it is told at once, before the shutdown waits for others,
/// - what is spawned afterwards is treated in the same way,
/// - what runs is waited for until the time is up, and no longer; if it ends later, its result still arrives,
/// - a closure that shuts down its own pool does not wait for itself, and
/// - neither a waker is called nor a closure dropped under the lock: both are code of the user.
pub struct Pool<C>(PhantomData<C>);

impl<C: Clock> Pool<C> {
    /// A pool with nothing to do.
    pub fn new(clock: C) -> Pool<C> {
        let _ = clock;
        todo!("nothing waits, and nothing runs")
    }

    /// Has a thread run `closure`.
    pub fn spawn<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let _ = closure;
        todo!("queue it, or cancel it")
    }

    /// Runs the closure that has waited longest. False if none waits.
    pub fn run_one(&self) -> bool {
        todo!("take one and count it, run it, and tell who waits for that")
    }

    /// Ends the pool, and returns how many closures still run on other threads.
    pub fn shutdown(&self, timeout: Duration) -> usize {
        let _ = timeout;
        todo!("cancel what waits, and wait for what runs")
    }
}

/// The closure was not run, and never will be.
#[derive(Debug, PartialEq, Eq)]
pub struct Cancelled;

/// What a closure returns, once it has.
pub struct Job<T>(PhantomData<T>);

impl<T> Future for Job<T> {
    type Output = Result<T, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Cancelled>> {
        let _ = cx;
        todo!("the result, or a promise to wake the waker of the last poll")
    }
}
