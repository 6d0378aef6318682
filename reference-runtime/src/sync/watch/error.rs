//! What can be wrong with a [`watch`](super) channel.

use std::error::Error;
use std::fmt;

/// The value was not sent, since there is no receiver: it comes back as the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// All senders were dropped: the value will not change any more.
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
