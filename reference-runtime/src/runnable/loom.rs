//! The races of a task, each in all its interleavings.
//!
//! Every model ends by counting: the future and the output were dropped once, the scheduler heard of the end once,
//! and the task's memory is gone.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::num::NonZeroU32;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use ::loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use ::loom::sync::{Arc, Mutex};
use ::loom::thread;

use super::{JoinHandle, Runnable, Schedule, TaskRef, Wake, task};

/// The executor: a queue, and what can be counted.
#[derive(Clone)]
struct Queue {
    runnables: Arc<Mutex<VecDeque<Runnable>>>,
    counts: StdArc<Counts>,
    in_use: InUse,
    /// For a list of one task; `None` keeps none.
    listed: Option<Arc<Mutex<Option<TaskRef>>>>,
}

/// Read at the end of [`Queue::schedule`]; dropped with the task, where loom checks that no reader was left.
struct InUse(AtomicUsize);

impl Clone for InUse {
    fn clone(&self) -> InUse {
        InUse(AtomicUsize::new(1))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.with_mut(|_| ());
    }
}

/// Not loom's: they are no part of the protocol, and must not order it.
#[derive(Default)]
struct Counts {
    scheduled: StdAtomicUsize,
    finished: StdAtomicUsize,
    futures_dropped: StdAtomicUsize,
    outputs_dropped: StdAtomicUsize,
}

impl Queue {
    fn new() -> Queue {
        Queue {
            runnables: Arc::new(Mutex::new(VecDeque::new())),
            counts: StdArc::default(),
            in_use: InUse(AtomicUsize::new(1)),
            listed: None,
        }
    }

    fn spawn<F>(&self, future: F) -> (Runnable, JoinHandle<F::Output>, TaskRef)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = task(future, self.clone(), 0, Location::caller());
        let reference = runnable.reference();
        (runnable, handle, reference)
    }

    /// Polls until nothing is queued.
    fn run(&self) {
        loop {
            let runnable = self.runnables.lock().unwrap().pop_front();
            let Some(runnable) = runnable else { return };
            runnable.run();
        }
    }

    fn scheduled(&self) -> usize {
        self.counts.scheduled.load(SeqCst)
    }

    // ANCHOR: assert_ended
    #[track_caller]
    fn assert_ended(self, outputs: usize) {
        assert_eq!(self.counts.finished.load(SeqCst), 1, "the scheduler hears of the end once");
        assert_eq!(self.counts.futures_dropped.load(SeqCst), 1, "the future is dropped once");
        assert_eq!(self.counts.outputs_dropped.load(SeqCst), outputs, "an output is dropped once");
        assert_eq!(StdArc::strong_count(&self.counts), 1, "the task is freed");
    }
    // ANCHOR_END: assert_ended
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable, _: Wake) {
        self.counts.scheduled.fetch_add(1, SeqCst);
        self.runnables.lock().unwrap().push_back(runnable);
        assert_eq!(self.in_use.0.load(Relaxed), 1);
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        if let Some(listed) = &self.listed {
            let before = listed.lock().unwrap().replace(task);
            assert!(before.is_none(), "a task is listed once");
        }
        Some(NonZeroU32::MIN)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        self.counts.finished.fetch_add(1, SeqCst);
        place.and(self.listed.as_ref())?.lock().unwrap().take()
    }
}

/// Counts the drop of what it is part of.
struct Counted {
    counts: StdArc<Counts>,
    is_output: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let count = if self.is_output { &self.counts.outputs_dropped } else { &self.counts.futures_dropped };
        count.fetch_add(1, SeqCst);
    }
}

impl Queue {
    /// A future that is ready when the flag is set, and a place where each poll leaves its waker.
    fn until(&self, flag: &Arc<AtomicBool>) -> (impl Future<Output = Counted> + Send + 'static, Wakers) {
        let (flag, wakers, counts) = (flag.clone(), Wakers::default(), self.counts.clone());
        let (future, place) = (Counted { counts: counts.clone(), is_output: false }, wakers.clone());
        let future = poll_fn(move |cx| {
            let _ = &future;
            // Relaxed: what orders it is the task's state, and nothing else may.
            if flag.load(Relaxed) {
                return Poll::Ready(Counted { counts: counts.clone(), is_output: true });
            }
            // Cloned first: no switch of threads may come while the lock, which is std's, is held.
            let waker = cx.waker().clone();
            place.0.lock().unwrap().push(waker);
            Poll::Pending
        });
        (future, wakers)
    }

    /// A task that has been polled once and sleeps, and its only waker.
    fn sleeper(&self, flag: &Arc<AtomicBool>) -> (JoinHandle<Counted>, TaskRef, Waker, Wakers) {
        let (future, wakers) = self.until(flag);
        let (runnable, handle, task) = self.spawn(future);
        runnable.run();
        let waker = wakers.0.lock().unwrap().pop().expect("the poll left its waker");
        (handle, task, waker, wakers)
    }

    /// A task that will be ready at its first poll.
    fn ready(&self) -> (Runnable, JoinHandle<Counted>, TaskRef) {
        self.spawn(self.until(&flag(true)).0)
    }
}

#[derive(Clone, Default)]
struct Wakers(StdArc<std::sync::Mutex<Vec<Waker>>>);

fn flag(is_set: bool) -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(is_set))
}

/// A joiner's waker that counts.
#[derive(Default)]
struct Joiner(StdAtomicUsize);

impl std::task::Wake for Joiner {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn poll<F: Future + Unpin>(future: &mut F, joiner: &StdArc<Joiner>) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(&Waker::from(joiner.clone())))
}

fn output(handle: JoinHandle<Counted>) -> Option<Counted> {
    match poll(&mut handle.join(), &StdArc::default()) {
        Poll::Ready(output) => output.ok(),
        Poll::Pending => panic!("the task has not ended"),
    }
}

// ANCHOR: a_wake_beside_a_poll
#[test]
fn a_wake_is_seen_by_a_poll_that_comes_after_it() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (handle, task, waker, wakers) = queue.sleeper(&flag);
        let other = waker.clone();
        let thread = thread::spawn(move || {
            flag.store(true, Relaxed);
            waker.wake();
        });
        // Races with the other wake; the poll with both.
        other.wake_by_ref();
        queue.run();
        thread.join().unwrap();
        queue.run();
        assert!(handle.is_finished(), "a wake was lost");
        drop((output(handle), task, wakers, other));
        queue.assert_ended(1);
    });
}
// ANCHOR_END: a_wake_beside_a_poll

#[test]
fn a_wake_by_reference_is_seen_by_a_poll_that_comes_after_it() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (handle, task, waker, wakers) = queue.sleeper(&flag);
        let other = waker.clone();
        let thread = thread::spawn(move || {
            flag.store(true, Relaxed);
            waker.wake_by_ref();
        });
        other.wake();
        queue.run();
        thread.join().unwrap();
        queue.run();
        assert!(handle.is_finished(), "a wake was lost");
        drop((output(handle), task, wakers));
        queue.assert_ended(1);
    });
}

#[test]
fn two_wakers_at_once_queue_once() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(true));
        let (handle, task, waker, wakers) = {
            flag.store(false, Relaxed);
            let sleeper = queue.sleeper(&flag);
            flag.store(true, Relaxed);
            sleeper
        };
        let other = waker.clone();
        let thread = thread::spawn(move || waker.wake());
        other.wake_by_ref();
        thread.join().unwrap();
        assert_eq!(queue.scheduled(), 1);
        queue.run();
        drop((output(handle).expect("nobody aborts it"), task, wakers, other));
        queue.assert_ended(1);
    });
}

#[test]
fn an_executor_on_another_thread_may_free_the_task_while_a_wake_is_in_its_scheduler() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (handle, task, waker, wakers) = queue.sleeper(&flag);
        drop((handle, task, wakers));
        let thread = thread::spawn(move || {
            flag.store(true, Relaxed);
            waker.wake();
        });
        queue.run();
        thread.join().unwrap();
        queue.run();
        queue.assert_ended(1);
    });
}

#[test]
fn abort_races_finish() {
    ::loom::model(|| {
        let queue = Queue::new();
        let (runnable, handle, task) = queue.ready();
        let thread = thread::spawn(move || task.abort());
        runnable.run();
        thread.join().unwrap();
        assert_eq!(queue.scheduled(), 0, "an ended task is not scheduled");
        let outputs = usize::from(output(handle).is_some());
        queue.assert_ended(outputs);
    });
}

/// As [`crate::tasks::Tasks::close`] does: the clone that is aborted is made while the task may be taken off the list.
#[test]
fn abort_through_the_list_races_first_sleep_and_finish() {
    ::loom::model(|| {
        let (mut queue, flag) = (Queue::new(), flag(false));
        let listed = Arc::default();
        queue.listed = Some(Arc::clone(&listed));
        let (future, wakers) = queue.until(&flag);
        let (runnable, handle, task) = queue.spawn(future);
        drop(task);
        let thread = thread::spawn(move || {
            let task = listed.lock().unwrap().clone();
            if let Some(task) = &task {
                task.abort();
            }
            task.is_some()
        });
        runnable.run();
        let waker = wakers.0.lock().unwrap().pop().expect("it has been polled");
        flag.store(true, Relaxed);
        waker.wake();
        queue.run();
        let was_listed = thread.join().unwrap();
        queue.run();
        let is_finished = output(handle).is_some();
        assert!(is_finished || was_listed, "a task that nobody aborted finishes");
        drop(wakers);
        queue.listed = None;
        queue.assert_ended(usize::from(is_finished));
    });
}

#[test]
fn abort_races_wake_and_poll() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (handle, task, waker, wakers) = queue.sleeper(&flag);
        let thread = thread::spawn(move || task.abort());
        waker.wake();
        queue.run();
        thread.join().unwrap();
        queue.run();
        assert!(output(handle).is_none(), "an abort was lost");
        drop(wakers);
        queue.assert_ended(0);
    });
}

#[test]
fn registering_a_waker_races_the_end() {
    ::loom::model(|| {
        let queue = Queue::new();
        let (runnable, mut handle, task) = queue.ready();
        let thread = thread::spawn(move || runnable.run());
        let (first, second) = (StdArc::new(Joiner::default()), StdArc::new(Joiner::default()));
        // Registered, found to be the same, replaced.
        let is_ready = [&first, &first, &second].iter().any(|joiner| poll(&mut handle, joiner).is_ready());
        thread.join().unwrap();
        if !is_ready {
            assert_eq!((first.0.load(SeqCst), second.0.load(SeqCst)), (0, 1), "the last waker is woken");
            assert!(poll(&mut handle, &first).is_ready());
        }
        drop((handle, task));
        assert_eq!((StdArc::strong_count(&first), StdArc::strong_count(&second)), (1, 1));
        queue.assert_ended(1);
    });
}

#[test]
fn dropping_the_handle_races_the_end() {
    ::loom::model(|| {
        let queue = Queue::new();
        let (runnable, handle, task) = queue.ready();
        let thread = thread::spawn(move || runnable.run());
        drop(task);
        drop(handle);
        thread.join().unwrap();
        queue.assert_ended(1);
    });
}

#[test]
fn dropping_a_handle_that_waits_races_the_end() {
    ::loom::model(|| {
        let queue = Queue::new();
        let (runnable, mut handle, _) = queue.ready();
        let joiner = StdArc::new(Joiner::default());
        assert!(poll(&mut handle, &joiner).is_pending());
        let thread = thread::spawn(move || runnable.run());
        drop(handle);
        thread.join().unwrap();
        assert_eq!(StdArc::strong_count(&joiner), 1);
        queue.assert_ended(1);
    });
}

#[test]
fn the_last_of_two_wakers_and_a_handle_drops_the_future() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (mut handle, task, waker, wakers) = queue.sleeper(&flag);
        assert!(poll(&mut handle, &StdArc::default()).is_pending());
        let other = waker.clone();
        let threads = [thread::spawn(move || drop(waker)), thread::spawn(move || drop(other))];
        drop((task, wakers));
        drop(handle);
        for thread in threads {
            thread.join().unwrap();
        }
        queue.assert_ended(0);
    });
}

#[test]
fn dropping_the_last_waker_races_the_end_of_the_poll() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (future, wakers) = queue.until(&flag);
        let (runnable, handle, task) = queue.spawn(future);
        drop(handle);
        let thread = thread::spawn(move || runnable.run());
        drop(task);
        // Before or after the poll has left it.
        let waker = wakers.0.lock().unwrap().pop();
        drop(waker);
        thread.join().unwrap();
        let waker = wakers.0.lock().unwrap().pop();
        drop(waker);
        queue.assert_ended(0);
    });
}

#[test]
fn dropping_the_runnable_races_wake_and_handle() {
    ::loom::model(|| {
        let (queue, flag) = (Queue::new(), flag(false));
        let (handle, task, waker, wakers) = queue.sleeper(&flag);
        waker.wake_by_ref();
        let runnable = queue.runnables.lock().unwrap().pop_front();
        let threads = [thread::spawn(move || drop(runnable)), thread::spawn(move || waker.wake())];
        drop((task, wakers));
        drop(handle);
        for thread in threads {
            thread.join().unwrap();
        }
        queue.assert_ended(0);
    });
}
