//! The atomics, locks and cells that every protocol of the crate is written in: std's, or loom's when the crate is
//! built with `--cfg reference_runtime_loom` to explore the protocols' interleavings.
//!
//! The choice is made here and nowhere else.

#[cfg(not(reference_runtime_loom))]
pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread,
};

#[cfg(reference_runtime_loom)]
pub(crate) use loom::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    thread,
};

#[cfg(reference_runtime_loom)]
pub(crate) use loom::cell::UnsafeCell;

/// std's cell with loom's methods, so that loom can check every access.
#[cfg(not(reference_runtime_loom))]
pub(crate) struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

#[cfg(not(reference_runtime_loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

#[cfg(not(reference_runtime_loom))]
impl<T: ?Sized> UnsafeCell<T> {
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Locked<'_, T> {
    Locked::new(mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Like [`lock`], if nobody holds it.
#[cfg(not(reference_runtime_loom))]
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<Locked<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(Locked::new(guard)),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(Locked::new(poisoned.into_inner())),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

/// A lock of ours that is held. Debug builds count them, for [`before_user_code`].
pub(crate) struct Locked<'a, T> {
    guard: MutexGuard<'a, T>,
    _held: Held,
}

impl<'a, T> Locked<'a, T> {
    fn new(guard: MutexGuard<'a, T>) -> Self {
        Self { guard, _held: Held::new() }
    }

    /// Gives the lock up until `condvar` is notified, or by chance.
    pub(crate) fn wait(self, condvar: &Condvar) -> Self {
        let Self { guard, _held } = self;
        Self { guard: condvar.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner()), _held }
    }

    /// As [`Locked::wait`], for so long at most.
    pub(crate) fn wait_timeout(self, condvar: &Condvar, time: std::time::Duration) -> Self {
        let Self { guard, _held } = self;
        let waited = condvar.wait_timeout(guard, time);
        Self { guard: waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0, _held }
    }
}

impl<T> std::ops::Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> std::ops::DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

use held::Held;
pub(crate) use held::before_user_code;

#[cfg(all(debug_assertions, not(reference_runtime_loom)))]
mod held {
    use std::cell::Cell;

    thread_local! {
        static LOCKS: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts a lock of this thread.
    pub(super) struct Held;

    impl Held {
        pub(super) fn new() -> Held {
            LOCKS.set(LOCKS.get() + 1);
            Held
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            LOCKS.set(LOCKS.get() - 1);
        }
    }

    /// To be called before a poll, a waker or a destructor of the user's: in debug builds, aborts if this thread holds
    /// a lock of ours, which the user's code could come back to and wait for itself.
    pub(crate) fn before_user_code() {
        if LOCKS.get() != 0 {
            eprintln!(
                "reference-runtime: code of a user is about to run under a lock of the runtime's: a bug in it"
            );
            std::process::abort();
        }
    }
}

#[cfg(not(all(debug_assertions, not(reference_runtime_loom))))]
mod held {
    /// Counts nothing.
    pub(super) struct Held;

    impl Held {
        pub(super) fn new() -> Held {
            Held
        }
    }

    /// Checks nothing.
    pub(crate) fn before_user_code() {}
}

/// Whether loom explores this build: its models want small queues.
pub(crate) const LOOM: bool = cfg!(reference_runtime_loom);

#[cfg(all(test, debug_assertions, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    /// Set in the child that is to abort.
    const CHILD: &str = "REFERENCE_RUNTIME_TEST_USER_CODE_UNDER_A_LOCK";

    #[test]
    fn user_code_under_a_lock_of_ours_aborts_with_a_sentence() {
        if std::env::var_os(CHILD).is_some() {
            let mutex = Mutex::new(());
            drop(lock(&mutex));
            before_user_code();
            let _locked = lock(&mutex);
            before_user_code();
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().expect("a test has a program"));
        child.arg("user_code_under_a_lock_of_ours").arg("--nocapture").env(CHILD, "1");
        let output = child.output().expect("the program can be started");
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("under a lock of the runtime's"), "{said}");
    }
}
