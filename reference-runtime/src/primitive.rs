//! The atomics, locks and cells that every protocol of the crate is written in: std's, or loom's when the crate is
//! built with `--cfg reference_runtime_loom` to explore the protocols' interleavings.
//!
//! The choice is made here and nowhere else.

#[cfg(not(reference_runtime_loom))]
pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread,
};

#[cfg(reference_runtime_loom)]
pub(crate) use loom::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread,
};

#[cfg(reference_runtime_loom)]
pub(crate) use loom::cell::UnsafeCell;

/// std's cell with loom's methods, so that loom can check every access.
#[cfg(not(reference_runtime_loom))]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(reference_runtime_loom))]
impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    /// Lets `access` read through the pointer; nobody may write meanwhile.
    pub(crate) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
        access(self.0.get())
    }

    /// Lets `access` write through the pointer; nobody else may read or write meanwhile.
    pub(crate) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        access(self.0.get())
    }
}

/// Locks `mutex`, whoever panicked while holding it before.
///
/// No lock of ours is held while user code runs, so a poisoned one means that our own code panicked between two
/// statements that cannot panic; carrying on is better than a second panic in a waker.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether loom explores this build: its models want small queues.
pub(crate) const LOOM: bool = cfg!(reference_runtime_loom);
