//! Polls first and looks at the note afterwards: each call is a poll, with a wake or without.
// A wrong answer has no reasons to give.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

pub const FAILS: &[&str] = &["a_future_is_polled_only_for_a_wake"];

pub struct Note {
    is_woken: AtomicBool,
}

impl Note {
    pub fn new() -> Arc<Note> {
        Arc::new(Note { is_woken: AtomicBool::new(true) })
    }

    pub fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::Acquire)
    }

    fn write(&self) {
        self.is_woken.store(true, Ordering::Release);
    }
}

pub fn waker(note: Arc<Note>) -> Waker {
    let raw = RawWaker::new(Arc::into_raw(note).cast(), &TABLE);
    unsafe { Waker::from_raw(raw) }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone_waker, wake, wake_by_ref, drop_waker);

unsafe fn clone_waker(note: *const ()) -> RawWaker {
    unsafe { Arc::increment_strong_count(note.cast::<Note>()) };
    RawWaker::new(note, &TABLE)
}

unsafe fn wake(note: *const ()) {
    let note = unsafe { Arc::from_raw(note.cast::<Note>()) };
    note.write();
}

unsafe fn wake_by_ref(note: *const ()) {
    let note = unsafe { &*note.cast::<Note>() };
    note.write();
}

unsafe fn drop_waker(note: *const ()) {
    drop(unsafe { Arc::from_raw(note.cast::<Note>()) });
}

pub fn advance<F: Future>(mut future: Pin<&mut F>, note: &Arc<Note>) -> Poll<F::Output> {
    let waker = waker(Arc::clone(note));
    let mut cx = Context::from_waker(&waker);
    loop {
        note.take();
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Poll::Ready(output);
        }
        if !note.is_woken.load(Ordering::Acquire) {
            return Poll::Pending;
        }
    }
}
