//! What can be wrong with a channel.

use std::error::Error;
use std::fmt;

/// The message was not sent, because the channel is closed: it comes back as the field.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{SendError, channel};
///
/// let (sender, receiver) = channel(1);
/// drop(receiver);
/// let error: SendError<&str> = sender.send("hello").await.unwrap_err();
/// assert_eq!(error.to_string(), "cannot send into a closed channel");
/// assert_eq!(error.0, "hello");
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// The channel is closed and empty: there is nothing to come.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{RecvError, channel};
///
/// let (sender, receiver) = channel::<u8>(1);
/// drop(sender);
/// let error: RecvError = receiver.recv().await.unwrap_err();
/// assert_eq!(error.to_string(), "cannot receive from a channel that is closed and empty");
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecvError;

/// The message was not sent: it comes back as the field.
///
/// ```
/// use reference_runtime::sync::{TrySendError, channel};
///
/// let (sender, receiver) = channel(1);
/// sender.try_send(1).unwrap();
/// let error: TrySendError<u8> = sender.try_send(2).unwrap_err();
/// assert_eq!(error, TrySendError::Full(2));
/// assert_eq!(error.to_string(), "cannot send into a full channel without waiting");
/// # drop(receiver);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There was no room for it.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

/// There is no message.
///
/// ```
/// use reference_runtime::sync::{TryRecvError, channel};
///
/// let (sender, receiver) = channel::<u8>(1);
/// let error: TryRecvError = receiver.try_recv().unwrap_err();
/// assert_eq!(error.to_string(), "cannot receive from an empty channel without waiting");
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TryRecvError {
    /// There may be one later.
    Empty,
    /// There will be none: the channel is closed and empty.
    Closed,
}

impl<T> SendError<T> {
    /// The message.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// drop(receiver);
    /// let error = sender.send("hello").await.unwrap_err();
    /// assert_eq!(error.into_inner(), "hello");
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> TrySendError<T> {
    /// The message.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::channel(1);
    /// sender.try_send("first").unwrap();
    /// assert_eq!(sender.try_send("second").unwrap_err().into_inner(), "second");
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(message) | TrySendError::Closed(message) => message,
        }
    }

    /// Whether there was no room for it.
    ///
    /// ```
    /// let (sender, _receiver) = reference_runtime::sync::channel(1);
    /// sender.try_send(1).unwrap();
    /// assert!(sender.try_send(2).unwrap_err().is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }

    /// Whether the channel is closed.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel(1);
    /// drop(receiver);
    /// assert!(sender.try_send(1).unwrap_err().is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self, TrySendError::Closed(_))
    }
}

impl TryRecvError {
    /// Whether there may be a message later.
    ///
    /// ```
    /// let (_sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// assert!(receiver.try_recv().unwrap_err().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        matches!(self, TryRecvError::Empty)
    }

    /// Whether there will be none.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::channel::<u8>(1);
    /// drop(sender);
    /// assert!(receiver.try_recv().unwrap_err().is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self, TryRecvError::Closed)
    }
}

// Without the message, which need not implement anything.

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SendError(..)")
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TrySendError::Full(_) => "Full(..)",
            TrySendError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot send into a closed channel")
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TrySendError::Full(_) => "cannot send into a full channel without waiting",
            TrySendError::Closed(_) => "cannot send into a closed channel",
        })
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot receive from a channel that is closed and empty")
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TryRecvError::Empty => "cannot receive from an empty channel without waiting",
            TryRecvError::Closed => "cannot receive from a channel that is closed and empty",
        })
    }
}

impl<T> Error for SendError<T> {}
impl<T> Error for TrySendError<T> {}
impl Error for RecvError {}
impl Error for TryRecvError {}
