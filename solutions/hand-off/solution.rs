//! One word, and three changes of it, each of which says what it expects to find.

use std::sync::atomic::{AtomicU32, Ordering};

/// What the word of a worker without a processor says.
const NONE: u32 = 0;
/// Whoever wants the processor may take it.
const IN_PLACE: u32 = 1;

/// The right to poll tasks, as one worker has it: a processor, or none.
#[derive(Debug)]
pub struct Permit {
    /// The processor, counted from 1, above one bit for [`IN_PLACE`].
    word: AtomicU32,
}

fn word(processor: u32) -> u32 {
    (processor + 1) << 1
}

fn processor(word: u32) -> Option<u32> {
    (word >> 1).checked_sub(1)
}

impl Permit {
    /// The permit of a worker that holds no processor.
    pub fn none() -> Permit {
        Permit { word: AtomicU32::new(NONE) }
    }

    /// Gives a processor to this worker. False: it holds one already, and keeps that.
    #[must_use]
    pub fn grant(&self, processor: u32) -> bool {
        // Release: pairs with the Acquire in `take`; whoever takes it next sees what its owners did before.
        self.word.compare_exchange(NONE, word(processor), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Takes the processor from this worker, if the worker is in place.
    #[must_use]
    pub fn take(&self) -> Option<u32> {
        let seen = self.word.load(Ordering::Relaxed);
        if seen & IN_PLACE == 0 {
            return None;
        }
        // Acquire: pairs with the Release in `enter`; without it the new owner may miss what the worker queued before
        // it blocked.
        self.word.compare_exchange(seen, NONE, Ordering::AcqRel, Ordering::Relaxed).ok().and_then(processor)
    }

    /// The processor that this worker holds, in place or not.
    pub fn held(&self) -> Option<u32> {
        processor(self.word.load(Ordering::Relaxed))
    }

    /// Runs a closure that may block, on this worker's own thread.
    pub fn block_in_place<R>(&self, closure: impl FnOnce() -> R) -> R {
        let _in_place = self.enter();
        closure()
    }

    /// `None`: there is nothing to leave, for want of a processor or because an outer call will.
    fn enter(&self) -> Option<InPlace<'_>> {
        let held = self.word.load(Ordering::Relaxed);
        if held == NONE || held & IN_PLACE != 0 {
            return None;
        }
        // Release: pairs with the Acquire in `take`.
        let entered = self.word.compare_exchange(held, held | IN_PLACE, Ordering::Release, Ordering::Relaxed);
        entered.ok().map(|held| InPlace { permit: self, held })
    }
}

/// The outermost call of [`Permit::block_in_place`]. A destructor, so that a panic ends it, too.
struct InPlace<'a> {
    permit: &'a Permit,
    /// The word from before.
    held: u32,
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        // If it fails, the processor was taken, and the word says what has come since. Acquire: what the worker does
        // next comes after that.
        let word = &self.permit.word;
        let _ = word.compare_exchange(self.held | IN_PLACE, self.held, Ordering::Acquire, Ordering::Acquire);
    }
}
