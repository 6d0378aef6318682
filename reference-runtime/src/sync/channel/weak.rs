//! Handles that do not keep a channel open.

use std::fmt;

use super::{Channel, Receiver, Sender};
use crate::primitive::Arc;

/// A [`Sender`] that does not keep its channel open. Made by [`Sender::downgrade`].
///
/// ```
/// let (sender, receiver) = reference_runtime::channel::unbounded();
/// let weak = sender.downgrade();
/// weak.upgrade().unwrap().try_send(1).unwrap();
/// drop(sender);
/// assert!(weak.upgrade().is_none());
/// assert_eq!(receiver.try_recv(), Ok(1));
/// assert!(receiver.is_closed());
/// ```
pub struct WeakSender<T> {
    channel: Arc<Channel<T>>,
}

/// A [`Receiver`] that does not keep its channel open. Made by [`Receiver::downgrade`].
///
/// ```
/// let (sender, receiver) = reference_runtime::channel::unbounded();
/// let weak = receiver.downgrade();
/// sender.try_send(1).unwrap();
/// assert_eq!(weak.upgrade().unwrap().try_recv(), Ok(1));
/// drop(receiver);
/// assert!(weak.upgrade().is_none());
/// assert!(sender.is_closed());
/// ```
pub struct WeakReceiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// A handle that becomes a [`Sender`] again as long as the channel is open, and does not keep it open.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// assert_eq!(receiver.sender_count(), 1); // the weak one does not count
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// # drop(weak);
    /// ```
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Receiver<T> {
    /// A handle that becomes a [`Receiver`] again as long as the channel is open, and does not keep it open.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// let weak = receiver.downgrade();
    /// assert_eq!(sender.receiver_count(), 1); // the weak one does not count
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// # drop(weak);
    /// ```
    pub fn downgrade(&self) -> WeakReceiver<T> {
        WeakReceiver { channel: Arc::clone(&self.channel) }
    }
}

impl<T> WeakSender<T> {
    /// A sender, unless the channel is closed.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// let weak = sender.downgrade();
    /// weak.upgrade().unwrap().try_send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// receiver.close();
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = self.channel.lock();
        if state.is_closed {
            return None;
        }
        state.senders += 1;
        drop(state);
        Some(Sender { channel: Arc::clone(&self.channel) })
    }
}

impl<T> WeakReceiver<T> {
    /// A receiver, unless the channel is closed.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// let weak = receiver.downgrade();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(weak.upgrade().unwrap().try_recv(), Ok(1));
    /// sender.close();
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<Receiver<T>> {
        let mut state = self.channel.lock();
        if state.is_closed {
            return None;
        }
        state.receivers += 1;
        drop(state);
        Some(Receiver { channel: Arc::clone(&self.channel), ticket: None })
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> WeakSender<T> {
        WeakSender { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Clone for WeakReceiver<T> {
    fn clone(&self) -> WeakReceiver<T> {
        WeakReceiver { channel: Arc::clone(&self.channel) }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WeakReceiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WeakReceiver").finish_non_exhaustive()
    }
}
