//! Tasks: a future, its state and its [`JoinHandle`]'s side in one allocation.
//!
//! Four kinds of pointer share a task. The [`Runnable`] is the right to poll it once; there is at most one, so a task
//! is in at most one queue. Wakers make the next one: the first wake of a sleeping task hands a new `Runnable` to the
//! task's [`Schedule`], and a wake during a poll has the polling thread do so when the poll is over. The [`TaskRef`]
//! is for an executor's list of its tasks. The `JoinHandle` gets the output.
//!
//! Who may touch what is said by one atomic word. Its flags and its transitions are in `state`; the memory they guard
//! is in `raw`, what points to it in `pointers`; `join` and `error` are the public face. What a task is called by is in
//! `id` and `names`, and which one a thread runs in `current`.
//!
//! A task ends once, in one of four ways: its future finishes, it panics, it was aborted and is run, or the `Runnable`
//! is dropped unrun, as by an executor that has shut down. (A fifth: nobody is left who could wake or join it.) Each
//! time its future is dropped first, then [`Schedule::finished`] is called, then the joiner is woken.
//!
//! The user's code may panic anywhere. A panic of the poll goes to the joiner; so does that of the future's destructor
//! if it is the first; those of an output's or a waker's are swallowed where nobody could be told.

mod abort;
mod current;
mod error;
mod id;
mod join;
pub(crate) mod locals;
#[cfg(all(test, reference_runtime_loom))]
mod loom;
mod names;
mod pointers;
mod raw;
mod state;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
mod thread_bound;

use std::num::NonZeroU32;

pub use abort::AbortHandle;
pub(crate) use current::{Current, current_id};
pub use error::JoinError;
pub use id::Id;
pub use join::{Cancel, Join, JoinHandle};
pub(crate) use names::Name;
use names::Named;
pub use names::Task;
pub(crate) use pointers::{Runnable, SpawnedAt, TaskRef, on_waker_cloned};
pub(crate) use raw::{local_task, named_task, task};

/// What an executor supplies with each task: the task's way back to it. It is stored in the task and dropped with it.
///
/// Before each [`Schedule::schedule`] it is copied out, as the task may be gone by the time the call returns. An `Arc`
/// pays two read-modify-writes of a count that all tasks share for that, a number nothing.
pub(crate) trait Schedule: Clone + Send + Sync + 'static {
    /// Takes the right to poll the task.
    ///
    /// Called on any thread that wakes the task, also from within other tasks' polls and destructors, so under no lock
    /// of the executor's. An executor that is gone drops the `runnable`, which cancels the task in place.
    fn schedule(&self, runnable: Runnable, wake: Wake);

    /// Lists a task that is about to sleep for the first time, so that the executor can abort it when it ends. Returns
    /// the place for [`Schedule::finished`], or `None` if the executor is gone, which cancels the task.
    ///
    /// An executor without a list gives any number.
    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        drop(task);
        Some(NonZeroU32::MIN)
    }

    /// The future has been dropped: finished, panicked or cancelled. Called once, before the joiner is woken and on
    /// the thread that dropped the future. `place` is what [`Schedule::list`] gave, if the task ever slept. Gives back
    /// what was listed there, which saves the task an operation.
    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        let _ = place;
        None
    }
}

/// The tag of a closure of `spawn_blocking`: a future that is ready at its first poll, and may block its thread.
pub(crate) const BLOCKING: u32 = 1;
/// The tag of every other task.
pub(crate) const NO_TAG: u32 = 0;
/// The tag of a task in whose polls [`on_waker_cloned`] is called.
pub(crate) const OBSERVED: u32 = 2;

/// Why a task is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// It was spawned, or woken (or aborted) while it slept.
    Fresh,
    /// It was woken while it was polled, as by a yield, and so goes to the back of the queue.
    DuringPoll,
}
