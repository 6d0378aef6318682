//! The inner call takes the mark off that the outer one has set.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub const FAILS: &[&str] = &["an_inner_call_does_not_end_the_outer_one"];

const NONE: u32 = 0;
const IN_PLACE: u32 = 1;

#[derive(Debug)]
pub struct Permit {
    word: AtomicU32,
}

fn word(processor: u32) -> u32 {
    (processor + 1) << 1
}

fn processor(word: u32) -> Option<u32> {
    (word >> 1).checked_sub(1)
}

impl Permit {
    pub fn none() -> Permit {
        Permit { word: AtomicU32::new(NONE) }
    }

    #[must_use]
    pub fn grant(&self, processor: u32) -> bool {
        self.word.compare_exchange(NONE, word(processor), SeqCst, SeqCst).is_ok()
    }

    #[must_use]
    pub fn take(&self) -> Option<u32> {
        let seen = self.word.load(SeqCst);
        if seen & IN_PLACE == 0 || self.word.compare_exchange(seen, NONE, SeqCst, SeqCst).is_err() {
            return None;
        }
        processor(seen)
    }

    pub fn held(&self) -> Option<u32> {
        processor(self.word.load(SeqCst))
    }

    pub fn block_in_place<R>(&self, closure: impl FnOnce() -> R) -> R {
        let _in_place = self.enter();
        closure()
    }

    fn enter(&self) -> Option<InPlace<'_>> {
        let held = self.word.load(SeqCst) & !IN_PLACE;
        if held == NONE {
            return None;
        }
        // Nobody takes a processor from a worker that is not in place, and nobody else grants over one that is held.
        self.word.store(held | IN_PLACE, SeqCst);
        Some(InPlace { permit: self, held })
    }
}

struct InPlace<'a> {
    permit: &'a Permit,
    held: u32,
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        let _ = self.permit.word.compare_exchange(self.held | IN_PLACE, self.held, SeqCst, SeqCst);
    }
}
