//! Every task that sleeps, or has slept and not finished: what a shutdown aborts.
//!
//! Tasks that are queued or polled are found where they are, so one that finishes without ever sleeping costs nothing
//! here. The others are in a slab per processor, so that workers rarely meet on a lock.

use std::num::NonZeroU32;

use crossbeam::utils::CachePadded;
use slab::Slab;

use crate::primitive::{Mutex, lock};
use crate::runnable::TaskRef;

/// The list of an executor's tasks.
pub(crate) struct Tasks {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

struct Shard {
    tasks: Slab<TaskRef>,
    is_closed: bool,
}

/// Bits of a place that hold the number of the shard; the index in it is above them. The rest of a word of 32 bits
/// numbers 67 million sleeping tasks in each shard.
const SHARD_BITS: u32 = 6;

impl Tasks {
    /// A list for about so many threads.
    pub(crate) fn new(shards: usize) -> Self {
        let shard = || CachePadded::new(Mutex::new(Shard { tasks: Slab::new(), is_closed: false }));
        Self { shards: (0..shards.clamp(1, 1 << SHARD_BITS)).map(|_| shard()).collect() }
    }

    /// Keeps a task until [`Tasks::remove`]. `None`: the list is closed. `shard` is any number; threads that give
    /// different ones do not meet.
    pub(crate) fn insert(&self, shard: usize, task: TaskRef) -> Option<NonZeroU32> {
        let number = shard % self.shards.len();
        let mut shard = lock(&self.shards[number]);
        if shard.is_closed {
            // `task` is dropped after the lock is: what it refers to is alive, but who knows for how long.
            return None;
        }
        let index = shard.tasks.insert(task);
        drop(shard);
        let place = (index + 1) << SHARD_BITS | number;
        Some(
            u32::try_from(place)
                .ok()
                .and_then(NonZeroU32::new)
                .expect("tasks need more memory than there is"),
        )
    }

    /// The task at this place has finished: no longer keeps it.
    pub(crate) fn remove(&self, place: NonZeroU32) -> Option<TaskRef> {
        let place = place.get() as usize;
        let (number, index) = (place & ((1 << SHARD_BITS) - 1), (place >> SHARD_BITS) - 1);
        let mut shard = lock(&self.shards[number]);
        shard.tasks.try_remove(index)
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
}
