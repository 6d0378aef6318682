//! Where tasks wait to be run: the [`Injector`] of all, and a [`LocalQueue`] and a [`NextTask`] for each worker.
//!
//! | Queue | Who puts | Who takes | Order | Costs |
//! |---|---|---|---|---|
//! | [`Injector`] | any thread | any thread | first in, first out | a lock; nothing to see that it is empty |
//! | [`LocalQueue`] | its owner | owner, and thieves with a [`Stealer`] | first in, first out | an exchange to take |
//! | [`NextTask`] | its owner | any thread | one place | an exchange each way |
//!
//! A [`Runnable`] is not `Clone`, so it is in one of them at a time, and whoever takes it out is the only one to have
//! it. None of them ever drops a [`Runnable`] under a lock or halfway through an operation: dropping one cancels its
//! task, which runs the user's code, which may push to the very same queue.
//!
//! # What a look at a queue promises
//!
//! Their `is_empty` and `len` take no lock and are out of date when they return. A worker that wants to sleep needs
//! one promise from them, and this is all of it: *if one thread pushes and then makes a `SeqCst` [`fence`], and another
//! makes a `SeqCst` [`fence`] and then looks, either the look sees the push, or the first thread sees after its fence
//! what the second wrote before its own.* The queues do not fence; `idle.rs` does, once for all of them. A look may
//! also see what has just been taken. And a thief, or a drain, carries what it has taken from one queue to another:
//! for that moment the tasks are in neither, which is safe as long as whoever carries them wakes somebody afterwards,
//! or looks again before it sleeps.
//!
//! [`fence`]: crate::primitive::fence

use std::collections::VecDeque;

use crate::{
    primitive::{AtomicUsize, Mutex, Ordering, lock},
    runnable::Runnable,
};

mod local;

pub(crate) use local::{LocalQueue, NextTask, Stealer, local};

/// The queue that any thread may push to, until it is closed.
///
/// A [`VecDeque`] under a lock, not a lock-free list: tasks move in and out in batches, so that workers rarely meet
/// here, and a lock gives batches, an exact length and a clean end for nothing.
pub(crate) struct Injector {
    waiting: Mutex<Waiting>,
    /// How many wait. Written under the lock, read by whoever wants to spare itself the lock.
    len: AtomicUsize,
}

/// What the lock of an [`Injector`] guards.
struct Waiting {
    runnables: VecDeque<Runnable>,
    is_closed: bool,
}

impl Injector {
    pub(crate) fn new() -> Injector {
        let waiting = Waiting { runnables: VecDeque::new(), is_closed: false };
        Injector { waiting: Mutex::new(waiting), len: AtomicUsize::new(0) }
    }

    /// Appends one.
    ///
    /// # Errors
    ///
    /// Gives it back when the injector is closed.
    pub(crate) fn push(&self, runnable: Runnable) -> Result<(), Runnable> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            return Err(runnable);
        }
        waiting.runnables.push_back(runnable);
        self.publish_len(&waiting);
        Ok(())
    }

    /// Appends all of `batch`, in order and under one lock.
    ///
    /// `batch` runs under that lock: it must only hand over what exists already.
    ///
    /// # Errors
    ///
    /// Gives them all back when the injector is closed.
    pub(crate) fn push_batch(&self, batch: impl IntoIterator<Item = Runnable>) -> Result<(), Vec<Runnable>> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            drop(waiting);
            return Err(batch.into_iter().collect());
        }
        waiting.runnables.extend(batch);
        self.publish_len(&waiting);
        Ok(())
    }

    /// Takes the oldest.
    pub(crate) fn pop(&self) -> Option<Runnable> {
        if self.is_empty() {
            return None;
        }
        let mut waiting = lock(&self.waiting);
        let oldest = waiting.runnables.pop_front();
        self.publish_len(&waiting);
        oldest
    }

    /// Takes a fair share of what waits: returns the oldest and appends the others to `into`, under one lock.
    ///
    /// `share` is the number of those who share, at least 1. The bounds are half of the capacity of `into`, so that a
    /// burst of its own wake-ups still finds room there, and the room it has.
    pub(crate) fn pop_batch(&self, into: &LocalQueue, share: usize) -> Option<Runnable> {
        debug_assert!(share > 0, "somebody takes a share");
        if self.is_empty() {
            return None;
        }
        let mut waiting = lock(&self.waiting);
        let oldest = waiting.runnables.pop_front()?;
        // One is taken already: `others` counts from there, and so does the share.
        let fair = (waiting.runnables.len() + 1) / share;
        let others = fair.min(LocalQueue::CAPACITY / 2 - 1).min(into.room()).min(waiting.runnables.len());
        into.push_all(waiting.runnables.drain(..others));
        self.publish_len(&waiting);
        Some(oldest)
    }

    /// How many wait, as of a moment ago.
    pub(crate) fn len(&self) -> usize {
        // Relaxed: the number is a hint, and what it counts is read under the lock. For a look before sleeping the
        // fences of the caller order it, see the head of this file.
        self.len.load(Ordering::Relaxed)
    }

    /// Whether none waits, as of a moment ago; the head of this file says what may be built on that.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses pushes from now on, and gives out all that wait: dropping them is the caller's, without the lock.
    #[must_use = "dropping these cancels their tasks"]
    pub(crate) fn close(&self) -> VecDeque<Runnable> {
        let mut waiting = lock(&self.waiting);
        waiting.is_closed = true;
        let runnables = std::mem::take(&mut waiting.runnables);
        self.publish_len(&waiting);
        runnables
    }

    /// Writes down for those without the lock how many wait; the caller holds it.
    fn publish_len(&self, waiting: &Waiting) {
        // Relaxed: publishes nothing but itself. The lock keeps the writes in the order of the changes; without that,
        // the number could stay wrong after the last of them, and a task wait for ever in a queue called empty.
        self.len.store(waiting.runnables.len(), Ordering::Relaxed);
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
