//! What a [`Sender`] and a [`Receiver`] have in common: they count, they close, they tell about the channel.

use std::fmt;

use super::{Receiver, Recv, Send, Sender};
use crate::primitive::Arc;
use crate::sync::wake_all;

impl<T> Sender<T> {
    /// Closes the channel: nothing more is sent, and what was sent can still be received. Returns whether it was open.
    ///
    /// Everybody who waits is woken. Dropping the last sender or the last receiver closes the channel, too.
    ///
    /// ```
    /// use reference_runtime::sync::{TryRecvError, TrySendError, channel};
    ///
    /// let (sender, receiver) = channel(2);
    /// sender.try_send(1).unwrap();
    /// assert!(receiver.close());
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&self) -> bool {
        self.channel.close()
    }

    /// Whether the channel is closed, by [`close`](Self::close) or because one side is gone.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.channel.lock().is_closed
    }

    /// How many messages wait to be received. Other tasks may change it at once.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(2);
    /// sender.try_send(1).unwrap();
    /// assert_eq!((receiver.len(), receiver.capacity()), (1, Some(2)));
    /// assert!(!receiver.is_empty() && !receiver.is_full());
    /// ```
    pub fn len(&self) -> usize {
        self.channel.lock().len()
    }

    /// Whether no message waits to be received.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::channel(2);
    /// assert!(sender.is_empty());
    /// sender.try_send(1).unwrap();
    /// assert!(!sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for another message.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::channel(1);
    /// assert!(!sender.is_full());
    /// sender.try_send(1).unwrap();
    /// assert!(sender.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.channel.lock().is_full()
    }

    /// How many messages there may be in the channel; `None` if any number.
    ///
    /// ```
    /// use reference_runtime::channel;
    ///
    /// let (sender, _receiver) = channel::bounded::<u8>(8);
    /// assert_eq!(sender.capacity(), Some(8));
    /// let (sender, _receiver) = channel::unbounded::<u8>();
    /// assert_eq!(sender.capacity(), None);
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.channel.lock().capacity()
    }

    /// How many senders there are.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::channel::<u8>(1);
    /// let other = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// drop(other);
    /// assert_eq!(sender.sender_count(), 1);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.channel.lock().senders
    }

    /// How many receivers there are.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// assert_eq!(sender.receiver_count(), 1);
    /// drop(receiver);
    /// assert_eq!(sender.receiver_count(), 0);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.channel.lock().receivers
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::channel::bounded::<u8>(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Receiver<T> {
    /// Closes the channel: nothing more is sent, and what was sent can still be received. Returns whether it was open.
    ///
    /// Everybody who waits is woken. Dropping the last sender or the last receiver closes the channel, too.
    ///
    /// ```
    /// use reference_runtime::sync::{TryRecvError, TrySendError, channel};
    ///
    /// let (sender, receiver) = channel(2);
    /// sender.try_send(1).unwrap();
    /// assert!(receiver.close());
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&self) -> bool {
        self.channel.close()
    }

    /// Whether the channel is closed, by [`close`](Self::close) or because one side is gone.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// sender.try_send(1).unwrap();
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// assert_eq!(receiver.try_recv(), Ok(1)); // what was sent is still there
    /// ```
    pub fn is_closed(&self) -> bool {
        self.channel.lock().is_closed
    }

    /// How many messages wait to be received. Other tasks may change it at once.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(2);
    /// sender.try_send(1).unwrap();
    /// assert_eq!((receiver.len(), receiver.capacity()), (1, Some(2)));
    /// assert!(!receiver.is_empty() && !receiver.is_full());
    /// ```
    pub fn len(&self) -> usize {
        self.channel.lock().len()
    }

    /// Whether no message waits to be received.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(2);
    /// assert!(receiver.is_empty());
    /// sender.try_send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for another message.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// sender.try_send(1).unwrap();
    /// assert!(receiver.is_full());
    /// receiver.try_recv().unwrap();
    /// assert!(!receiver.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.channel.lock().is_full()
    }

    /// How many messages there may be in the channel; `None` if any number.
    ///
    /// ```
    /// use reference_runtime::channel;
    ///
    /// let (_sender, receiver) = channel::bounded::<u8>(8);
    /// assert_eq!(receiver.capacity(), Some(8));
    /// let (_sender, receiver) = channel::unbounded::<u8>();
    /// assert_eq!(receiver.capacity(), None);
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.channel.lock().capacity()
    }

    /// How many senders there are.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// assert_eq!(receiver.sender_count(), 1);
    /// drop(sender);
    /// assert_eq!(receiver.sender_count(), 0);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.channel.lock().senders
    }

    /// How many receivers there are.
    ///
    /// ```
    /// let (_sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// let other = receiver.clone();
    /// assert_eq!(receiver.receiver_count(), 2);
    /// drop(other);
    /// assert_eq!(receiver.receiver_count(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.channel.lock().receivers
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (_sender, receiver) = reference_runtime::channel::bounded::<u8>(1);
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.lock().senders += 1;
        Sender { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.channel.lock().receivers += 1;
        Receiver { channel: Arc::clone(&self.channel), ticket: None }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.senders -= 1;
        // Under the same lock: a weak handle finds a channel that is closed, or one that has a sender.
        let waiting = if state.senders == 0 { state.close() } else { Vec::new() };
        drop(state);
        wake_all(waiting);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.receivers -= 1;
        // Closed first: then all who wait are in the list, and nobody is woken by the ticket.
        let (waiting, messages) =
            if state.receivers == 0 { (state.close(), state.take_messages()) } else { Default::default() };
        let ticket = self.ticket.take();
        let afterwards = ticket.map(|ticket| state.stop_receiving(ticket)).unwrap_or_default();
        drop(state);
        afterwards.run();
        wake_all(waiting);
        drop(messages);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Send").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recv").finish_non_exhaustive()
    }
}
