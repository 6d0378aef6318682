//! The side that looks at the value.

use std::fmt;

use super::error::RecvError;
use super::{Ref, Value};
use crate::primitive::Arc;

/// Looks at the value of a [`watch`](super) channel, and waits until it changes. A clone has seen what this one has seen.
///
/// ```
/// # reference_runtime::block_on(async {
/// let (sender, mut receiver) = reference_runtime::sync::watch::channel("old");
/// let mut other = receiver.clone();
/// sender.send("new").unwrap();
/// for receiver in [&mut receiver, &mut other] {
///     receiver.changed().await.unwrap();
///     assert_eq!(*receiver.borrow(), "new");
/// }
/// # });
/// ```
pub struct Receiver<T> {
    pub(super) shared: Arc<Value<T>>,
    /// The version of the value that it has seen.
    pub(super) seen: u64,
}

impl<T> Receiver<T> {
    /// Looks at the value. It does not count as seen by that.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.look(self.seen).0
    }

    /// Looks at the value, which counts as seen then.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (look, version) = self.shared.look(self.seen);
        self.seen = version;
        look
    }

    /// Whether there is a value that this receiver has not seen.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// drop(sender);
    /// assert!(receiver.has_changed().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If all senders are gone, whether or not the last value was seen.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let status = self.shared.status();
        if status.senders == 0 { Err(RecvError(())) } else { Ok(status.version != self.seen) }
    }

    /// Lets the value of now count as not seen.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (_sender, mut receiver) = reference_runtime::sync::watch::channel(1);
    /// receiver.mark_changed();
    /// assert!(receiver.changed().await.is_ok()); // at once
    /// # });
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.shared.status().version.wrapping_sub(1);
    }

    /// Lets the value of now count as seen.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// receiver.mark_unchanged();
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.status().version;
    }

    /// Waits until there is a value that this receiver has not seen. It counts as seen then.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{sync::watch, task};
    ///
    /// let (sender, mut receiver) = watch::channel(1);
    /// task::spawn(async move { sender.send(2) });
    /// assert!(receiver.changed().await.is_ok());
    /// assert_eq!(*receiver.borrow(), 2);
    /// assert!(receiver.changed().await.is_err(), "the sender is gone");
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If all senders are gone, and the last value was seen.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has marked nothing as seen.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        self.shared.changed(&mut self.seen).await
    }

    /// Waits until `condition` is true of the value; at once if it is true already. The value counts as seen then, as do
    /// those that were looked at in vain.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, mut receiver) = reference_runtime::sync::watch::channel(1);
    /// sender.send(5).unwrap();
    /// assert_eq!(receiver.wait_for(|value| *value > 3).await.map(|value| *value), Ok(5));
    /// drop(sender);
    /// assert!(receiver.wait_for(|value| *value > 5).await.is_err());
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If all senders are gone, and `condition` is false of the last value.
    ///
    /// # Panics
    ///
    /// With the panic of `condition`. It must not come back to this channel.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped, but values that were looked at stay seen.
    pub async fn wait_for(&mut self, mut condition: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let Receiver { shared, seen } = self;
        loop {
            // Before the look, so that the last value is looked at.
            let is_closed = shared.status().senders == 0;
            if let Some(look) = shared.look_for(seen, &mut condition) {
                return Ok(look);
            }
            if is_closed {
                return Err(RecvError(()));
            }
            // Or the senders are gone, which is found out above.
            let _ = shared.changed(seen).await;
        }
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (_sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// let (_sender, other) = reference_runtime::sync::watch::channel(1);
    /// assert!(!receiver.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Value<T> {
    /// Looks at the value, which is seen then, and returns the look if the condition is true.
    fn look_for(&self, seen: &mut u64, condition: impl FnOnce(&T) -> bool) -> Option<Ref<'_, T>> {
        let (look, version) = self.look(*seen);
        *seen = version;
        condition(&look).then_some(look)
    }

    /// Waits until the version is another one than `seen`, which then is that version.
    async fn changed(&self, seen: &mut u64) -> Result<(), RecvError> {
        loop {
            // Before the look: a change after it reaches this one.
            let changed = self.changed.notified();
            if let Some(result) = self.try_changed(seen) {
                return result;
            }
            changed.await;
        }
    }

    fn try_changed(&self, seen: &mut u64) -> Option<Result<(), RecvError>> {
        let status = self.status();
        if status.version != *seen {
            *seen = status.version;
            return Some(Ok(()));
        }
        (status.senders == 0).then_some(Err(RecvError(())))
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.shared.status().receivers += 1;
        Receiver { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut status = self.shared.status();
        status.receivers -= 1;
        let is_last = status.receivers == 0;
        drop(status);
        if is_last {
            self.shared.unwatched.notify_waiters();
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
