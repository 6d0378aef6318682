//! What a scheduler counts.

use crate::primitive::{AtomicU64, Ordering};

use super::monitor::Verdict;

/// Counters that only grow. All relaxed: they are read for people.
#[derive(Default)]
pub(crate) struct Counters {
    hand_offs: AtomicU64,
    blocked: AtomicU64,
    computing: AtomicU64,
    starved: AtomicU64,
    unknown: AtomicU64,
    looks: AtomicU64,
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
