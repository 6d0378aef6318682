//! A channel for one message from one sender to one receiver.
//!
//! Names and behaviour are those of `tokio::sync::oneshot`. Inside is the channel of the crate `futures`, which this crate
//! uses anyway; the crate `oneshot` is no faster where it matters and has names of its own.
//!
//! ```
//! use reference_runtime::{block_on, sync::oneshot, task};
//!
//! block_on(async {
//!     let (sender, receiver) = oneshot::channel();
//!     task::spawn(async move { sender.send(6 * 7) });
//!     assert_eq!(receiver.await, Ok(42));
//! });
//! ```

pub mod error;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::future::FusedFuture;

use error::{RecvError, TryRecvError};

/// Makes a channel for one message.
///
/// ```
/// # reference_runtime::block_on(async {
/// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
/// assert_eq!(sender.send("hello"), Ok(()));
/// assert_eq!(receiver.await, Ok("hello"));
/// # });
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = oneshot::channel();
    (Sender { sender }, Receiver { receiver })
}

/// Sends the one message. Made by [`channel`].
pub struct Sender<T> {
    sender: oneshot::Sender<T>,
}

/// A future that is ready with the message. Made by [`channel`].
///
/// # Errors
///
/// If the sender is dropped without having sent, or the message was received before.
///
/// # Cancel safety
///
/// Awaiting `&mut receiver` loses nothing when it is dropped. Dropping the receiver itself drops a message that was sent.
#[must_use = "futures do nothing unless awaited"]
pub struct Receiver<T> {
    receiver: oneshot::Receiver<T>,
}

impl<T> Sender<T> {
    /// Sends the message. It never waits.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(7), Err(7));
    /// ```
    ///
    /// # Errors
    ///
    /// If the receiver is closed or dropped. The message comes back. A message that was sent may still not be received,
    /// if the receiver is dropped then.
    pub fn send(self, message: T) -> Result<(), T> {
        self.sender.send(message)
    }

    /// Waits until the receiver is closed or dropped: for work that is not worth doing any more then.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (mut sender, receiver) = reference_runtime::sync::oneshot::channel::<u8>();
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped.
    pub async fn closed(&mut self) {
        poll_fn(|context| self.poll_closed(context)).await;
    }

    /// As [`closed`](Self::closed), for a future written by hand.
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.sender.poll_canceled(context)
    }

    /// Whether the receiver is closed or dropped.
    pub fn is_closed(&self) -> bool {
        self.sender.is_canceled()
    }
}

impl<T> Receiver<T> {
    /// Lets no message be sent any more. One that was can still be received.
    ///
    /// ```
    /// use reference_runtime::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(7), Err(7));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        self.receiver.close();
    }

    /// Receives the message if it is there.
    ///
    /// ```
    /// use reference_runtime::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(7).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not, and whether it can still come.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self.receiver.try_recv() {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(TryRecvError::Empty),
            Err(oneshot::Canceled) => Err(TryRecvError::Closed),
        }
    }

    /// Receives the message in code that is not asynchronous: this thread waits.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
    /// std::thread::spawn(move || sender.send(7));
    /// assert_eq!(receiver.blocking_recv(), Ok(7));
    /// ```
    ///
    /// # Errors
    ///
    /// As for the future.
    #[cfg(not(reference_runtime_loom))]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        super::wait_here(self)
    }

    /// Whether there will be no message any more: it was received, or the sender dropped.
    pub fn is_terminated(&self) -> bool {
        self.receiver.is_terminated()
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver).poll(context).map_err(|oneshot::Canceled| RecvError(()))
    }
}

impl<T> FusedFuture for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.receiver.is_terminated()
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
