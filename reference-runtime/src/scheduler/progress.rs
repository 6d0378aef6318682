//! What a worker lets the monitor see of itself: which poll it is in, of which task and type, and whether it says that it blocks.

use std::panic::Location;

use crate::primitive::{AtomicU64, AtomicUsize, Ordering};
use crate::runnable::{Id, Runnable, SpawnedAt, Task};

/// The address of no function.
const NO_KIND: usize = 0;
/// The number of no task.
const NO_TASK: u64 = 0;

/// Which poll a worker is in.
pub(crate) struct Progress {
    /// Even during a poll or on the way to one, odd while the worker rests; grows with each.
    tick: AtomicUsize,
    /// The type of the future polled last, see [`Runnable::kind`].
    kind: AtomicUsize,
    /// Where the task polled last was spawned.
    spawned_at: SpawnedAt,
    /// The number of the task polled last.
    task: AtomicU64,
    /// Odd while the worker is inside `block_in_place`; grows with each.
    place: AtomicUsize,
}

impl Progress {
    pub(super) fn resting() -> Self {
        Self {
            tick: AtomicUsize::new(1),
            kind: AtomicUsize::new(NO_KIND),
            spawned_at: SpawnedAt::nowhere(),
            task: AtomicU64::new(NO_TASK),
            place: AtomicUsize::new(0),
        }
    }

    // All relaxed: the monitor compares two looks at a word that only grows. It tolerates what is stale by one poll.

    // ANCHOR: begin
    /// A poll begins.
    pub(super) fn begin(&self, runnable: &Runnable) {
        self.kind.store(runnable.kind(), Ordering::Relaxed);
        self.spawned_at.set(Some(runnable.location()));
        self.task.store(runnable.number(), Ordering::Relaxed);
        self.tick.store(self.tick.load(Ordering::Relaxed).wrapping_add(2), Ordering::Relaxed);
    }
    // ANCHOR_END: begin

    /// The worker rests, until the next call of [`Progress::resume`].
    pub(crate) fn rest(&self) {
        self.tick.store(self.tick.load(Ordering::Relaxed) | 1, Ordering::Relaxed);
    }

    /// What follows until the next poll is no task's fault.
    pub(super) fn between_polls(&self) {
        self.kind.store(NO_KIND, Ordering::Relaxed);
        self.spawned_at.set(None);
        self.task.store(NO_TASK, Ordering::Relaxed);
    }

    // ANCHOR: place
    /// The worker goes into `block_in_place`, or comes out.
    pub(crate) fn change_place(&self) {
        self.place.store(self.place.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    pub(crate) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed)
    }

    pub(crate) fn is_in_place(place: usize) -> bool {
        place & 1 == 1
    }
    // ANCHOR_END: place

    /// The worker is up again, and in no poll yet: what it gets stuck in now is no task's fault.
    pub(crate) fn resume(&self) {
        self.between_polls();
        let tick = self.tick.load(Ordering::Relaxed);
        self.tick.store(tick.wrapping_add(1) & !1, Ordering::Relaxed);
    }

    pub(crate) fn tick(&self) -> usize {
        self.tick.load(Ordering::Relaxed)
    }

    pub(crate) fn is_resting(tick: usize) -> bool {
        tick & 1 == 1
    }

    /// The type of the future that is being polled, if one is.
    pub(crate) fn kind(&self) -> Option<usize> {
        Some(self.kind.load(Ordering::Relaxed)).filter(|&kind| kind != NO_KIND)
    }

    /// The task that is being polled, if one is, and where it was spawned.
    pub(super) fn polled(&self) -> Option<(Id, &'static Location<'static>)> {
        self.task().zip(self.spawned_at())
    }

    /// Where the task that is being polled was spawned, if one is.
    pub(crate) fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.spawned_at.get()
    }

    /// The number of the task that is being polled, if one is.
    pub(crate) fn task(&self) -> Option<Id> {
        Id::from_number(self.task.load(Ordering::Relaxed))
    }

    /// The same, with its name: a look at the table of names, for who has found something to report.
    pub(crate) fn named_task(&self) -> Option<Task> {
        self.task().map(Task::of)
    }
}
