//! A channel that keeps the newest value only, for any number of receivers to look at.
//!
//! Names and behaviour are those of `tokio::sync::watch`, on what this crate has: a [`Notify`] for who waits for a change,
//! and std's [`RwLock`] around the value, which is held while somebody looks at it and not while somebody waits.
//!
//! ```
//! use reference_runtime::{block_on, sync::watch, task};
//!
//! block_on(async {
//!     let (sender, mut receiver) = watch::channel("starting");
//!     let task = task::spawn(async move {
//!         receiver.wait_for(|state| *state == "ready").await.map(|state| state.len())
//!     });
//!     sender.send("nearly ready").unwrap(); // perhaps nobody ever sees it
//!     sender.send("ready").unwrap();
//!     assert_eq!(task.await, Ok(5));
//! });
//! ```
//!
//! Every value has a version, and each receiver knows the one it has seen. No change is missed: a receiver makes its
//! future *before* it compares the versions, and a sender changes the version *before* it notifies. So it is seen in the
//! comparison, or the notification reaches the future.

pub mod error;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
mod receiver;
mod sender;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

pub use receiver::Receiver;
pub use sender::Sender;

use std::fmt;
use std::ops::Deref;
use std::sync::PoisonError;

use super::Notify;
use crate::primitive::{self, Locked, Mutex, RwLock, RwLockReadGuard};

/// Makes a channel with its first value, which counts as seen.
///
/// ```
/// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
/// assert_eq!((*receiver.borrow(), receiver.has_changed()), (1, Ok(false)));
/// sender.send(2).unwrap();
/// assert_eq!((*receiver.borrow(), receiver.has_changed()), (2, Ok(true)));
/// ```
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// What all handles share.
struct Value<T> {
    /// A panic while it is changed leaves it as it is then.
    value: RwLock<T>,
    /// Locked for a few instructions only, within `value` where both are.
    status: Mutex<Status>,
    changed: Notify,
    /// All receivers are gone.
    unwatched: Notify,
}

struct Status {
    /// Raised by each change, while `value` is locked for it.
    version: u64,
    senders: usize,
    receivers: usize,
}

impl<T> Value<T> {
    fn status(&self) -> Locked<'_, Status> {
        primitive::lock(&self.status)
    }

    /// Looks at the value, and whether it is newer than `seen`.
    fn look(&self, seen: u64) -> (Ref<'_, T>, u64) {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        // Nobody changes it while the value is locked.
        let version = self.status().version;
        (Ref { value, has_changed: version != seen }, version)
    }
}

/// A look at the value, which cannot change meanwhile.
///
/// Senders that want to change it block their threads until it is dropped, so hold it for a short time, and not across an
/// `.await`: it is not [`Send`].
///
/// ```compile_fail
/// fn is_send(_: impl Send) {}
/// let (_sender, receiver) = reference_runtime::sync::watch::channel(1);
/// is_send(receiver.borrow());
/// ```
#[must_use = "senders wait while it is held"]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<T> Ref<'_, T> {
    /// Whether the receiver had not seen this value before. Never so for a sender's look.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert!(receiver.borrow_and_update().has_changed());
    /// assert!(!receiver.borrow_and_update().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
