//! A waker made of a pointer and a table of functions. Nobody types this; an appendix of the book shows it.

// ANCHOR: signal
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread::{self, Thread};

/// What a wake does here: it is counted, and a thread is woken.
struct Signal {
    wakes: AtomicU32,
    thread: Thread,
}

impl Signal {
    fn give(&self) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}
// ANCHOR_END: signal

// ANCHOR: table
static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that owns the count of `signal` that it is given.
fn waker(signal: Arc<Signal>) -> Waker {
    let data = Arc::into_raw(signal).cast::<()>();
    // SAFETY: the functions of the table take `data` for what it is, a count of an `Arc<Signal>`, and may be called on any
    // thread, for a `Signal` is `Send` and `Sync`.
    unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) }
}
// ANCHOR_END: table

// ANCHOR: functions
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker that is cloned owns a count, so the signal is alive. The new waker owns the count added here.
    unsafe { Arc::increment_strong_count(data.cast::<Signal>()) };
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker is used up, and its count becomes this `Arc`'s.
    let signal = unsafe { Arc::from_raw(data.cast::<Signal>()) };
    signal.give();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker is borrowed, owns a count as long as that, and keeps it.
    let signal = unsafe { &*data.cast::<Signal>() };
    signal.give();
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker is used up, and its count becomes this `Arc`'s.
    drop(unsafe { Arc::from_raw(data.cast::<Signal>()) });
}
// ANCHOR_END: functions

// ANCHOR: borrowed
/// Polls with a waker that owns no count: the caller's will do, since the caller is still here when the poll returns.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>, signal: &Arc<Signal>) -> Poll<F::Output> {
    let data = Arc::as_ptr(signal).cast::<()>();
    // SAFETY: as in `waker`, but for the count. The waker lives no longer than `signal` is borrowed, and is never dropped
    // or used up, so the count that it does not own is not given away.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) });
    future.poll(&mut Context::from_waker(&waker))
}
// ANCHOR_END: borrowed

fn signal() -> Arc<Signal> {
    Arc::new(Signal { wakes: AtomicU32::new(0), thread: thread::current() })
}

// ANCHOR: counts
#[test]
fn each_function_leaves_as_many_counts_as_there_are_wakers() {
    let signal = signal();
    let first = waker(Arc::clone(&signal));
    assert_eq!(Arc::strong_count(&signal), 2);
    let second = first.clone();
    assert_eq!(Arc::strong_count(&signal), 3);
    second.wake_by_ref();
    assert_eq!(Arc::strong_count(&signal), 3);
    second.wake();
    assert_eq!(Arc::strong_count(&signal), 2);
    drop(first);
    assert_eq!(Arc::strong_count(&signal), 1);
    assert_eq!(signal.wakes.load(Ordering::SeqCst), 2);
}
// ANCHOR_END: counts

#[test]
fn clones_would_wake_the_same_and_others_would_not() {
    let (one, other) = (waker(signal()), waker(signal()));
    assert!(one.will_wake(&one.clone()));
    assert!(!one.will_wake(&other));
}

#[test]
fn a_borrowed_waker_changes_no_count_and_its_clone_does() {
    let signal = signal();
    let mut kept = None;
    let mut future = pin!(std::future::poll_fn(|context| {
        if kept.is_none() {
            kept = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    assert_eq!(poll_once(future.as_mut(), &signal), Poll::Pending);
    assert_eq!(Arc::strong_count(&signal), 2, "the clone that the future kept");
    assert_eq!(poll_once(future.as_mut(), &signal), Poll::Ready(()));
    assert_eq!(Arc::strong_count(&signal), 2);
    drop(kept);
    assert_eq!(Arc::strong_count(&signal), 1);
}

#[test]
fn a_wake_from_another_thread_ends_the_wait_and_outlives_the_executor() {
    let signal = signal();
    let (give, given) = std::sync::mpsc::channel();
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let waker: Waker = given.recv().unwrap();
        waker.wake_by_ref();
        told.recv().unwrap();
        // The last one: this frees the signal.
        drop(waker);
    });
    let mut is_first = true;
    let mut future = pin!(std::future::poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            give.send(context.waker().clone()).unwrap();
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    while poll_once(future.as_mut(), &signal).is_pending() {
        while signal.wakes.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
    }
    drop(signal);
    tell.send(()).unwrap();
    thread.join().unwrap();
}
