//! What the scheduler has learned about future types, and the lanes it sends their polls to.
//!
//! A type of future that was caught blocking, or computing for long, will do it again. One small score per type and
//! lane, raised by a verdict of the monitor and lowered by each poll that turns out short, decides where the next
//! poll happens: on a worker (score 0), or in a *lane*, which threads without a processor serve. A wrong guess costs
//! one hop and unlearns.
//!
//! A type is known by the address of its monomorphised poll function. All `Pin<Box<dyn Future>>` are one type.

use std::time::Duration;

use crossbeam::utils::CachePadded;

use crate::primitive::{AtomicBool, AtomicU32, Ordering};
use crate::queue::Injector;

/// A poll in a lane that ends within this time did not block, or not so that it would matter.
const SHORT_BLOCK: Duration = Duration::from_micros(100);
/// A poll in a lane that ends within this time did not compute for long.
pub(super) const SHORT_COMPUTE: Duration = Duration::from_millis(1);

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
/// A poll that was long in its lane adds this much: a type stays there of which one poll in three is long.
const CONFIRM: u32 = 2;
/// What a verdict adds to a type that was unlearned before: so many polls on trial. With the full weight, a type that
/// blocks one time in a thousand would pay for eight slow polls each time.
const TRIAL: u32 = 2;
const COMPUTING_SHIFT: u32 = 16;
const SCORE_MASK: u32 = 0x7fff;
/// Beside the score: it sank to zero, and no poll was long since.
const DOUBTFUL: u32 = 0x8000;

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

    // ANCHOR: lane
    /// The lane for the next poll of a future of type `kind`, if not on a worker.
    #[inline]
    pub(crate) fn lane(&self, kind: usize) -> Option<Lane> {
        if !self.has_any.load(Ordering::Relaxed) {
            return None;
        }
        let scores = self.slot(kind).load(Ordering::Relaxed);
        let has_score = |lane: &Lane| (scores >> Self::shift(*lane)) & SCORE_MASK != 0;
        [Lane::Blocking, Lane::Computing].into_iter().find(has_score)
    }
    // ANCHOR_END: lane

    /// A future of type `kind` was found blocking or computing for long. It leaves the other lane.
    pub(crate) fn raise(&self, kind: usize, lane: Lane) {
        if !self.is_enabled {
            return;
        }
        let shift = Self::shift(lane);
        let slot = self.slot(kind);
        let half = slot.load(Ordering::Relaxed) >> shift;
        let (score, doubt) = (half & SCORE_MASK, half & DOUBTFUL);
        let score = if doubt == 0 { (score + RAISE).min(MAX_SCORE) } else { score.max(TRIAL) };
        slot.store((score | doubt) << shift, Ordering::Relaxed);
        self.has_any.store(true, Ordering::Relaxed);
    }

    /// A poll in `lane` of a future of type `kind` took so long and, if that is long and the kernel tells, computed for so
    /// much of it.
    pub(super) fn learn(&self, kind: usize, lane: Lane, took: Duration, computed: Option<Duration>) {
        let short = match lane {
            Lane::Blocking => SHORT_BLOCK,
            Lane::Computing => SHORT_COMPUTE,
        };
        if took < short {
            return self.lower(kind, lane);
        }
        let Some(computed) = computed else { return };
        // Between the two bounds the thread may have blocked, or waited for a core: that proves nothing.
        if lane == Lane::Blocking && computed > took / 2 {
            self.raise(kind, Lane::Computing);
        } else if lane == Lane::Computing && computed < took / 10 {
            self.raise(kind, Lane::Blocking);
        } else {
            self.confirm(kind, lane);
        }
    }

    /// A poll in `lane` of a future of type `kind` was as long as expected.
    pub(crate) fn confirm(&self, kind: usize, lane: Lane) {
        if !self.is_enabled {
            return;
        }
        let shift = Self::shift(lane);
        let slot = self.slot(kind);
        let score = (slot.load(Ordering::Relaxed) >> shift) & SCORE_MASK;
        // A score of zero was taken back meanwhile.
        if score != 0 {
            slot.store((score + CONFIRM).min(MAX_SCORE) << shift, Ordering::Relaxed);
        }
    }

    // ANCHOR: lower
    /// A poll in `lane` of a future of type `kind` was short.
    pub(crate) fn lower(&self, kind: usize, lane: Lane) {
        if !self.is_enabled {
            return;
        }
        let shift = Self::shift(lane);
        let slot = self.slot(kind);
        let scores = slot.load(Ordering::Relaxed);
        let lowered = match (scores >> shift) & SCORE_MASK {
            0 => return,
            1 => (scores - (1 << shift)) | (DOUBTFUL << shift),
            _ => scores - (1 << shift),
        };
        slot.store(lowered, Ordering::Relaxed);
    }
    // ANCHOR_END: lower

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
    fn a_type_that_was_unlearned_is_on_trial_until_a_poll_is_long() {
        let learned = Learned::new(true);
        learned.raise(0x1000, Lane::Blocking);
        (0..RAISE).for_each(|_| learned.lower(0x1000, Lane::Blocking));
        for _ in 0..2 {
            learned.raise(0x1000, Lane::Blocking);
            (0..TRIAL).for_each(|_| learned.lower(0x1000, Lane::Blocking));
            assert_eq!(learned.lane(0x1000), None, "a trial is short");
        }
        learned.raise(0x1000, Lane::Blocking);
        learned.confirm(0x1000, Lane::Blocking);
        learned.raise(0x1000, Lane::Blocking);
        (0..RAISE).for_each(|_| learned.lower(0x1000, Lane::Blocking));
        assert_eq!(learned.lane(0x1000), Some(Lane::Blocking), "the trial is over");
    }

    #[test]
    fn a_type_of_which_one_poll_in_three_is_long_stays_in_its_lane() {
        let learned = Learned::new(true);
        learned.raise(0x1000, Lane::Computing);
        for _ in 0..100 {
            learned.confirm(0x1000, Lane::Computing);
            (0..CONFIRM).for_each(|_| learned.lower(0x1000, Lane::Computing));
            assert_eq!(learned.lane(0x1000), Some(Lane::Computing));
        }
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
