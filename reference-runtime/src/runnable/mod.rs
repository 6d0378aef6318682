//! A stand-in with the names and signatures of the real tasks, for the queues to be tested against.
#![allow(unsafe_code, dead_code, reason = "a stand-in")]

use std::{any::Any, marker::PhantomData, panic::Location};

/// The right to poll a task once.
pub(crate) struct Runnable {
    task: Box<Task>,
}

struct Task {
    tag: u64,
    _future: Box<dyn Any + Send>,
}

pub(crate) enum Wake {
    Fresh,
    DuringPoll,
}

pub(crate) trait Schedule: Send + Sync + 'static {
    fn schedule(&self, runnable: Runnable, wake: Wake);
    fn finished(&self, _tag: u64) {}
}

pub(crate) struct JoinHandle<T>(PhantomData<T>);

pub(crate) struct TaskRef;

pub(crate) fn task<F>(
    future: F,
    _schedule: impl Schedule,
    tag: u64,
    _spawned: &'static Location<'static>,
) -> (Runnable, JoinHandle<F::Output>, TaskRef)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let task = Box::new(Task { tag, _future: Box::new(future) });
    (Runnable { task }, JoinHandle(PhantomData), TaskRef)
}

impl Runnable {
    pub(crate) fn tag(&self) -> u64 {
        self.task.tag
    }

    pub(crate) fn into_raw(self) -> *mut () {
        Box::into_raw(self.task).cast()
    }

    /// # Safety
    ///
    /// `raw` comes from [`Runnable::into_raw`] and is used once.
    pub(crate) unsafe fn from_raw(raw: *mut ()) -> Runnable {
        // SAFETY: the caller's promise.
        Runnable { task: unsafe { Box::from_raw(raw.cast()) } }
    }
}
