//! The way to the value: the guards. All unsafe code of this module is here.
//!
//! A guard is made by whoever has taken the mutex (see [`Word`](super::word::Word)) and gives it up when dropped, so
//! there is at most one at a time, and through it the value is as good as owned.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Mutex;

// SAFETY: the value comes along, and that is all that is shared.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: threads that share the mutex get at the value one after the other, which is to send it to and fro.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

/// Holds a [`Mutex`] until it is dropped, and leads to the value.
///
/// It may be held across an `.await`, and be dropped on another thread than it was made on, if the value may go there:
///
/// ```compile_fail
/// fn is_send(_: impl Send) {}
/// let mutex = reference_runtime::sync::Mutex::new(std::rc::Rc::new(1));
/// is_send(mutex.try_lock());
/// ```
#[must_use = "the mutex is unlocked when its guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// [`Sync`] only if the value is, [`Send`] only if the value is.
    _value: PhantomData<&'a mut T>,
}

/// Holds a [`Mutex`] behind an [`Arc`] until it is dropped, and leads to the value. It borrows nothing.
///
/// ```compile_fail
/// fn is_sync(_: impl Sync) {}
/// is_sync(std::sync::Arc::new(reference_runtime::sync::Mutex::new(std::cell::Cell::new(1))).try_lock_arc());
/// ```
#[must_use = "the mutex is unlocked when its guard is dropped"]
pub struct MutexGuardArc<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
    /// As in [`MutexGuard`].
    _value: PhantomData<T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// To be called by whoever has just taken the mutex.
    #[inline]
    pub(super) fn of_the_holder(mutex: &'a Mutex<T>) -> Self {
        MutexGuard { mutex, _value: PhantomData }
    }

    /// The mutex that a guard holds.
    ///
    /// ```
    /// use reference_runtime::sync::{Mutex, MutexGuard};
    ///
    /// # reference_runtime::block_on(async {
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.lock().await;
    /// assert!(std::ptr::eq(MutexGuard::source(&guard), &mutex));
    /// # });
    /// ```
    pub fn source(guard: &MutexGuard<'a, T>) -> &'a Mutex<T> {
        guard.mutex
    }
}

impl<T: ?Sized> MutexGuardArc<T> {
    /// To be called by whoever has just taken the mutex.
    #[inline]
    pub(super) fn of_the_holder(mutex: Arc<Mutex<T>>) -> Self {
        MutexGuardArc { mutex, _value: PhantomData }
    }

    /// The mutex that a guard holds. See [`MutexGuard::source`].
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Arc, Mutex, MutexGuardArc};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.lock_arc().await;
    /// assert!(Arc::ptr_eq(MutexGuardArc::source(&guard), &mutex));
    /// # });
    /// ```
    pub fn source(guard: &Self) -> &Arc<Mutex<T>> {
        &guard.mutex
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: we hold the mutex, so only this guard leads to the value, and it is borrowed.
        self.mutex.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: we hold the mutex, so only this guard leads to the value, and it is borrowed mutably.
        self.mutex.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized> Deref for MutexGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: as for `MutexGuard`.
        self.mutex.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized> DerefMut for MutexGuardArc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `MutexGuard`.
        self.mutex.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized> Mutex<T> {
    /// The value, without locking: nobody else can have the mutex.
    ///
    /// ```
    /// let mut mutex = reference_runtime::sync::Mutex::new(1);
    /// *mutex.get_mut() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: the mutex is borrowed mutably, so there is no guard.
        self.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized> Drop for MutexGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuardArc<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuardArc<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
