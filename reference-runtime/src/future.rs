//! Futures: values that may take a while.
//!
//! What a future is, is in std, and much of what can be done with one in the crate [`futures`]: their names are here, too.
//! This crate adds what takes a clock, [`timeout`] and [`FutureMoreExt::delay`], and the combinations of two futures
//! under the names that async-std gives them.
//!
//! ```
//! use std::time::Duration;
//! use reference_runtime::future::{self, FutureMoreExt};
//!
//! # reference_runtime::block_on(async {
//! let slow = future::ready("slow").delay(Duration::from_secs(3600));
//! let fast = future::ready("fast").delay(Duration::from_millis(1));
//! assert_eq!(slow.race(fast).await, "fast");
//! # });
//! ```

mod delay;
mod race;

use std::time::Duration;

pub use std::future::{Future, IntoFuture, Pending, PollFn, Ready, pending, poll_fn, ready};

pub use futures::future::{FusedFuture, FutureExt, Join, TryFuture, TryFutureExt, TryJoin};

pub use self::delay::Delay;
pub use self::race::{Race, TryRace};
pub use crate::time::{Elapsed as TimeoutError, Timeout, timeout};

/// What async-std's futures can do and those of std and of the crate `futures` cannot, or not under this name.
///
/// For all futures. The two that are combined are part of one task: while one of them blocks the thread, the other waits.
///
/// ```
/// use reference_runtime::future::{self, FutureMoreExt};
///
/// # reference_runtime::block_on(async {
/// assert_eq!(future::ready(1).join(future::ready("two")).await, (1, "two"));
/// # });
/// ```
pub trait FutureMoreExt: Future {
    /// Waits for so long before it begins. The time counts from this call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// assert_eq!(future::ready(7).delay(Duration::from_millis(1)).await, 7);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// That of the future.
    fn delay(self, duration: Duration) -> Delay<Self>
    where
        Self: Sized,
    {
        Delay::new(self, duration)
    }

    /// Gives the future at most so much time: the same as [`timeout`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// assert_eq!(future::ready(7).timeout(Duration::from_secs(3600)).await, Ok(7));
    /// assert!(future::pending::<()>().timeout(Duration::from_millis(1)).await.is_err());
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The output is a [`TimeoutError`] if the time is over first.
    ///
    /// # Cancel safety
    ///
    /// That of the future.
    fn timeout(self, duration: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        timeout(duration, self)
    }

    /// Waits for both, and gives both outputs.
    ///
    /// ```
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// assert_eq!(future::ready(1).join(future::ready(2)).await, (1, 2));
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// That of the two. The output of the one that was done is lost.
    fn join<F: Future>(self, other: F) -> Join<Self, F>
    where
        Self: Sized,
    {
        futures::future::join(self, other)
    }

    /// Waits for both to succeed, or for the first to fail.
    ///
    /// ```
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// let one = future::ready(Ok::<_, &str>(1));
    /// assert_eq!(one.clone().try_join(future::ready(Ok(2))).await, Ok((1, 2)));
    /// assert_eq!(one.try_join(future::ready(Err::<u32, _>("two"))).await, Err("two"));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The output is the first error. The other future is dropped then.
    ///
    /// # Cancel safety
    ///
    /// That of the two. The output of the one that was done is lost.
    fn try_join<F>(self, other: F) -> TryJoin<Self, F>
    where
        Self: Sized + TryFuture,
        F: TryFuture<Error = Self::Error>,
    {
        futures::future::try_join(self, other)
    }

    /// Waits for the first of the two, and gives its output. The other one is dropped.
    ///
    /// If both are ready at once, this one wins.
    ///
    /// ```
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// assert_eq!(future::pending().race(future::ready(2)).await, 2);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// That of the two, of which one is always cancelled.
    fn race<F>(self, other: F) -> Race<Self, F>
    where
        Self: Sized,
        F: Future<Output = Self::Output>,
    {
        Race::new(self, other)
    }

    /// Waits for the first of the two that succeeds, and gives its output. The other one is dropped.
    ///
    /// ```
    /// use reference_runtime::future::{self, FutureMoreExt};
    ///
    /// # reference_runtime::block_on(async {
    /// let fails = future::ready(Err("one"));
    /// assert_eq!(fails.clone().try_race(future::ready(Ok(2))).await, Ok(2));
    /// assert_eq!(fails.try_race(future::ready(Err::<u32, _>("two"))).await, Err("two"));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The output is the error of the one that failed last, if both fail.
    ///
    /// # Cancel safety
    ///
    /// That of the two.
    fn try_race<F, T, E>(self, other: F) -> TryRace<Self, F>
    where
        Self: Sized + Future<Output = Result<T, E>>,
        F: Future<Output = Result<T, E>>,
    {
        TryRace::new(self, other)
    }
}

impl<F: Future + ?Sized> FutureMoreExt for F {}
