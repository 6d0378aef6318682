//! The side that changes the value.

use std::fmt;
use std::mem;
use std::sync::PoisonError;

use super::error::SendError;
use super::{Receiver, Ref, Status, Value};
use crate::primitive::{Arc, Mutex, RwLock, before_user_code};
use crate::sync::Notify;

/// Changes the value of a [`watch`](super) channel. Clones change the same one.
///
/// ```
/// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
/// let other = sender.clone();
/// sender.send(2).unwrap();
/// other.send_modify(|value| *value += 1);
/// assert_eq!(*receiver.borrow(), 3);
/// ```
pub struct Sender<T> {
    pub(super) shared: Arc<Value<T>>,
}

impl<T> Sender<T> {
    /// A channel without a receiver; [`subscribe`](Self::subscribe) makes some.
    ///
    /// ```
    /// use reference_runtime::sync::watch::Sender;
    ///
    /// let sender = Sender::new(1);
    /// let receiver = sender.subscribe();
    /// assert_eq!((*receiver.borrow(), sender.receiver_count()), (1, 1));
    /// ```
    pub fn new(value: T) -> Sender<T> {
        let status = Status { version: 0, senders: 1, receivers: 0 };
        Sender {
            shared: Arc::new(Value {
                value: RwLock::new(value),
                status: Mutex::new(status),
                changed: Notify::new(),
                unwatched: Notify::new(),
            }),
        }
    }

    /// Replaces the value, and wakes the receivers that wait for a change.
    ///
    /// ```
    /// use reference_runtime::sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    /// drop(receiver);
    /// assert!(sender.send(3).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no receiver. The value is not replaced then, and the new one comes back.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Replaces the value, whether or not there is a receiver, and returns the old one.
    ///
    /// ```
    /// let sender = reference_runtime::sync::watch::Sender::new(1);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// Changes the value in place, whether or not there is a receiver.
    ///
    /// Receivers that look, and other senders, block their threads meanwhile. The closure must not come back to this
    /// channel.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(vec![1]);
    /// sender.send_modify(|values| values.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the closure. What it has changed by then stays, and nobody is woken.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Changes the value in place, and wakes receivers only if the closure says that it did. Returns what it said.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// assert!(!sender.send_if_modified(|value| *value == 2));
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    ///
    /// # Panics
    ///
    /// As [`send_modify`](Self::send_modify).
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        before_user_code();
        let mut value = self.shared.value.write().unwrap_or_else(PoisonError::into_inner);
        if !change(&mut value) {
            return false;
        }
        self.shared.status().version += 1;
        drop(value);
        self.shared.changed.notify_waiters();
        true
    }

    /// Looks at the value.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::watch::channel(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let (mut look, _) = self.shared.look(0);
        look.has_changed = false;
        look
    }

    /// Another receiver. The value of now counts as seen.
    ///
    /// ```
    /// let (sender, first) = reference_runtime::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// let second = sender.subscribe();
    /// assert_eq!((first.has_changed(), second.has_changed()), (Ok(true), Ok(false)));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let mut status = self.shared.status();
        status.receivers += 1;
        let seen = status.version;
        drop(status);
        Receiver { shared: Arc::clone(&self.shared), seen }
    }

    /// Waits until there is no receiver.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// reference_runtime::task::spawn(async move { drop(receiver) });
    /// sender.closed().await;
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped.
    pub async fn closed(&self) {
        loop {
            // Before the look: the last receiver that goes after it reaches this one.
            let unwatched = self.shared.unwatched.notified();
            if self.is_closed() {
                return;
            }
            unwatched.await;
        }
    }

    /// Whether there is no receiver.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::watch::channel(1);
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// How many receivers there are.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::watch::channel(1);
    /// let _other = sender.subscribe();
    /// assert_eq!(sender.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.status().receivers
    }

    /// How many senders there are.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::watch::channel(1);
    /// let _other = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.status().senders
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::watch::channel(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// let (other, _receiver) = reference_runtime::sync::watch::channel(1);
    /// assert!(!sender.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.shared.status().senders += 1;
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut status = self.shared.status();
        status.senders -= 1;
        let is_last = status.senders == 0;
        drop(status);
        if is_last {
            self.shared.changed.notify_waiters();
        }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Sender<T> {
        Sender::new(T::default())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}
