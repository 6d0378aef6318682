//! What a scheduler counts.

use crate::primitive::{AtomicU64, Ordering};

use super::report::Verdict;

/// How many tasks a thread has spawned, and how many finished on it.
#[derive(Default)]
pub(crate) struct Tally {
    // Written by the thread alone, without a read-modify-write; relaxed, as they are read for people.
    spawned: AtomicU64,
    finished: AtomicU64,
}

impl Tally {
    #[inline]
    pub(crate) fn spawned(&self) {
        Self::count(&self.spawned);
    }

    #[inline]
    pub(crate) fn finished(&self) {
        Self::count(&self.finished);
    }

    fn count(counter: &AtomicU64) {
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Tasks spawned, and tasks finished.
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.spawned.load(Ordering::Relaxed), self.finished.load(Ordering::Relaxed))
    }
}

/// Counters that only grow. All relaxed: they are read for people.
#[derive(Default)]
pub(crate) struct Counters {
    hand_offs: AtomicU64,
    blocked: AtomicU64,
    computing: AtomicU64,
    starved: AtomicU64,
    unknown: AtomicU64,
    looks: AtomicU64,
    /// By threads that are not ours, or have ended.
    spawned: AtomicU64,
    finished: AtomicU64,
}

/// What the counters said at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) hand_offs: u64,
    pub(crate) blocked: u64,
    pub(crate) computing: u64,
    pub(crate) starved: u64,
    pub(crate) unknown: u64,
    pub(crate) looks: u64,
}

impl Counters {
    pub(crate) fn spawned(&self) {
        self.spawned.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes over what a thread that ends has counted.
    pub(crate) fn take_over(&self, tally: &Tally) {
        let (spawned, finished) = tally.read();
        self.spawned.fetch_add(spawned, Ordering::Relaxed);
        self.finished.fetch_add(finished, Ordering::Relaxed);
    }

    /// Tasks that have not finished, with those of the threads that live.
    pub(crate) fn unfinished<'a>(&self, tallies: impl Iterator<Item = &'a Tally>) -> u64 {
        let others = (self.spawned.load(Ordering::Relaxed), self.finished.load(Ordering::Relaxed));
        let (spawned, finished) =
            tallies.map(Tally::read).fold(others, |sum, tally| (sum.0 + tally.0, sum.1 + tally.1));
        spawned.saturating_sub(finished)
    }

    pub(crate) fn hand_off(&self) {
        self.hand_offs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn verdict(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Blocked => &self.blocked,
            Verdict::Computing => &self.computing,
            Verdict::Starved => &self.starved,
            Verdict::Unknown => &self.unknown,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Counts {
        Counts {
            hand_offs: self.hand_offs.load(Ordering::Relaxed),
            blocked: self.blocked.load(Ordering::Relaxed),
            computing: self.computing.load(Ordering::Relaxed),
            starved: self.starved.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
            looks: self.looks.load(Ordering::Relaxed),
        }
    }
}
