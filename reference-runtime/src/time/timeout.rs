//! [`Timeout`].

use std::{
    error::Error,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use pin_project_lite::pin_project;

use super::{Sleep, after, sleep_until};

/// Gives `future` at most `duration`, counted from this call.
///
/// # Errors
///
/// [`Elapsed`] if the time is over first; `future` is dropped with the [`Timeout`]. If both happen at once,
/// the value wins. Time that `future` spends in a single poll cannot be cut short: it is looked at after the
/// poll.
///
/// # Cancel safety
///
/// That of `future`: running into the timeout cancels it.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::timeout;
/// use std::{future, time::Duration};
///
/// # reference_runtime::block_on(async {
/// assert_eq!(timeout(Duration::from_secs(3600), async { 7 }).await, Ok(7));
/// assert!(timeout(Duration::from_millis(5), future::pending::<()>()).await.is_err());
/// # })
/// ```
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    timeout_at(after(Instant::now(), duration), future)
}

/// Gives `future` time until `deadline`.
///
/// # Errors
///
/// As with [`timeout`].
///
/// # Cancel safety
///
/// As with [`timeout`].
///
/// # Examples
///
/// One deadline for two steps:
///
/// ```
/// use reference_runtime::time::{sleep, timeout_at};
/// use std::time::{Duration, Instant};
///
/// # reference_runtime::block_on(async {
/// let deadline = Instant::now() + Duration::from_secs(3600);
/// timeout_at(deadline, sleep(Duration::from_millis(1))).await?;
/// timeout_at(deadline, sleep(Duration::from_millis(1))).await?;
/// # Ok::<(), reference_runtime::time::Elapsed>(())
/// # }).unwrap();
/// ```
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout { future, sleep: sleep_until(deadline) }
}

pin_project! {
    /// A future that has limited time. Made by [`timeout`] and [`timeout_at`].
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::{Timeout, timeout};
    /// use std::{future::{Ready, ready}, time::Duration};
    ///
    /// let limited: Timeout<Ready<u32>> = timeout(Duration::ZERO, ready(7));
    /// // The value wins.
    /// assert_eq!(reference_runtime::block_on(limited), Ok(7));
    /// ```
    #[derive(Debug)]
    #[must_use = "a timeout does nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        sleep: Sleep,
    }
}

impl<F> Timeout<F> {
    /// Gives the future back, and no longer limits its time.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::timeout;
    /// use std::time::Duration;
    ///
    /// # reference_runtime::block_on(async {
    /// let limited = timeout(Duration::ZERO, std::future::ready(7));
    /// assert_eq!(limited.into_inner().await, 7);
    /// # })
    /// ```
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let timeout = self.project();
        if let Poll::Ready(output) = timeout.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        ready!(Pin::new(timeout.sleep).poll(cx));
        Poll::Ready(Err(Elapsed(())))
    }
}

/// The time was over. Returned by [`timeout`].
///
/// # Examples
///
/// It becomes an [`io::Error`] of the kind [`io::ErrorKind::TimedOut`] on its own:
///
/// ```
/// use reference_runtime::time::{sleep, timeout};
/// use std::{io, time::Duration};
///
/// async fn too_slow() -> io::Result<()> {
///     timeout(Duration::from_millis(5), sleep(Duration::from_secs(3600))).await?;
///     Ok(())
/// }
///
/// let error = reference_runtime::block_on(too_slow()).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(pub(crate) ());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time given to the future was over before it was done")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
