//! Wakers on their way from under a lock to where they are woken.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

use crate::primitive::before_user_code;

/// Wakers taken out from under a lock, to be woken after it.
#[derive(Default)]
#[must_use = "these wakers were taken out of the reactor: nobody else will wake them"]
pub(crate) struct Woken(Vec<Waker>);

impl Woken {
    pub(super) fn extend(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        self.0.extend(wakers);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Wakes all. A waker that panics does not keep the others from being woken: they belong to other tasks. Its
    /// panic was reported by the panic hook and concerns none of the callers, so it ends here.
    pub(crate) fn wake(self) -> usize {
        before_user_code();
        let count = self.0.len();
        for waker in self.0 {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                // The payload is user code too. A payload that panics when dropped is leaked.
                let second = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                std::mem::forget(second);
            }
        }
        count
    }
}
