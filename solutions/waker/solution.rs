//! What the standard library does for a type with `Wake`, written out.
//!
//! The invariant is one sentence: *there are as many shares of the note as there are wakers, and those of others.* Read
//! the four functions as four lines of an account. `clone_waker` adds one; `wake` and `drop_waker` take one away;
//! `wake_by_ref` changes nothing. The one that goes wrong most often is `wake`: it looks like `wake_by_ref`, and a waker
//! that calls the one from the other is right in every test that does not count, and leaks a task each time.
//!
//! The data pointer could also be a number, an index into a table of tasks, and then nothing is counted and nothing is
//! unsafe but the last call. The price is a table that says which of its numbers are still in use, which is the count
//! again.
//!
//! In [`advance`] the note is cleared *before* the poll. Cleared after it, the wakes of the poll go with it.
#![allow(unsafe_code)]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

/// A wake, written down.
pub struct Note {
    is_woken: AtomicBool,
}

impl Note {
    /// A note of one wake: a future has to be polled once before anybody can call its waker.
    pub fn new() -> Arc<Note> {
        Arc::new(Note { is_woken: AtomicBool::new(true) })
    }

    /// Whether there was a wake since the last call.
    pub fn take(&self) -> bool {
        // Acquire: pairs with the Release in `write`; without it the poll may miss what the waker's caller wrote before.
        self.is_woken.swap(false, Ordering::Acquire)
    }

    fn write(&self) {
        // Release: pairs with the Acquire in `take`.
        self.is_woken.store(true, Ordering::Release);
    }
}

/// A waker that writes `note`, and owns the share that it is given.
pub fn waker(note: Arc<Note>) -> Waker {
    let raw = RawWaker::new(Arc::into_raw(note).cast(), &TABLE);
    // SAFETY: the table's functions take a pointer from `Arc<Note>::into_raw`, which this is, and keep the count; and
    // the note is `Send` and `Sync`, as the cases have the compiler check.
    unsafe { Waker::from_raw(raw) }
}

/// A `static`, so that it has one address: by that and the pointer, [`Waker::will_wake`] knows a clone.
static TABLE: RawWakerVTable = RawWakerVTable::new(clone_waker, wake, wake_by_ref, drop_waker);

/// One share more.
unsafe fn clone_waker(note: *const ()) -> RawWaker {
    // SAFETY: the pointer is from `into_raw`, and the waker that is being cloned owns a share, so the note is there.
    unsafe { Arc::increment_strong_count(note.cast::<Note>()) };
    RawWaker::new(note, &TABLE)
}

/// One share less, when the note is written.
unsafe fn wake(note: *const ()) {
    // SAFETY: the pointer is from `into_raw`, and the waker is used up, so its share is ours.
    let note = unsafe { Arc::from_raw(note.cast::<Note>()) };
    note.write();
}

/// No share more or less: the note is only borrowed.
unsafe fn wake_by_ref(note: *const ()) {
    // SAFETY: the pointer is from `into_raw`, and the waker owns a share for as long as this call takes.
    let note = unsafe { &*note.cast::<Note>() };
    note.write();
}

/// One share less.
unsafe fn drop_waker(note: *const ()) {
    // SAFETY: the pointer is from `into_raw`, and the waker is gone, so its share is ours.
    drop(unsafe { Arc::from_raw(note.cast::<Note>()) });
}

/// Polls `future` as long as `note` holds a wake, and not once more.
pub fn advance<F: Future>(mut future: Pin<&mut F>, note: &Arc<Note>) -> Poll<F::Output> {
    let waker = waker(Arc::clone(note));
    let mut cx = Context::from_waker(&waker);
    while note.take() {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Poll::Ready(output);
        }
    }
    Poll::Pending
}
