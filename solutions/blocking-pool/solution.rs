//! One lock around two counts and a queue: what waits is compared with who is free, under the lock of both.
//!
//! **If no more closures wait than threads are free, each closure has a thread that is coming for it.** A thread is
//! free if it runs no closure: it sleeps, or is on its way to the queue, or is being started. Each of them looks at the
//! queue before it sleeps and before it ends, and it looks under the lock. So the comparison is all that a spawn has to
//! do, and whom `notify_one` wakes does not matter.
//!
//! The rejected question is *does a thread sleep?* Two spawns in a row would see the same sleeper and count on it. One
//! closure would be left for a thread that is taken, and nobody would notice unless the two wait for each other.
//!
//! A thread is counted before it is started, since the next spawn must see it, and is counted out under the lock under
//! which it has found nothing. A count that says one too many is a closure for which no thread comes; one too few is a
//! thread above the limit.
//!
//! A panic is caught inside the closure that is queued, where the type of the result is known. So the threads run
//! closures that do not panic, and no count depends on how one ends. A job that is dropped drops its half of the slot
//! and nothing else. The result is stored and the waker taken in one step, so a poll finds the one or leaves the other.

use std::{
    collections::VecDeque,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

/// Threads that run closures.
pub struct Pool(Arc<Threads>);

/// What the pool shares with its threads.
struct Threads {
    max_threads: usize,
    keep_alive: Duration,
    state: Mutex<State>,
    /// Signalled when a closure waits.
    called: Condvar,
}

/// Guarded by [`Threads::state`].
#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    /// Those that run a closure now.
    running: usize,
    /// Those that were started, or are being started, and have not ended.
    threads: usize,
}

impl Pool {
    /// A pool of at least one thread and at most so many.
    pub fn new(max_threads: usize, keep_alive: Duration) -> Pool {
        let (state, called) = (Mutex::default(), Condvar::new());
        Pool(Arc::new(Threads { max_threads, keep_alive, state, called }))
    }

    /// Has a thread of the pool run `closure`.
    pub fn spawn<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let slot = Arc::new(Mutex::new(Slot { result: None, waker: None }));
        let filled = Arc::clone(&slot);
        let run = move || {
            // Nothing that the closure leaves half-done is seen here.
            let result = catch_unwind(AssertUnwindSafe(closure));
            let waker = {
                let mut slot = lock(&filled);
                slot.result = Some(result);
                slot.waker.take()
            };
            // Without the lock: the waker polls the job, perhaps at once.
            waker.into_iter().for_each(Waker::wake);
        };
        self.0.queue(Box::new(run));
        Job(slot)
    }

    /// The threads that were started, or are being started, and have not ended.
    pub fn threads(&self) -> usize {
        lock(&self.0.state).threads
    }
}

impl Threads {
    fn queue(self: &Arc<Self>, run: Box<dyn FnOnce() + Send>) {
        let mut state = lock(&self.state);
        state.waiting.push_back(run);
        // Each of the free ones looks at the queue before it sleeps.
        let free = state.threads - state.running;
        if state.waiting.len() <= free {
            self.called.notify_one();
        } else if state.threads < self.max_threads {
            state.threads += 1;
            let threads = Arc::clone(self);
            thread::spawn(move || threads.work());
        }
    }

    /// The life of a thread.
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            while let Some(run) = state.waiting.pop_front() {
                state.running += 1;
                drop(state);
                run();
                state = lock(&self.state);
                state.running -= 1;
            }
            let is_idle = |state: &mut State| state.waiting.is_empty();
            let waited = self.called.wait_timeout_while(state, self.keep_alive, is_idle);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.waiting.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

/// What a closure returns, once it has.
pub struct Job<T>(Arc<Mutex<Slot<T>>>);

struct Slot<T> {
    result: Option<thread::Result<T>>,
    /// That of the last poll.
    waker: Option<Waker>,
}

impl<T> Future for Job<T> {
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<thread::Result<T>> {
        let mut slot = lock(&self.0);
        if let Some(result) = slot.result.take() {
            return Poll::Ready(result);
        }
        slot.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// No closure runs under a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
