//! The pool of threads of the classic design: closures that may block run here, so that workers need not.
//!
//! A closure becomes a task that is ready at its first poll, and waits in a queue. A thread without a closure
//! takes the oldest; if more closures wait than threads are free, another thread starts, up to
//! [`MAX_THREADS`]. A thread that found nothing to do for [`KEEP_ALIVE`] ends, except for the last: the first
//! thread starts with the pool and one always stays, so a closure has somewhere to run even if the system
//! refuses every further thread.
//!
//! Invariant: as long as threads can be started, no closure waits behind one that runs. Two closures that
//! wait for each other are both running. It is kept by counting, under one lock: the free threads are those
//! that do not run a closure, and each of them looks at the queue before it sleeps.
//!
//! Not here: the finished scheduler needs no pool, its `spawn_blocking` runs on the threads that also stand
//! in for blocked workers.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::num::NonZeroU32;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use slab::Slab;

use crate::primitive::{Arc, Condvar, Locked, Mutex, lock, thread};
use crate::runnable::{BLOCKING, JoinHandle, Runnable, Schedule, TaskRef, Wake, task};
use crate::trace::{self, ParkPlace};

/// As many as a storm of blocking calls may need, and few enough for any machine.
pub(crate) const MAX_THREADS: usize = 512;
/// Long enough for one storm to find the threads of the last.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// See the module's documentation.
pub(crate) struct Pool {
    // Immutable:
    max_threads: usize,
    keep_alive: Duration,

    state: Mutex<State>,
    /// Signalled when a closure waits, and at the close.
    called: Condvar,
    /// Signalled when a thread ends.
    ended: Condvar,
}

/// Guarded by [`Pool::state`].
struct State {
    /// Closures that no thread has taken yet.
    waiting: VecDeque<Runnable>,
    /// Where the closures that run now were spawned.
    running: Slab<&'static Location<'static>>,
    /// Threads that were started, or are being started, and have not ended.
    threads: usize,
    handles: Vec<thread::JoinHandle<()>>,
    peak_threads: usize,
    /// For new threads; `None` is the default of [`std::thread`].
    stack_size: Option<usize>,
    is_closed: bool,
}

/// A closure's way to its pool.
#[derive(Clone)]
struct Origin(Arc<Pool>);

impl Schedule for Origin {
    fn schedule(&self, runnable: Runnable, _: Wake) {
        self.0.schedule(runnable);
    }

    fn list(&self, _: TaskRef) -> Option<NonZeroU32> {
        unreachable!("a closure is ready at its first poll, and never sleeps");
    }
}

impl Pool {
    /// Starts a pool with its first thread.
    ///
    /// # Errors
    ///
    /// If that thread cannot be had from the system.
    pub(crate) fn start(max_threads: usize, keep_alive: Duration) -> io::Result<Arc<Pool>> {
        let state = State {
            waiting: VecDeque::new(),
            running: Slab::new(),
            threads: 0,
            handles: Vec::new(),
            peak_threads: 0,
            stack_size: None,
            is_closed: false,
        };
        let pool = Arc::new(Pool {
            max_threads: max_threads.max(1),
            keep_alive,
            state: Mutex::new(state),
            called: Condvar::new(),
            ended: Condvar::new(),
        });
        pool.start_thread(lock(&pool.state))?;
        Ok(pool)
    }

    /// Queues `closure` for a thread of the pool.
    ///
    /// One that no thread has taken can still be aborted, one that runs cannot.
    pub(crate) fn spawn<T>(
        self: &Arc<Self>,
        closure: impl FnOnce() -> T + Send + 'static,
        location: &'static Location<'static>,
    ) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        let closure = Closure(Some(closure));
        let (runnable, handle) = task(closure, Origin(Arc::clone(self)), BLOCKING, location);
        // After the close this drops the runnable, which tells the handle.
        self.schedule(runnable);
        handle
    }

    // ANCHOR: schedule
    fn schedule(self: &Arc<Self>, runnable: Runnable) {
        let mut state = lock(&self.state);
        if state.is_closed {
            drop(state);
            return drop(runnable);
        }
        state.waiting.push_back(runnable);
        let free = state.threads - state.running.len();
        if state.waiting.len() <= free {
            self.called.notify_one();
        } else if state.threads < self.max_threads {
            // If it fails, a thread that runs comes back to the queue, and the next closure tries again.
            let _ = self.start_thread(state);
        }
    }
    // ANCHOR_END: schedule

    /// Starts a thread, which counts as free before it runs: closures that come meanwhile need not start one
    /// more for the closure that it is for.
    fn start_thread(self: &Arc<Self>, mut state: Locked<'_, State>) -> io::Result<()> {
        state.threads += 1;
        let mut builder = thread::Builder::new().name("blocking".to_owned());
        if let Some(size) = state.stack_size {
            builder = builder.stack_size(size);
        }
        drop(state);
        let pool = Arc::clone(self);
        let started = builder.spawn(move || pool.work());
        let mut state = lock(&self.state);
        match started {
            Ok(handle) => {
                state.peak_threads = state.peak_threads.max(state.threads);
                state.handles.retain(|handle| !handle.is_finished());
                state.handles.push(handle);
                Ok(())
            }
            Err(error) => {
                state.threads -= 1;
                self.ended.notify_all();
                Err(error)
            }
        }
    }

    /// The life of a thread.
    fn work(&self) {
        let mut place = None;
        while let Some((runnable, taken)) = self.next_runnable(place.take()) {
            place = Some(taken);
            runnable.run();
        }
        self.ended.notify_all();
    }

    // ANCHOR: next_runnable
    /// The next closure and its place in [`State::running`], waiting for one if need be; `ran` is the place
    /// of the last one. `None`: the thread ends, and counts no more.
    fn next_runnable(&self, ran: Option<usize>) -> Option<(Runnable, usize)> {
        let mut state = lock(&self.state);
        if let Some(ran) = ran {
            state.running.remove(ran);
        }
        let mut expires = None;
        loop {
            if let Some(runnable) = state.waiting.pop_front() {
                let place = state.running.insert(runnable.location());
                return Some((runnable, place));
            }
            let is_last = state.threads == 1;
            let is_expired = expires.is_some_and(|time| Instant::now() >= time);
            if state.is_closed || is_expired && !is_last {
                state.threads -= 1;
                return None;
            }
            let expires = *expires.get_or_insert_with(|| Instant::now() + self.keep_alive);
            let left = expires.saturating_duration_since(Instant::now());
            // The last thread has nothing to expect from the clock.
            let _asleep = trace::park(ParkPlace::Spare);
            state = if is_last { state.wait(&self.called) } else { state.wait_timeout(&self.called, left) };
        }
    }
    // ANCHOR_END: next_runnable

    /// Cancels the closures that wait, and accepts no more. Those that run are left to [`Pool::join`].
    pub(crate) fn close(&self) {
        let cancelled = {
            let mut state = lock(&self.state);
            state.is_closed = true;
            self.called.notify_all();
            std::mem::take(&mut state.waiting)
        };
        // Drops what the closures hold: code of users, so without the lock.
        drop(cancelled);
    }

    /// After [`Pool::close`]: waits until every closure that runs has ended. False: the deadline came first,
    /// or this is a thread of the pool, which would wait for itself.
    pub(crate) fn join(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        let here = thread::current().id();
        if state.handles.iter().any(|handle| handle.thread().id() == here) {
            return false;
        }
        while state.threads > 0 {
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => state.wait(&self.ended),
                Some(left) if left.is_zero() => return false,
                Some(left) => state.wait_timeout(&self.ended, left),
            };
        }
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        for handle in handles {
            // The panics of closures are caught and belong to their handles.
            let _ = handle.join();
        }
        true
    }

    /// Where the closures that run now were spawned.
    pub(crate) fn running(&self) -> Vec<&'static Location<'static>> {
        lock(&self.state).running.iter().map(|(_, &location)| location).collect()
    }

    /// The most threads there were at once.
    pub(crate) fn peak_threads(&self) -> usize {
        lock(&self.state).peak_threads
    }
}

// ANCHOR: closure
/// A blocking closure as a future: ready at its first poll.
struct Closure<F>(Option<F>);

// The closure is moved out before it runs; nothing points into this.
impl<F> Unpin for Closure<F> {}

impl<F: FnOnce() -> T, T> Future for Closure<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let closure = self.0.take().expect("a task is not polled after it has finished");
        Poll::Ready(closure())
    }
}
// ANCHOR_END: closure

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use super::*;
    use crate::block_on::block_on;

    /// Far longer than any of these tests.
    const LONG: Duration = Duration::from_secs(3600);

    #[track_caller]
    fn spawn<T: Send + 'static>(
        pool: &Arc<Pool>,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        pool.spawn(closure, Location::caller())
    }

    fn shut_down(pool: &Pool) {
        pool.close();
        assert!(pool.join(None));
    }

    /// A closure that runs until the sender is dropped, and runs already.
    fn occupy(pool: &Arc<Pool>) -> (mpsc::Sender<()>, JoinHandle<()>) {
        let (end, ends) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        let handle = spawn(pool, move || {
            begun.send(()).expect("somebody waits");
            let _ = ends.recv();
        });
        has_begun.recv().expect("it is sent");
        (end, handle)
    }

    #[test]
    fn closures_wait_in_line_once_all_threads_run_one() {
        let pool = Pool::start(1, LONG).expect("a thread starts");
        let (end, occupied) = occupy(&pool);
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = (0..10)
            .map(|number| {
                let order = Arc::clone(&order);
                spawn(&pool, move || lock(&order).push(number))
            })
            .collect();
        assert!(lock(&order).is_empty() && pool.peak_threads() == 1);
        drop(end);
        block_on(occupied);
        waiting.into_iter().for_each(block_on);
        assert_eq!(*lock(&order), (0..10).collect::<Vec<_>>());
        shut_down(&pool);
    }

    #[test]
    fn a_close_cancels_what_waits_and_a_join_waits_for_what_runs() {
        let pool = Pool::start(1, LONG).expect("a thread starts");
        let (end, occupied) = occupy(&pool);
        let owned = Arc::new(());
        let held = Arc::clone(&owned);
        let waiting = spawn(&pool, move || drop(held));
        pool.close();
        assert_eq!(Arc::strong_count(&owned), 1, "what the closure held is dropped");
        assert!(block_on(waiting.join()).expect_err("it never ran").is_cancelled());
        assert!(!pool.join(Some(Instant::now())), "one runs");
        assert_eq!(pool.running().len(), 1);
        drop(end);
        assert!(pool.join(None));
        block_on(occupied);
        let late = spawn(&pool, || ());
        assert!(block_on(late.join()).expect_err("the pool is closed").is_cancelled());
    }

    #[test]
    fn a_closure_that_waits_can_be_aborted() {
        let pool = Pool::start(1, LONG).expect("a thread starts");
        let (end, _occupied) = occupy(&pool);
        let waiting = spawn(&pool, || ());
        waiting.abort();
        drop(end);
        assert!(block_on(waiting.join()).expect_err("it was aborted").is_cancelled());
        shut_down(&pool);
    }

    // ANCHOR: meet
    #[test]
    fn closures_that_meet_find_a_thread_each_however_often() {
        let pool = Pool::start(8, LONG).expect("a thread starts");
        for _ in 0..200 {
            let all = Arc::new(Barrier::new(8));
            let meet = |_| {
                let all = Arc::clone(&all);
                spawn(&pool, move || all.wait())
            };
            for closure in [(); 8].map(meet) {
                block_on(closure);
            }
        }
        assert_eq!(pool.peak_threads(), 8);
        shut_down(&pool);
    }
    // ANCHOR_END: meet

    #[test]
    fn a_pool_that_gets_no_further_thread_makes_do() {
        let pool = Pool::start(8, LONG).expect("a thread starts");
        // No address space has room for such a stack.
        lock(&pool.state).stack_size = Some(usize::MAX / 4);
        let (end, occupied) = occupy(&pool);
        let waiting = spawn(&pool, || 7);
        drop(end);
        assert_eq!(block_on(waiting), 7);
        block_on(occupied);
        assert_eq!(pool.peak_threads(), 1);
        shut_down(&pool);
    }

    #[test]
    fn threads_without_work_end_but_for_the_last() {
        let pool = Pool::start(8, Duration::ZERO).expect("a thread starts");
        let all = Arc::new(Barrier::new(4));
        let meet = |_| {
            let all = Arc::clone(&all);
            spawn(&pool, move || all.wait())
        };
        for closure in [(); 4].map(meet) {
            block_on(closure);
        }
        let one_is_left = || {
            let mut state = lock(&pool.state);
            while state.threads > 1 {
                state = state.wait(&pool.ended);
            }
            assert_eq!(state.threads, 1);
        };
        one_is_left();
        // If the last one is still on its way to the queue, another one starts, and ends.
        assert_eq!(block_on(spawn(&pool, || 7)), 7);
        one_is_left();
        shut_down(&pool);
    }

    #[test]
    fn a_closure_may_close_its_own_pool() {
        let pool = Pool::start(8, LONG).expect("a thread starts");
        let own = Arc::clone(&pool);
        let closing = spawn(&pool, move || {
            own.close();
            own.join(None)
        });
        assert!(!block_on(closing), "it does not wait for itself");
        assert!(pool.join(None));
    }
}
