//! The state of a mutex in one atomic word, and the only transitions there are.
//!
//! ```text
//!                 try_lock                    lock_or_await
//!      FREE ------------------> LOCKED ---------------------> AWAITED
//!        |  <------------------   |  <-----------------------  |   |
//!        |       try_unlock       |        hand_over           |   |
//!        |                                                     |   |
//!        +------------------ lock_or_await ------------------->+   |
//!        +<------------------------ release -----------------------+
//! ```
//!
//! [`AWAITED`] is left and entered under the queue's lock only.

use crate::primitive::{AtomicU32, Ordering};

/// Nobody holds the mutex.
const FREE: u32 = 0;
/// Somebody holds it, and need not look for others when done.
const LOCKED: u32 = 1;
/// Somebody holds it, and has to look into the queue when done.
const AWAITED: u32 = 2;

pub(super) struct Word(AtomicU32);

impl Word {
    #[cfg(not(reference_runtime_loom))]
    pub(super) const fn free() -> Word {
        Word(AtomicU32::new(FREE))
    }

    #[cfg(reference_runtime_loom)]
    pub(super) fn free() -> Word {
        Word(AtomicU32::new(FREE))
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub(super) fn try_lock(&self) -> bool {
        // Acquire: pairs with the Release of whoever gave the mutex up; without it we would not see what they wrote to
        // the value.
        self.0.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives the mutex up. False: somebody waits, and the mutex is still ours.
    #[inline]
    #[must_use]
    pub(super) fn try_unlock(&self) -> bool {
        // Release: see `try_lock`.
        self.0.compare_exchange(LOCKED, FREE, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Takes the mutex if it is free; else sees to it that its holder will look into the queue. The caller has the
    /// queue's lock, so that look comes later.
    #[must_use]
    pub(super) fn lock_or_await(&self, do_others_wait: bool) -> bool {
        let locked = if do_others_wait { AWAITED } else { LOCKED };
        loop {
            // Acquire: see `try_lock`. Relaxed otherwise: what the holder will look for is under the queue's lock.
            match self.0.compare_exchange(FREE, locked, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(AWAITED) => return false,
                Err(_) => {}
            }
            if self.0.compare_exchange(LOCKED, AWAITED, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return false;
            }
        }
    }

    /// Gives the mutex up. The caller holds it and has the queue's lock, so nobody else can change the word.
    pub(super) fn release(&self) {
        // Release: see `try_lock`.
        self.0.store(FREE, Ordering::Release);
    }

    /// The mutex stays locked, for another holder. The caller holds it and has the queue's lock.
    pub(super) fn hand_over(&self, do_others_wait: bool) {
        // Relaxed: the next holder learns of it under the queue's lock, and so sees what we wrote to the value.
        self.0.store(if do_others_wait { AWAITED } else { LOCKED }, Ordering::Relaxed);
    }
}
