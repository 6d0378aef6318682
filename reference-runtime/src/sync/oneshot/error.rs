//! What can be wrong with a [`oneshot`](super) channel.

use std::error::Error;
use std::fmt;

/// The sender was dropped without having sent, or the message was received before.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::oneshot::{self, error::RecvError};
///
/// let (sender, receiver) = oneshot::channel::<u8>();
/// drop(sender);
/// let error: RecvError = receiver.await.unwrap_err();
/// assert!(error.to_string().starts_with("the sender was dropped without having sent"));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecvError(pub(super) ());

/// There is no message.
///
/// ```
/// use reference_runtime::sync::oneshot::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = oneshot::channel::<u8>();
/// let error: TryRecvError = receiver.try_recv().unwrap_err();
/// assert!(error.to_string().starts_with("the message has not been sent yet"));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// It may still come.
    Empty,
    /// It will not come: the sender was dropped, or the message was received before.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the sender was dropped without having sent, or its message was received before")
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TryRecvError::Empty => "the message has not been sent yet; await the receiver to wait for it",
            TryRecvError::Closed => {
                "the sender was dropped without having sent, or its message was received before"
            }
        })
    }
}

impl Error for RecvError {}
impl Error for TryRecvError {}
