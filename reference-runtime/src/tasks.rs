//! Every task that has not finished: what a shutdown drops, and what a report looks up.
//!
//! A slab per processor, so that workers rarely meet on a lock. A task carries its place here as its tag.

use crossbeam::utils::CachePadded;
use slab::Slab;

use crate::primitive::{Mutex, lock};
use crate::runnable::{JoinHandle, Runnable, TaskRef};

/// The unfinished tasks of a scheduler.
pub(crate) struct Tasks {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

struct Shard {
    tasks: Slab<TaskRef>,
    is_closed: bool,
}

/// Bits of a tag that hold the place in a shard; the shard's number is above them.
const PLACE_BITS: u32 = 40;
/// A tag's top bit: the task is a `spawn_blocking` closure.
const BLOCKING: u64 = 1 << 63;

/// Whether `tag` is that of a `spawn_blocking` closure.
pub(crate) fn is_blocking(tag: u64) -> bool {
    tag & BLOCKING != 0
}

impl Tasks {
    pub(crate) fn new(shards: usize) -> Self {
        let shard = || CachePadded::new(Mutex::new(Shard { tasks: Slab::new(), is_closed: false }));
        Self { shards: (0..shards.max(1)).map(|_| shard()).collect() }
    }

    /// Makes a task by calling `make` with its tag, and keeps it until [`Tasks::remove`]. After [`Tasks::close`] it is
    /// made but not kept: the caller finds out when it schedules the task.
    pub(crate) fn insert<T>(
        &self,
        shard: usize,
        is_blocking: bool,
        make: impl FnOnce(u64) -> (Runnable, JoinHandle<T>, TaskRef),
    ) -> (Runnable, JoinHandle<T>) {
        let number = shard % self.shards.len();
        let mut shard = lock(&self.shards[number]);
        let place = shard.tasks.vacant_key() as u64;
        let tag = place | (number as u64) << PLACE_BITS | if is_blocking { BLOCKING } else { 0 };
        // Under the lock, since the place must not be given away twice; `make` allocates and runs no code of a user.
        let (runnable, handle, task) = make(tag);
        if shard.is_closed {
            drop(shard);
            drop(task);
        } else {
            shard.tasks.insert(task);
        }
        (runnable, handle)
    }

    /// The task with this tag has finished.
    pub(crate) fn remove(&self, tag: u64) {
        let (shard, place) = Self::place(tag);
        let mut shard = lock(&self.shards[shard]);
        // A task made after the close was never kept.
        let task = shard.tasks.try_remove(place);
        drop(shard);
        drop(task);
    }

    /// The task with this tag, if it has not finished.
    pub(crate) fn get(&self, tag: u64) -> Option<TaskRef> {
        let (shard, place) = Self::place(tag);
        lock(self.shards.get(shard)?).tasks.get(place).cloned()
    }

    /// How many tasks have not finished.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).tasks.len()).sum()
    }

    /// Keeps no further task and gives those that are left, for the caller to abort.
    pub(crate) fn close(&self) -> Vec<TaskRef> {
        let mut left = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.is_closed = true;
            left.extend(shard.tasks.iter().map(|(_, task)| task.clone()));
        }
        left
    }

    fn place(tag: u64) -> (usize, usize) {
        let tag = tag & !BLOCKING;
        ((tag >> PLACE_BITS) as usize, (tag & ((1 << PLACE_BITS) - 1)) as usize)
    }
}
