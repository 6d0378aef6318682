//! Every task of a stage that has not finished: what a shutdown cancels.

use slab::Slab;

use crate::primitive::{Mutex, lock};
use crate::runnable::{JoinHandle, Runnable, TaskRef};

/// The unfinished tasks. A task carries its place here as its tag.
pub(super) struct Tasks {
    unfinished: Mutex<Slab<TaskRef>>,
}

impl Tasks {
    pub(super) fn new() -> Tasks {
        Tasks { unfinished: Mutex::new(Slab::new()) }
    }

    /// Makes a task by calling `make` with its tag, and keeps it until [`Tasks::remove`].
    pub(super) fn insert<T>(
        &self,
        make: impl FnOnce(u64) -> (Runnable, JoinHandle<T>, TaskRef),
    ) -> (Runnable, JoinHandle<T>) {
        let mut unfinished = lock(&self.unfinished);
        let place = unfinished.vacant_entry();
        // Under the lock, since the place must not be given away twice; `make` allocates and runs no code of
        // a user.
        let (runnable, handle, task) = make(place.key() as u64);
        place.insert(task);
        (runnable, handle)
    }

    /// The task with this tag has finished.
    pub(super) fn remove(&self, tag: u64) {
        let task = lock(&self.unfinished).try_remove(tag as usize);
        // The last reference to a task frees it, with what it holds: not under our lock.
        drop(task);
    }

    /// Those that have not finished.
    pub(super) fn unfinished(&self) -> Vec<TaskRef> {
        lock(&self.unfinished).iter().map(|(_, task)| task.clone()).collect()
    }
}
