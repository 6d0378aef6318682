//! The rules of a task, one test each, on an executor that is a queue.

mod cancel;
mod identity;
mod panics;

use std::any::Any;
use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn};
use std::mem;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;

use super::{JoinError, JoinHandle, Runnable, Schedule, TaskRef, Wake, task};
use crate::primitive::lock;

/// Where the executor lists its tasks.
const PLACE: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");

/// What the executor and the tests share: what was scheduled, and what happened in which order.
#[derive(Clone, Default)]
struct Queue(Arc<Records>);

#[derive(Default)]
struct Records {
    queue: Mutex<VecDeque<(Runnable, Wake)>>,
    is_closed: Mutex<bool>,
    /// As in a real executor; in the others a task ends with its last waker.
    keeps_its_list: Mutex<bool>,
    listed: Mutex<Vec<Option<TaskRef>>>,
    events: Mutex<Vec<String>>,
}

impl Queue {
    #[track_caller]
    fn spawn<F>(&self, future: F) -> (JoinHandle<F::Output>, TaskRef)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = task(future, self.clone(), 7, Location::caller());
        let task = runnable.reference();
        runnable.schedule();
        (handle, task)
    }

    fn pop(&self) -> Option<(Runnable, Wake)> {
        lock(&self.0.queue).pop_front()
    }

    /// Runs what is queued, and what that queues; says how many polls it took.
    fn run(&self) -> usize {
        let mut polls = 0;
        while let Some((runnable, _)) = self.pop() {
            runnable.run();
            polls += 1;
        }
        polls
    }

    fn len(&self) -> usize {
        lock(&self.0.queue).len()
    }

    fn close(&self) {
        *lock(&self.0.is_closed) = true;
        let queue = mem::take(&mut *lock(&self.0.queue));
        drop(queue);
    }

    fn note(&self, event: &str) {
        lock(&self.0.events).push(event.to_string());
    }

    fn events(&self) -> Vec<String> {
        mem::take(&mut lock(&self.0.events))
    }

    fn witness(&self, name: &'static str) -> Witness {
        Witness { name, queue: self.clone(), panics: false }
    }

    fn bomb(&self, name: &'static str) -> Witness {
        Witness { name, queue: self.clone(), panics: true }
    }

    /// No task that this queue was given to is left in memory.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable, wake: Wake) {
        if *lock(&self.0.is_closed) {
            return;
        }
        lock(&self.0.queue).push_back((runnable, wake));
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        let kept = lock(&self.0.keeps_its_list).then_some(task);
        lock(&self.0.listed).push(kept);
        (!*lock(&self.0.is_closed)).then_some(PLACE)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        assert!(place.is_none_or(|place| place == PLACE));
        self.note("finished");
        place.and_then(|_| lock(&self.0.listed).pop().flatten())
    }
}

/// Notes its drop, and may panic then.
struct Witness {
    name: &'static str,
    queue: Queue,
    panics: bool,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.queue.note(self.name);
        if self.panics {
            panic!("{} panics", self.name);
        }
    }
}

/// Polls once with a waker that does nothing.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn ready<F: Future + Unpin>(mut future: F) -> F::Output {
    match poll_once(&mut future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not ready"),
    }
}

fn poll_with<F: Future + Unpin>(
    future: &mut F,
    waker: Arc<impl std::task::Wake + Send + Sync + 'static>,
) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(&Waker::from(waker)))
}

fn text(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().expect("a panic of these tests has a text").to_string(),
    }
}

fn panic_text<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => text(payload),
    }
}

/// Gives its waker away at every poll, and is ready when the flag is set.
fn until(flag: &Arc<AtomicUsize>, wakers: &mpsc::Sender<Waker>) -> impl Future<Output = ()> + Send + 'static {
    let (flag, wakers) = (flag.clone(), wakers.clone());
    poll_fn(move |cx| {
        if flag.load(SeqCst) != 0 {
            return Poll::Ready(());
        }
        let _ = wakers.send(cx.waker().clone());
        Poll::Pending
    })
}

fn yields(mut times: usize) -> impl Future<Output = ()> + Send + 'static {
    poll_fn(move |cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A waker that counts what is done to it and can panic.
#[derive(Default)]
struct CountingWaker {
    wakes: AtomicUsize,
    panics: bool,
}

impl std::task::Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        if self.panics {
            panic!("the joiner's waker panics");
        }
    }
}

#[test]
fn a_header_is_seven_words() {
    #[cfg(target_pointer_width = "64")]
    assert_eq!(mem::size_of::<super::raw::Header>(), 7 * mem::size_of::<usize>());
    assert_eq!(mem::size_of::<Runnable>(), mem::size_of::<usize>());
    assert_eq!(mem::size_of::<Option<Runnable>>(), mem::size_of::<usize>());
    assert_eq!(mem::size_of::<JoinHandle<String>>(), mem::size_of::<usize>());
    assert_eq!(mem::size_of::<Result<(), super::error::Failure>>(), 2 * mem::size_of::<usize>());
}

#[test]
fn the_pointers_may_be_sent_and_shared_if_the_output_may_be_sent() {
    fn assert<T: Send + Sync + Unpin + std::panic::UnwindSafe>() {}
    assert::<JoinHandle<std::cell::Cell<u8>>>();
    fn assert_error<T: Send + Sync + std::error::Error + 'static>() {}
    assert_error::<JoinError>();
    fn assert_crate<T: Send + Sync>() {}
    assert_crate::<Runnable>();
    assert_crate::<TaskRef>();
}

#[test]
fn awaiting_a_handle_gives_the_output() {
    let queue = Queue::default();
    let (mut handle, task) = queue.spawn(async { "done".to_string() });
    assert!(poll_once(&mut handle).is_pending());
    assert!(!handle.is_finished());
    assert_eq!(queue.run(), 1);
    assert!(handle.is_finished());
    assert!(task.is_finished());
    assert_eq!(ready(handle), "done");
    assert_eq!(queue.events(), ["finished"]);
    drop(task);
    assert!(queue.is_unused());
}

#[test]
fn a_runnable_knows_its_tag_its_location_and_its_kind() {
    async fn future(n: u8) -> u8 {
        n
    }
    let queue = Queue::default();
    let here = Location::caller();
    let (one, ..) = task(future(1), queue.clone(), 41, here);
    let (two, _handle) = task(future(2), queue.clone(), 42, here);
    let reference = two.reference();
    let (other, ..) = task(async { 3 }, queue.clone(), 43, here);
    assert_eq!((one.tag(), two.tag(), reference.tag()), (41, 42, 42));
    assert_eq!(one.location(), here);
    assert_eq!(reference.location(), here);
    assert_eq!(one.kind(), two.kind());
    assert_ne!(one.kind(), other.kind());
    assert!(format!("{one:?} {reference:?}").contains("41"));
}

#[test]
fn a_task_is_listed_when_it_first_sleeps_and_not_again() {
    let queue = Queue::default();
    *lock(&queue.0.keeps_its_list) = true;
    let (sleeps, sleeper) = queue.spawn(pending::<()>());
    let (finishes, _) = queue.spawn(async {});
    queue.run();
    drop(finishes);
    assert_eq!(lock(&queue.0.listed).len(), 1, "a task that finishes at once is not listed");
    let listed = lock(&queue.0.listed)[0].take().expect("it is kept");
    listed.abort();
    queue.run();
    assert!(sleeps.is_finished() && sleeper.is_finished());
}

#[test]
fn a_task_that_yields_is_listed_when_it_sleeps() {
    let queue = Queue::default();
    let mut polls = 0;
    let yields = poll_fn(move |context: &mut Context<'_>| {
        polls += 1;
        if polls < 3 {
            context.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    });
    let (_handle, _) = queue.spawn(yields);
    for polled in 1..=3 {
        assert_eq!(lock(&queue.0.listed).len(), 0, "before poll {polled}");
        let (runnable, _) = queue.pop().expect("it yields");
        runnable.run();
    }
    assert_eq!(lock(&queue.0.listed).len(), 1);
}

#[test]
fn a_task_that_cannot_be_listed_is_cancelled() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(pending::<()>());
    let (runnable, _) = queue.pop().expect("it was scheduled");
    *lock(&queue.0.is_closed) = true;
    runnable.run();
    assert_eq!(queue.events(), ["finished"]);
    let error = ready(handle.join()).expect_err("it was cancelled");
    assert!(error.is_cancelled());
}

#[test]
fn waking_twice_queues_once() {
    let queue = Queue::default();
    let (flag, (send, wakers)) = (Arc::default(), mpsc::channel());
    let (_handle, _task) = queue.spawn(until(&flag, &send));
    queue.run();
    let waker = wakers.recv().unwrap();
    waker.wake_by_ref();
    let other = waker.clone();
    other.wake();
    waker.wake();
    assert_eq!(queue.len(), 1);
    let (runnable, wake) = queue.pop().unwrap();
    assert_eq!(wake, Wake::Fresh);
    runnable.run();
    wakers.recv().unwrap().wake();
    assert_eq!(queue.len(), 1);
    queue.close();
}

#[test]
fn wake_during_poll_runs_the_task_again() {
    let queue = Queue::default();
    let (handle, _task) = queue.spawn(yields(2));
    for expected in [Wake::Fresh, Wake::DuringPoll, Wake::DuringPoll] {
        let (runnable, wake) = queue.pop().unwrap();
        assert_eq!(wake, expected);
        runnable.run();
    }
    assert_eq!(queue.len(), 0);
    ready(handle);
}

#[test]
fn poll_gives_a_task_that_was_woken_meanwhile_back() {
    let queue = Queue::default();
    let (handle, _task) = queue.spawn(yields(1));
    let (runnable, _) = queue.pop().unwrap();
    let runnable = runnable.poll().expect("it yields once");
    assert_eq!(queue.len(), 0);
    assert!(runnable.poll().is_none());
    ready(handle);
}

#[test]
fn wake_by_value_during_poll_runs_the_task_again() {
    let queue = Queue::default();
    let mut is_first = true;
    let (handle, _) = queue.spawn(poll_fn(move |cx| {
        let waker = cx.waker().clone();
        waker.wake();
        if mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
    }));
    assert_eq!(queue.run(), 2);
    ready(handle);
    assert!(queue.is_unused());
}

#[test]
fn wakers_outlive_the_task_and_do_nothing() {
    let queue = Queue::default();
    let (flag, (send, wakers)) = (Arc::default(), mpsc::channel());
    let (handle, task) = queue.spawn(until(&flag, &send));
    queue.run();
    flag.store(1, SeqCst);
    let waker = wakers.recv().unwrap();
    waker.wake_by_ref();
    queue.run();
    ready(handle);
    drop(task);
    thread::spawn(move || {
        let other = waker.clone();
        waker.wake_by_ref();
        waker.wake();
        assert!(other.will_wake(&other.clone()));
        other.wake();
    })
    .join()
    .unwrap();
    assert_eq!(queue.len(), 0);
    assert!(queue.is_unused());
}

#[test]
fn the_borrowed_waker_of_a_poll_is_the_same_as_its_clones() {
    let queue = Queue::default();
    let mut kept: Option<Waker> = None;
    let (handle, _) = queue.spawn(poll_fn(move |cx| match &kept {
        Some(waker) => Poll::Ready(waker.will_wake(cx.waker())),
        None => {
            kept = Some(cx.waker().clone());
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }));
    queue.run();
    assert!(ready(handle));
}

#[test]
fn a_taken_output_is_dropped_once() {
    let queue = Queue::default();
    let output = queue.witness("output dropped");
    let (handle, _) = queue.spawn(async move { output });
    queue.run();
    let output = ready(handle);
    assert_eq!(queue.events(), ["finished"]);
    drop(output);
    assert_eq!(queue.events(), ["output dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn the_joiner_is_woken_once_and_a_stale_waker_is_replaced() {
    let queue = Queue::default();
    let (old, new) = (Arc::new(CountingWaker::default()), Arc::new(CountingWaker::default()));
    let (mut handle, _task) = queue.spawn(async {});
    for counter in [&old, &old, &new, &new] {
        let waker = Waker::from(counter.clone());
        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&old), 1);
    assert_eq!(Arc::strong_count(&new), 2);
    queue.run();
    assert_eq!((old.wakes.load(SeqCst), new.wakes.load(SeqCst)), (0, 1));
    assert_eq!(Arc::strong_count(&new), 1);
    ready(handle);
}

#[test]
fn the_future_is_dropped_before_the_joiner_is_woken() {
    struct Noting(Queue);
    impl std::task::Wake for Noting {
        fn wake(self: Arc<Self>) {
            self.0.note("joiner woken");
        }
    }
    let queue = Queue::default();
    let witness = queue.witness("future dropped");
    let (mut handle, _task) = queue.spawn(poll_fn(move |_| {
        let _ = &witness;
        Poll::Ready(())
    }));
    let waker = Waker::from(Arc::new(Noting(queue.clone())));
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    queue.run();
    assert_eq!(queue.events(), ["future dropped", "finished", "joiner woken"]);
}

#[test]
fn a_runnable_survives_the_way_through_one_word() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async { 1 });
    let (runnable, _) = queue.pop().unwrap();
    #[allow(unsafe_code)]
    // SAFETY: it is the same word, turned back once.
    let runnable = unsafe { Runnable::from_raw(runnable.into_raw()) };
    runnable.run();
    assert_eq!(ready(handle), 1);
}

#[test]
fn debug_names_where_the_task_was_spawned() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async {});
    let text = format!("{handle:?}");
    assert!(text.contains("tests.rs") && text.contains("is_finished: false"), "{text}");
    assert!(format!("{:?}", handle.join()).starts_with("Join {"));
    queue.close();
}

#[test]
fn a_future_with_a_large_alignment_is_polled_where_it_belongs() {
    #[repr(align(128))]
    struct Aligned(u8);
    let queue = Queue::default();
    let aligned = Aligned(9);
    let (handle, _) = queue.spawn(poll_fn(move |_| {
        assert_eq!(&raw const aligned as usize % 128, 0);
        Poll::Ready(Aligned(aligned.0))
    }));
    queue.run();
    assert_eq!(ready(handle).0, 9);
}
