//! What can be wrong with a [`watch`](super) channel.

use std::error::Error;
use std::fmt;

/// The value was not sent, since there is no receiver: it comes back as the field.
///
/// ```
/// use reference_runtime::sync::watch::{self, error::SendError};
///
/// let (sender, receiver) = watch::channel(1);
/// drop(receiver);
/// let error: SendError<i32> = sender.send(2).unwrap_err();
/// assert_eq!(error.0, 2);
/// assert!(error.to_string().contains("send_replace"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// All senders were dropped: the value will not change any more.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::watch::{self, error::RecvError};
///
/// let (sender, mut receiver) = watch::channel(1);
/// drop(sender);
/// let error: RecvError = receiver.changed().await.unwrap_err();
/// assert_eq!(error.to_string(), "all senders were dropped, so the value will not change any more");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecvError(pub(super) ());

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no receiver watches; use `send_replace` to change the value all the same")
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("all senders were dropped, so the value will not change any more")
    }
}

impl<T> Error for SendError<T> {}
impl Error for RecvError {}
