//! Chapter 9, exercise `async-mutex`: a lock for which a task waits, and not a thread.
//!
//! Write [`Mutex`]. There is no need for `unsafe`: a value that is locked can live in the [`Guard`], and go back into
//! the mutex with it. The lock inside of it, std's, is held for a few lines and never while a waker is called: what a
//! wake does is up to the executor.
//!
//! Grade it with `cargo test -p async-mutex`.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    task::{Context, Poll},
};

/// A value that one task at a time may use.
#[derive(Debug)]
pub struct Mutex<T> {
    /// Yours to lay out.
    #[allow(dead_code)]
    state: std::sync::Mutex<Option<T>>,
}

impl<T> Mutex<T> {
    /// A mutex that nobody has locked.
    pub fn new(value: T) -> Mutex<T> {
        let _ = value;
        todo!("a mutex that nobody has locked")
    }

    /// Locks it, once it is free.
    ///
    /// An unlock wakes one of those that wait, the one that has waited longest, through the waker of its last poll. The
    /// future may be dropped at any time, also between its wake and its next poll. Then the wake is not lost: somebody
    /// who still waits is woken in its place.
    pub fn lock(&self) -> Lock<'_, T> {
        todo!("a future that has not been polled")
    }
}

/// The future of [`Mutex::lock`].
#[derive(Debug)]
pub struct Lock<'a, T> {
    /// Yours to lay out.
    #[allow(dead_code)]
    mutex: &'a Mutex<T>,
}

impl<'a, T> Future for Lock<'a, T> {
    type Output = Guard<'a, T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<'a, T>> {
        let _ = cx;
        todo!("take the value, or see to it that you are woken")
    }
}

impl<T> Drop for Lock<'_, T> {
    fn drop(&mut self) {
        todo!("whoever is waiting still must not be stranded")
    }
}

/// The right to use the value. Dropped, it unlocks the mutex.
#[derive(Debug)]
pub struct Guard<'a, T> {
    /// Yours to lay out.
    #[allow(dead_code)]
    mutex: &'a Mutex<T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        todo!("the value")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!("the value")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        todo!("put the value back, and wake one that waits")
    }
}
