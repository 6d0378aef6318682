//! What can be wrong with a [`broadcast`](super) channel.

use std::error::Error;
use std::fmt;

/// The message was not sent, since there is no receiver: it comes back as the field.
///
/// ```
/// use reference_runtime::sync::broadcast::{self, error::SendError};
///
/// let (sender, receiver) = broadcast::channel(16);
/// drop(receiver);
/// let error: SendError<&str> = sender.send("hello").unwrap_err();
/// assert_eq!(error.0, "hello");
/// assert_eq!(error.to_string(), "no receiver is there to get the message");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// There is no message.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::broadcast::{self, error::RecvError};
///
/// let (sender, mut receiver) = broadcast::channel(1);
/// sender.send(1).unwrap();
/// sender.send(2).unwrap();
/// let error: RecvError = receiver.recv().await.unwrap_err();
/// assert_eq!(error, RecvError::Lagged(1));
/// assert!(error.to_string().starts_with("1 messages were lost"));
/// assert_eq!(receiver.recv().await, Ok(2));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// There will be none: all were received, and all senders are gone.
    Closed,
    /// So many were lost, because the receiver was too far behind. The next call gives the oldest that is left.
    Lagged(u64),
}

/// There is no message.
///
/// ```
/// use reference_runtime::sync::broadcast::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel::<u8>(16);
/// let error: TryRecvError = receiver.try_recv().unwrap_err();
/// assert_eq!(error.to_string(), "cannot receive from an empty channel without waiting");
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There may be one later.
    Empty,
    /// There will be none: all were received, and all senders are gone.
    Closed,
    /// So many were lost, because the receiver was too far behind. The next call gives the oldest that is left.
    Lagged(u64),
}

const CLOSED: &str = "cannot receive from a channel that is closed and empty";

fn write_lagged(formatter: &mut fmt::Formatter<'_>, missed: u64) -> fmt::Result {
    write!(formatter, "{missed} messages were lost; receive faster, or give the channel a greater capacity")
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no receiver is there to get the message")
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => formatter.write_str(CLOSED),
            RecvError::Lagged(missed) => write_lagged(formatter, *missed),
        }
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => {
                formatter.write_str("cannot receive from an empty channel without waiting")
            }
            TryRecvError::Closed => formatter.write_str(CLOSED),
            TryRecvError::Lagged(missed) => write_lagged(formatter, *missed),
        }
    }
}

impl<T> Error for SendError<T> {}
impl Error for RecvError {}
impl Error for TryRecvError {}
