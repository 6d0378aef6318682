//! Limited time for what gives an [`io::Result`].

use std::{future::Future, io, time::Duration};

use crate::time;

/// Gives `future` at most `duration`, counted from the first poll.
///
/// It is [`time::timeout`] for futures whose error is that of I/O.
///
/// ```
/// use reference_runtime::io;
/// use std::{future, time::Duration};
///
/// # reference_runtime::block_on(async {
/// let never = future::pending::<io::Result<()>>();
/// let error = io::timeout(Duration::from_millis(5), never).await.expect_err("it takes too long");
/// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
/// # });
/// ```
///
/// # Errors
///
/// That of `future`, or one of the kind [`TimedOut`](io::ErrorKind::TimedOut) if the time is over first.
///
/// # Cancel safety
///
/// That of `future`: running into the time-out cancels it.
pub async fn timeout<F, T>(duration: Duration, future: F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    time::timeout(duration, future)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "future timed out")))
}
