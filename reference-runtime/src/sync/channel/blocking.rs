//! Sending and receiving for code that is not asynchronous.

use super::{Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError};
use crate::sync::wait_here;

impl<T> Sender<T> {
    /// As [`Sender::send`], for code that is not asynchronous: this thread waits for room.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// use reference_runtime::{block_on, channel};
    ///
    /// let (sender, receiver) = channel::bounded(1);
    /// let thread = std::thread::spawn(move || {
    ///     for number in 1..=3 {
    ///         sender.send_blocking(number).unwrap();
    ///     }
    /// });
    /// block_on(async {
    ///     let mut sum = 0;
    ///     while let Ok(number) = receiver.recv().await {
    ///         sum += number;
    ///     }
    ///     assert_eq!(sum, 6);
    /// });
    /// thread.join().unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    pub fn send_blocking(&self, message: T) -> Result<(), SendError<T>> {
        match self.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(message)) => Err(SendError(message)),
            Err(TrySendError::Full(message)) => wait_here(self.send(message)),
        }
    }
}

impl<T> Receiver<T> {
    /// As [`Receiver::recv`], for code that is not asynchronous: this thread waits for a message.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// use reference_runtime::{channel, task};
    ///
    /// let (sender, receiver) = channel::bounded(1);
    /// task::spawn(async move { sender.send("from a task").await });
    /// assert_eq!(receiver.recv_blocking(), Ok("from a task"));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        match self.try_recv() {
            Ok(message) => Ok(message),
            Err(TryRecvError::Closed) => Err(RecvError),
            Err(TryRecvError::Empty) => wait_here(self.recv()),
        }
    }
}
