//! What the scheduler has learned about future types, and the lanes it sends their polls to.
//!
//! A type of future that was caught blocking, or computing for long, will do it again. One small score per type and
//! lane, raised by a verdict of the monitor and lowered by each poll that turns out short, decides where the next
//! poll happens: on a worker (score 0), or in a *lane*, which threads without a processor serve. A wrong guess costs
//! one hop and unlearns.
//!
//! A type is known by the address of its monomorphised poll function. All `Pin<Box<dyn Future>>` are one type.

use crossbeam::utils::CachePadded;

use crate::primitive::{AtomicBool, AtomicU32, Ordering};
use crate::queue::Injector;

/// Where a poll happens that does not happen on a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    /// Polls expected to block: as many at once as there may be threads.
    Blocking,
    /// Polls expected to compute for long: at most one per processor at once.
    Computing,
}

/// The queues of the two lanes.
pub(crate) struct Lanes {
    blocking: CachePadded<Injector>,
    computing: CachePadded<Injector>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self { blocking: CachePadded::new(Injector::new()), computing: CachePadded::new(Injector::new()) }
    }

    pub(crate) fn queue(&self, lane: Lane) -> &Injector {
        match lane {
            Lane::Blocking => &self.blocking,
            Lane::Computing => &self.computing,
        }
    }
}

/// Types that share a slot share their score: with this many slots, a program with a hundred types of futures has one
/// chance in ten that a learned type takes another along, which then costs that one a hop per poll until it unlearns.
const SLOTS: usize = 1024;
/// A verdict adds this much: so many short polls in a row make a type unlearn.
const RAISE: u32 = 8;
/// The highest score: a type that always blocked and stops doing so is back after so many polls.
const MAX_SCORE: u32 = 16;
const COMPUTING_SHIFT: u32 = 16;
const SCORE_MASK: u32 = 0xffff;

/// The scores of all types. Of fixed size.
pub(crate) struct Learned {
    is_enabled: bool,
    /// Whether any score was ever raised: while not, a poll pays one load.
    has_any: AtomicBool,
    /// The blocking score in the low half of each word, the computing score in the high half. Relaxed throughout: a
    /// score guards nothing, and one that is off by one poll decides about one poll.
    scores: Box<[AtomicU32]>,
}

impl Learned {
    pub(crate) fn new(is_enabled: bool) -> Self {
        let slots = if is_enabled { SLOTS } else { 0 };
        let scores = (0..slots).map(|_| AtomicU32::new(0)).collect();
        Self { is_enabled, has_any: AtomicBool::new(false), scores }
    }

    /// The lane for the next poll of a future of type `kind`, if not on a worker.
    #[inline]
    pub(crate) fn lane(&self, kind: usize) -> Option<Lane> {
        if !self.has_any.load(Ordering::Relaxed) {
            return None;
        }
        let score = self.slot(kind).load(Ordering::Relaxed);
        if score & SCORE_MASK != 0 {
            Some(Lane::Blocking)
        } else if score != 0 {
            Some(Lane::Computing)
        } else {
            None
        }
    }

    /// A future of type `kind` was found blocking or computing for long. It leaves the other lane.
    pub(crate) fn raise(&self, kind: usize, lane: Lane) {
        if !self.is_enabled {
            return;
        }
        let shift = Self::shift(lane);
        let slot = self.slot(kind);
        let score = (slot.load(Ordering::Relaxed) >> shift) & SCORE_MASK;
        slot.store((score + RAISE).min(MAX_SCORE) << shift, Ordering::Relaxed);
        self.has_any.store(true, Ordering::Relaxed);
    }

    /// A poll in `lane` of a future of type `kind` was short.
    pub(crate) fn lower(&self, kind: usize, lane: Lane) {
        if !self.is_enabled {
            return;
        }
        let shift = Self::shift(lane);
        let slot = self.slot(kind);
        let scores = slot.load(Ordering::Relaxed);
        if (scores >> shift) & SCORE_MASK != 0 {
            slot.store(scores - (1 << shift), Ordering::Relaxed);
        }
    }

    /// Forgets what was learned about a future of type `kind`.
    pub(crate) fn forget(&self, kind: usize) {
        if self.is_enabled {
            self.slot(kind).store(0, Ordering::Relaxed);
        }
    }

    fn shift(lane: Lane) -> u32 {
        match lane {
            Lane::Blocking => 0,
            Lane::Computing => COMPUTING_SHIFT,
        }
    }

    fn slot(&self, kind: usize) -> &AtomicU32 {
        // Fibonacci hashing: functions are aligned, so their low bits say little.
        let hash = (kind as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        &self.scores[hash as usize % SLOTS]
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_unlearned_after_as_many_short_polls_as_it_weighs() {
        let learned = Learned::new(true);
        assert_eq!(learned.lane(0x1000), None);
        learned.raise(0x1000, Lane::Blocking);
        for _ in 0..RAISE {
            assert_eq!(learned.lane(0x1000), Some(Lane::Blocking));
            learned.lower(0x1000, Lane::Blocking);
        }
        assert_eq!(learned.lane(0x1000), None);
        learned.lower(0x1000, Lane::Blocking);
        assert_eq!(learned.lane(0x1000), None);
    }

    #[test]
    fn scores_are_bounded() {
        let learned = Learned::new(true);
        for _ in 0..100 {
            learned.raise(0x1000, Lane::Computing);
        }
        for _ in 0..MAX_SCORE {
            learned.lower(0x1000, Lane::Computing);
        }
        assert_eq!(learned.lane(0x1000), None);
    }

    #[test]
    fn a_type_is_in_one_lane_at_a_time() {
        let learned = Learned::new(true);
        learned.raise(0x1000, Lane::Blocking);
        learned.raise(0x1000, Lane::Computing);
        assert_eq!(learned.lane(0x1000), Some(Lane::Computing));
        learned.raise(0x1000, Lane::Blocking);
        assert_eq!(learned.lane(0x1000), Some(Lane::Blocking));
    }

    #[test]
    fn nothing_is_learned_when_learning_is_off() {
        let learned = Learned::new(false);
        learned.raise(0x1000, Lane::Blocking);
        learned.lower(0x1000, Lane::Blocking);
        assert_eq!(learned.lane(0x1000), None);
    }
}
