//! Keeps a lock while the closure runs, and whoever takes the processor waits for it.

use std::sync::{Mutex, PoisonError};

pub const FAILS: &[&str] = &[
    "a_processor_is_taken_only_in_place",
    "a_processor_is_taken_once",
    "a_processor_that_nobody_took_stays",
    "a_processor_that_was_taken_does_not_come_back",
    "a_processor_granted_meanwhile_is_kept",
    "a_worker_holds_one_processor_at_most",
    "a_panic_leaves_the_place",
    "an_inner_call_does_not_end_the_outer_one",
    "another_thread_takes_it_while_the_closure_blocks",
];

#[derive(Debug)]
pub struct Permit {
    held: Mutex<Option<u32>>,
}

impl Permit {
    pub fn none() -> Permit {
        Permit { held: Mutex::new(None) }
    }

    #[must_use]
    pub fn grant(&self, processor: u32) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = held.is_none();
        held.get_or_insert(processor);
        is_free
    }

    #[must_use]
    pub fn take(&self) -> Option<u32> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub fn held(&self) -> Option<u32> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn block_in_place<R>(&self, closure: impl FnOnce() -> R) -> R {
        let _held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        closure()
    }
}
