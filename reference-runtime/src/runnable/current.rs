//! Which task this thread runs: a word per thread, set for the length of each poll and of each drop of a future.
//!
//! Beside the task's number the word has a flag, which the first use of a task-local value sets. The poll carries it
//! back into the task, so only the end of a task that has such values looks for them.

use std::cell::Cell;
// Std's even under loom, as is the thread-local: no protocol depends on them.
use std::sync::atomic::{AtomicU64, Ordering};

use super::Id;
use super::id::FLAG;
use super::locals;

thread_local! {
    /// [`Id::number`] of the task and [`FLAG`], or 0.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// A task's number, and whether it has task-local values.
pub(super) struct Identity(AtomicU64);

/// What was current before. To be given back.
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Before(u64);

impl Identity {
    #[inline]
    pub(super) fn new(id: Id) -> Identity {
        Identity(AtomicU64::new(id.number()))
    }

    /// For all who refer to the task.
    pub(super) fn id(&self) -> Id {
        Id::from_number(self.number()).expect("it was made of an id")
    }

    /// [`Id::number`] of the same.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        // Relaxed: the number does not change.
        self.0.load(Ordering::Relaxed) & !FLAG
    }

    /// Makes the task the current one, until [`Identity::leave`]. For the running thread.
    #[inline]
    pub(super) fn enter(&self) -> Before {
        // Relaxed: only running threads change this, and what orders their polls orders this.
        Before(CURRENT.replace(self.0.load(Ordering::Relaxed)))
    }

    #[inline]
    pub(super) fn leave(&self, before: Before) {
        let after = CURRENT.replace(before.0);
        if after & FLAG != 0 {
            self.0.store(after, Ordering::Relaxed);
        }
    }

    /// The task has ended: drops its task-local values. For the running thread.
    #[inline]
    pub(super) fn end(&self) {
        if self.0.load(Ordering::Relaxed) & FLAG != 0 {
            locals::end(self.id());
        }
    }
}

/// The task that this thread runs, if it runs one.
pub(crate) fn current_id() -> Option<Id> {
    Id::from_number(CURRENT.get() & !FLAG)
}

/// The current task has task-local values.
pub(super) fn note_locals() {
    CURRENT.set(CURRENT.get() | FLAG);
}

/// Makes the caller a task, as far as [`current_id`] is concerned, until this is dropped.
pub(crate) struct Current {
    identity: Identity,
    before: Option<Before>,
}

impl Current {
    pub(crate) fn enter(id: Id) -> Current {
        let identity = Identity::new(id);
        let before = Some(identity.enter());
        Current { identity, before }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.identity.leave(before);
            self.identity.end();
        }
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_current_before_is_current_again() {
        let (outer, inner) = (Id::new(), Id::new());
        assert_eq!(current_id(), None);
        let entered = Current::enter(outer);
        drop(Current::enter(inner));
        assert_eq!(current_id(), Some(outer));
        drop(entered);
        assert_eq!(current_id(), None);
    }
}
