//! The hand-off: how a processor, the right to poll tasks, passes from a worker that blocks to one that can run.
//!
//! Every worker has one [`Permit`] word. It names the processor that the worker holds, or says that it holds none.
//! The worker reads it once after each poll, relaxed; everybody else changes it by compare-exchange. Only the *right*
//! moves: queue and next-task slot stay with their thread for life and can be stolen from at any time, so a hand-off
//! has no memory to move and no race to lose.
//!
//! A worker may read its word a moment before the monitor takes the processor away, and then begin one more poll. For
//! the length of that poll one worker too many runs. Nothing else depends on the exact count.
//!
//! ```text
//!           grant                   ask
//!   NONE ----------> HELD(p) -----------------> HELD(p) + ASKED
//!    ^                |    <------------------         |
//!    |  give_up       |             answer             |
//!    |<---------------+                                |
//!    |  revoke        |                                |
//!    `<---------------+--------------------------------'
//! ```
//!
//! A worker inside `block_in_place` says so in a word of its own, [`super::progress::Progress`]: its processor may be taken
//! as soon as somebody wants it, and it finds out after its poll, as any other does that was found blocked. So a short
//! call costs two plain stores, where a word that both change took two compare-exchanges.

use crate::primitive::{AtomicU32, Ordering};

const NONE: u32 = 0;
/// The monitor asks the worker to look at the reactor after this poll.
const ASKED: u32 = 1;
const SHIFT: u32 = 1;

/// The word that says which processor a worker holds.
pub(crate) struct Permit(AtomicU32);

/// What a permit word said when it was read. Equal values mean that nothing happened in between, but for a revocation
/// followed by a grant of the same processor; see [`Permit::revoke`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen(u32);

impl Seen {
    /// What the word of a worker without a processor says.
    pub(crate) const NONE: Seen = Seen(NONE);

    /// What the word of a worker says that holds `processor`, with nothing asked of it.
    pub(crate) fn held(processor: usize) -> Self {
        let processor = u32::try_from(processor).expect("`Idle::new` bounds the number of processors");
        Seen((processor + 1) << SHIFT)
    }

    pub(crate) fn processor(self) -> Option<usize> {
        (self.0 >> SHIFT).checked_sub(1).map(|processor| processor as usize)
    }

    pub(crate) fn is_asked(self) -> bool {
        self.0 & ASKED != 0
    }

    fn with_asked(self) -> u32 {
        self.0 | ASKED
    }

    fn without_asked(self) -> u32 {
        self.0 & !ASKED
    }
}

impl Permit {
    pub(crate) fn none() -> Self {
        Self(AtomicU32::new(NONE))
    }

    /// What the word says now.
    pub(crate) fn see(&self) -> Seen {
        // Relaxed: the word guards no memory. Whoever acts on it does so by a compare-exchange or tolerates a stale
        // answer for the length of one poll.
        Seen(self.0.load(Ordering::Relaxed))
    }

    /// Gives `processor` to a worker that holds none. The caller owns both: the worker was taken from the list of
    /// spares or is the caller itself, the processor has no worker.
    pub(crate) fn grant(&self, processor: usize) {
        // Release: pairs with the Acquire in `revoke` and `give_up`; whoever gets the processor next must see
        // what its last worker flushed to the injector. The worker itself learns of it through its parker.
        let before = self.0.swap(Seen::held(processor).0, Ordering::AcqRel);
        debug_assert_eq!(before, NONE, "a worker holds at most one processor");
    }

    // ANCHOR: revoke
    /// Takes the processor from a worker whose word said `seen`. False: the word has changed, nothing was taken.
    ///
    /// If the worker lost and regained the same processor since it was seen, this takes it all the same. It then runs
    /// its poll without a processor and flushes afterwards: a hand-off too many, nothing worse.
    #[must_use]
    pub(crate) fn revoke(&self, seen: Seen) -> bool {
        // AcqRel: as in `grant`. What the worker queued before it blocked is the queue's own affair.
        self.0.compare_exchange(seen.0, NONE, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
    // ANCHOR_END: revoke

    /// Asks a worker to look at the reactor after its poll. A worker whose word has changed is left alone.
    pub(crate) fn ask(&self, seen: Seen) {
        // Relaxed: a request, no data. Lost if the word changed, and then repeated at the monitor's next look.
        let _ = self.0.compare_exchange(seen.0, seen.with_asked(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The worker itself has seen the request.
    pub(crate) fn answer(&self, seen: Seen) {
        // Relaxed, and by compare-exchange: the processor may be revoked at the same time.
        let _ = self.0.compare_exchange(seen.0, seen.without_asked(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The worker itself gives its processor up. `None`: it was revoked a moment ago.
    #[must_use]
    pub(crate) fn give_up(&self) -> Option<usize> {
        // AcqRel: as in `grant`.
        Seen(self.0.swap(NONE, Ordering::AcqRel)).processor()
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_processor_passes_from_worker_to_worker() {
        let (blocked, spare) = (Permit::none(), Permit::none());
        blocked.grant(3);
        let seen = blocked.see();
        assert_eq!(seen, Seen::held(3));
        assert!(blocked.revoke(seen));
        assert!(!blocked.revoke(seen), "taken twice");
        spare.grant(3);
        assert_eq!(blocked.give_up(), None);
        assert_eq!(spare.give_up(), Some(3));
    }

    #[test]
    fn a_request_is_seen_once_and_does_not_survive_a_revocation() {
        let permit = Permit::none();
        permit.grant(1);
        permit.ask(permit.see());
        let seen = permit.see();
        assert!(seen.is_asked() && seen != Seen::held(1));
        permit.answer(seen);
        assert_eq!(permit.see(), Seen::held(1));
        permit.ask(permit.see());
        assert!(permit.revoke(permit.see()));
        permit.answer(seen);
        assert_eq!(permit.see(), Seen::NONE);
    }
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests {
    use super::*;
    use crate::primitive::{Arc, thread};

    // ANCHOR: once
    /// Two threads that both judge the worker to be blocked: one of them gets the processor.
    #[test]
    fn a_processor_is_revoked_once() {
        loom::model(|| {
            let permit = Arc::new(Permit::none());
            permit.grant(0);
            let other = {
                let permit = Arc::clone(&permit);
                thread::spawn(move || permit.revoke(Seen::held(0)))
            };
            let here = permit.revoke(Seen::held(0));
            let there = other.join().expect("it does not panic");
            assert!(here != there);
        });
    }
    // ANCHOR_END: once

    /// A request to attend the reactor never brings a revoked processor back.
    #[test]
    fn a_request_races_a_revocation() {
        loom::model(|| {
            let permit = Arc::new(Permit::none());
            permit.grant(0);
            let seen = permit.see();
            permit.ask(seen);
            let worker = {
                let permit = Arc::clone(&permit);
                thread::spawn(move || permit.answer(permit.see()))
            };
            let taken = permit.revoke(permit.see());
            worker.join().expect("it does not panic");
            if taken {
                assert_eq!(permit.see(), Seen::NONE);
            } else {
                assert_eq!(permit.see(), Seen::held(0));
            }
        });
    }
}
