//! Chapter 1, exercise `waker`: what is behind `Waker::from(Arc<impl Wake>)`?
//!
//! Write [`Note`], [`waker`] with the four functions of its table, and [`advance`]. A [`Waker`] is a pointer and a table
//! of functions. The pointer here is an `Arc<Note>` made raw, so each waker owns one share of the note: the table has
//! to count them. [`Arc::into_raw`] and [`Arc::from_raw`] turn one into the other.
//!
//! The compiler does not check a raw pointer, hence the `unsafe`. Say above each block why it holds.
//!
//! Grade it with `cargo test -p waker`.
#![allow(unsafe_code)]

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Poll, RawWaker, RawWakerVTable, Waker},
};

/// A wake, written down.
///
/// Any thread may write it, so it has to be `Sync`. The raw pointer hides from the compiler whether it is.
pub struct Note {}

impl Note {
    /// A note of one wake: a future has to be polled once before anybody can call its waker.
    pub fn new() -> Arc<Note> {
        todo!("a note that holds a wake")
    }

    /// Whether there was a wake since the last call. A thousand wakes and one wake are the same.
    pub fn take(&self) -> bool {
        todo!("look at the note and clear it, in one step")
    }
}

/// A waker that writes `note`, and owns the share that it is given.
///
/// It promises that
///
/// - all of its clones write the same note,
/// - each of them owns one share: as many are given back as were taken, and
/// - it may be called on any thread, and when everything else that knew the note is gone.
pub fn waker(note: Arc<Note>) -> Waker {
    let _ = (note, &TABLE);
    todo!("a pointer and the table, and Waker::from_raw")
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone_waker, wake, wake_by_ref, drop_waker);

/// [`Waker::clone`]: there is one more waker.
unsafe fn clone_waker(note: *const ()) -> RawWaker {
    let _ = note;
    todo!("a second waker of this note")
}

/// [`Waker::wake`]: the waker is used up, and `drop_waker` is not called for it.
unsafe fn wake(note: *const ()) {
    let _ = note;
    todo!("write the note")
}

/// [`Waker::wake_by_ref`]: the waker stays.
unsafe fn wake_by_ref(note: *const ()) {
    let _ = note;
    todo!("write the note")
}

/// The waker is dropped.
unsafe fn drop_waker(note: *const ()) {
    let _ = note;
    todo!("there is one waker less")
}

/// Polls `future` as long as `note` holds a wake, and not once more. It promises that
///
/// - each poll answers the wakes that came before it, and none that comes during it,
/// - it says `Pending` only when the note holds nothing, and
/// - a future that is ready is not polled again.
pub fn advance<F: Future>(future: Pin<&mut F>, note: &Arc<Note>) -> Poll<F::Output> {
    let _ = (future, note);
    todo!("poll with a waker of the note")
}
