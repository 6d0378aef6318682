//! A bound in front of what blocks.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Lets so many requests in at once, and counts those that it turned away.
pub(crate) struct Admission {
    most: usize,
    // Relaxed, both: they guard nothing but themselves.
    in_hand: AtomicUsize,
    refused: AtomicUsize,
}

// ANCHOR: enter
/// A request that was let in, until it is dropped.
pub(crate) struct InHand<'a>(&'a Admission);

impl Admission {
    /// Lets a request in, or does not: it never waits. A queue in front of a queue only hides how long both are.
    pub(crate) fn enter(&self) -> Option<InHand<'_>> {
        let one_more = |count: usize| (count < self.most).then_some(count + 1);
        if self.in_hand.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(InHand(self))
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::Relaxed);
    }
}
// ANCHOR_END: enter

impl Admission {
    pub(crate) fn new(most: usize) -> Admission {
        Admission { most, in_hand: AtomicUsize::new(0), refused: AtomicUsize::new(0) }
    }

    pub(crate) fn in_hand(&self) -> usize {
        self.in_hand.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}
