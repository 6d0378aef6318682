//! The side that sends.

use std::fmt;
use std::sync::Arc;

use super::error::SendError;
use super::{Channel, Receiver, State};
use crate::primitive::{self, Mutex, before_user_code};
use crate::sync::{Notify, wake_all};

/// Sends messages into a [`broadcast`](super) channel. Clones send into the same one.
///
/// ```
/// let (sender, mut receiver) = reference_runtime::sync::broadcast::channel(16);
/// let other = sender.clone();
/// sender.send("from one").unwrap();
/// other.send("from another").unwrap();
/// assert_eq!(receiver.try_recv(), Ok("from one"));
/// assert_eq!(receiver.try_recv(), Ok("from another"));
/// ```
pub struct Sender<T> {
    channel: primitive::Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// A channel without a receiver; [`subscribe`](Self::subscribe) makes some.
    ///
    /// ```
    /// use reference_runtime::sync::broadcast::Sender;
    ///
    /// let sender = Sender::new(16);
    /// assert!(sender.send(1).is_err());
    /// let mut receiver = sender.subscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(2));
    /// ```
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn new(capacity: usize) -> Sender<T> {
        assert!(capacity > 0, "a channel keeps at least one message: give it a capacity of 1 or more");
        let channel = Channel { state: Mutex::new(State::new(capacity)), deserted: Notify::new() };
        Sender { channel: primitive::Arc::new(channel) }
    }

    /// Sends a message to all receivers of now, and returns how many these are. It never waits.
    ///
    /// ```
    /// use reference_runtime::sync::broadcast::{self, error::SendError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// assert_eq!(sender.send(7), Ok(1));
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// drop(receiver);
    /// assert_eq!(sender.send(8), Err(SendError(8)));
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no receiver. The message comes back. Later ones may succeed, for receivers that have subscribed by then.
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        // Allocated before the lock is taken.
        let message = Arc::new(message);
        let mut state = self.channel.lock();
        let receivers = state.receivers;
        if receivers == 0 {
            drop(state);
            let message = Arc::into_inner(message).expect("nobody else has seen it");
            return Err(SendError(message));
        }
        let oldest = state.push(message);
        let waiting = state.waiting.wake_all();
        drop(state);
        wake_all(waiting);
        drop(oldest);
        Ok(receivers)
    }

    /// Another receiver. It gets what is sent from now on.
    ///
    /// ```
    /// use reference_runtime::sync::broadcast::{self, error::TryRecvError};
    ///
    /// let (sender, _receiver) = broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// let mut late = sender.subscribe();
    /// assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::of(primitive::Arc::clone(&self.channel))
    }

    /// Waits until there is no receiver.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, receiver) = reference_runtime::sync::broadcast::channel::<u8>(1);
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
            let deserted = self.channel.deserted.notified();
            if self.receiver_count() == 0 {
                return;
            }
            deserted.await;
        }
    }

    /// How many messages are kept, since some receiver has still to get them.
    ///
    /// ```
    /// let (sender, mut first) = reference_runtime::sync::broadcast::channel(16);
    /// let mut second = sender.subscribe();
    /// sender.send("hello").unwrap();
    /// first.try_recv().unwrap();
    /// assert_eq!(sender.len(), 1);
    /// second.try_recv().unwrap();
    /// assert!(sender.is_empty());
    /// ```
    pub fn len(&self) -> usize {
        self.channel.lock().len()
    }

    /// Whether every receiver has got every message.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// assert!(!sender.is_empty());
    /// receiver.try_recv().unwrap();
    /// assert!(sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::broadcast::channel::<u8>(16);
    /// let _other = sender.subscribe();
    /// assert_eq!(sender.receiver_count(), 2);
    /// drop(receiver);
    /// assert_eq!(sender.receiver_count(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.channel.lock().receivers
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::broadcast::channel::<u8>(16);
    /// assert!(sender.same_channel(&sender.clone()));
    /// let (other, _receiver) = reference_runtime::sync::broadcast::channel(16);
    /// assert!(!sender.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        primitive::Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.lock().senders += 1;
        Sender { channel: primitive::Arc::clone(&self.channel) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.senders -= 1;
        let waiting = if state.senders == 0 { state.waiting.wake_all() } else { Vec::new() };
        drop(state);
        before_user_code();
        wake_all(waiting);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("len", &self.len()).finish_non_exhaustive()
    }
}
