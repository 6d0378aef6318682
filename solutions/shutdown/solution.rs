//! A destructor tells the awaiter, and the time is measured from the beginning.
//!
//! **Every closure ends once: by its result or by being dropped.** The second half is what a shutdown with a list of
//! things to do forgets. Here it is a destructor: each closure in the queue carries a [`Teller`], which says
//! *cancelled* when it is dropped without having said anything else. To empty the queue is to tell everybody. A closure
//! that is spawned too late is dropped in the same way, so there is no second path for it.
//!
//! The lock is given back before anything is dropped or woken. A waker may poll the job right away, and a closure may
//! own what it likes, such as the last handle of something that spawns in its destructor. Both come back to this lock.
//!
//! A closure is counted as running under the lock under which it is taken out of the queue, so a shutdown sees it in
//! one place or in the other. What counts is not a number but the threads that run one: a shutdown that is called by a
//! closure leaves its own thread out, since it would wait for itself.
//!
//! The rest of the time is computed anew before each park, from an end that is computed once. With a limit that begins
//! anew, each closure that ends, and each park that returns for no reason, would buy the others the whole time again.
//! And the rest is looked at *after* the count: a shutdown whose time is up returns what it sees, whatever woke it.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
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

/// Closures that wait for a thread, and those that run.
pub struct Pool<C> {
    clock: C,
    state: Mutex<State>,
}

/// Guarded by [`Pool::state`].
#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    /// Each thread as often as it runs a closure.
    running: Vec<ThreadId>,
    is_shut: bool,
}

impl<C: Clock> Pool<C> {
    /// A pool with nothing to do.
    pub fn new(clock: C) -> Pool<C> {
        Pool { clock, state: Mutex::default() }
    }

    /// Has a thread run `closure`.
    pub fn spawn<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let slot = Arc::new(Mutex::new(Slot { result: None, waker: None }));
        let mut teller = Teller(Some(Arc::clone(&slot)));
        let run = Box::new(move || teller.tell(Ok(closure())));
        let mut state = lock(&self.state);
        if state.is_shut {
            drop(state);
            drop(run);
        } else {
            state.waiting.push_back(run);
        }
        Job(slot)
    }

    /// Runs the closure that has waited longest. False if none waits.
    pub fn run_one(&self) -> bool {
        let me = thread::current().id();
        let run = {
            let mut state = lock(&self.state);
            let Some(run) = state.waiting.pop_front() else {
                return false;
            };
            state.running.push(me);
            run
        };
        run();
        {
            let mut state = lock(&self.state);
            let at = state.running.iter().position(|thread| *thread == me);
            state.running.swap_remove(at.expect("it was put there above"));
        }
        self.clock.unpark();
        true
    }

    /// Ends the pool, and returns how many closures still run on other threads.
    pub fn shutdown(&self, timeout: Duration) -> usize {
        let end = self.clock.now() + timeout;
        let cancelled = {
            let mut state = lock(&self.state);
            state.is_shut = true;
            std::mem::take(&mut state.waiting)
        };
        drop(cancelled);
        let me = thread::current().id();
        loop {
            let running = lock(&self.state).running.iter().filter(|thread| **thread != me).count();
            let left = end.saturating_sub(self.clock.now());
            if running == 0 || left.is_zero() {
                return running;
            }
            self.clock.park(left);
        }
    }
}

/// The closure was not run, and never will be.
#[derive(Debug, PartialEq, Eq)]
pub struct Cancelled;

/// What a closure returns, once it has.
pub struct Job<T>(Arc<Mutex<Slot<T>>>);

struct Slot<T> {
    result: Option<Result<T, Cancelled>>,
    /// That of the last poll.
    waker: Option<Waker>,
}

impl<T> Future for Job<T> {
    type Output = Result<T, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Cancelled>> {
        let mut slot = lock(&self.0);
        if let Some(result) = slot.result.take() {
            return Poll::Ready(result);
        }
        slot.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The duty to tell the awaiter how it ended, until that is done.
struct Teller<T>(Option<Arc<Mutex<Slot<T>>>>);

impl<T> Teller<T> {
    fn tell(&mut self, result: Result<T, Cancelled>) {
        let Some(slot) = self.0.take() else {
            return;
        };
        let waker = {
            let mut slot = lock(&slot);
            slot.result = Some(result);
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Teller<T> {
    fn drop(&mut self) {
        self.tell(Err(Cancelled));
    }
}

/// No code of a user runs under a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
