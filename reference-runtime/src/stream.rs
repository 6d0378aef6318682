//! Streams: iterators whose next item may take a while.
//!
//! What a stream is and nearly all that can be done with one is in the crate [`futures`]; its [`Stream`], [`StreamExt`] and
//! [`TryStreamExt`] are here too, with the functions that make streams under the names of [`std::iter`] and async-std.
//! This crate adds what takes a clock, [`interval()`] and the time-outs and throttles of [`StreamMoreExt`].
//!
//! ```
//! use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
//! use std::time::Duration;
//!
//! # reference_runtime::block_on(async {
//! let numbers = stream::from_iter(1..=3).throttle(Duration::from_millis(1));
//! let squares: Vec<u32> = numbers.map(|number| number * number).collect().await;
//! assert_eq!(squares, [1, 4, 9]);
//! # });
//! ```
//!
//! Some methods of `futures` take a closure that returns a future where async-std's take one that returns the value:
//! `filter(|number| future::ready(number % 2 == 0))`. The trait `StreamExt` of the crate `futures-lite` has async-std's forms.

mod interval;
mod throttle;
mod timeout;

pub use futures::stream::{
    Empty, FusedStream, Iter, Pending, Repeat, RepeatWith, Stream, StreamExt, TryStream, TryStreamExt, empty,
    pending, repeat, repeat_with,
};
pub use interval::{Interval, interval};
pub use throttle::Throttle;
pub use timeout::Timeout;

use std::iter;
use std::time::Duration;

/// The stream of [`from_iter`].
pub type FromIter<I> = Iter<I>;
/// The stream of [`from_fn`].
pub type FromFn<F> = Iter<iter::FromFn<F>>;
/// The stream of [`once`].
pub type Once<T> = Iter<iter::Once<T>>;
/// The stream of [`StreamMoreExt::merge`].
pub type Merge<A, B> = futures::stream::Select<A, B>;
/// The stream of [`successors`].
pub type Successors<F, T> = Iter<iter::Successors<T, F>>;

/// Makes a stream of what an iterator yields: [`futures::stream::iter`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt};
///
/// assert_eq!(stream::from_iter([1, 2, 3]).collect::<Vec<_>>().await, [1, 2, 3]);
/// # });
/// ```
pub fn from_iter<I: IntoIterator>(items: I) -> FromIter<I::IntoIter> {
    futures::stream::iter(items)
}

/// Makes a stream of one item. (That of `futures` takes a future for it.)
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt};
///
/// assert_eq!(stream::once(7).collect::<Vec<_>>().await, [7]);
/// # });
/// ```
pub fn once<T>(item: T) -> Once<T> {
    from_iter(iter::once(item))
}

/// Makes a stream that calls the closure for each item, until that gives [`None`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt};
///
/// let mut count = 0;
/// let stream = stream::from_fn(move || {
///     count += 1;
///     (count < 4).then_some(count)
/// });
/// assert_eq!(stream.collect::<Vec<_>>().await, [1, 2, 3]);
/// # });
/// ```
pub fn from_fn<T, F: FnMut() -> Option<T>>(next: F) -> FromFn<F> {
    from_iter(iter::from_fn(next))
}

/// Makes a stream in which the closure makes each item from the one before, until it gives [`None`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt};
///
/// let powers = stream::successors(Some(1_u16), |power| power.checked_mul(10));
/// assert_eq!(powers.collect::<Vec<_>>().await, [1, 10, 100, 1_000, 10_000]);
/// # });
/// ```
pub fn successors<T, F: FnMut(&T) -> Option<T>>(first: Option<T>, next: F) -> Successors<F, T> {
    from_iter(iter::successors(first, next))
}

/// What streams can do beside what [`StreamExt`] has, most of it with a clock. Implemented for every [`Stream`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
/// use std::time::Duration;
///
/// let slow = stream::once("in time").chain(stream::pending());
/// let mut limited = slow.throttle(Duration::from_millis(1)).timeout(Duration::from_millis(5));
/// while let Some(Ok(item)) = limited.next().await {
///     assert_eq!(item, "in time");
/// }
/// # });
/// ```
pub trait StreamMoreExt: Stream {
    /// The items of two streams, as they come: each time the stream that is asked first is the other one. It ends when both
    /// have. Another name for [`futures::stream::select`], which async-std has.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
    ///
    /// let both = stream::from_iter([1, 2]).merge(stream::from_iter([10, 20, 30]));
    /// assert_eq!(both.collect::<Vec<_>>().await, [1, 10, 2, 20, 30]);
    /// # });
    /// ```
    fn merge<S>(self, other: S) -> Merge<Self, S>
    where
        Self: Sized,
        S: Stream<Item = Self::Item>,
    {
        futures::stream::select(self, other)
    }

    /// Gives each item at most `duration`, counted from the one before, and for the first from this call.
    ///
    /// Where an item takes longer the stream yields an error, and goes on: the next item has as long again. If both
    /// happen at once, the item wins.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
    /// use std::time::Duration;
    ///
    /// let slow = stream::once(7).chain(stream::pending());
    /// let mut limited = slow.timeout(Duration::from_millis(5));
    /// assert_eq!(limited.next().await, Some(Ok(7)));
    /// assert!(limited.next().await.unwrap().is_err());
    /// assert!(limited.next().await.unwrap().is_err());
    /// # });
    /// ```
    fn timeout(self, duration: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout::new(self, duration)
    }

    /// Yields items no faster than one in `duration`. The first comes at once.
    ///
    /// Items that are ready wait in the stream below: none is left out.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
    /// use std::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let slowly = stream::from_iter(0..3).throttle(Duration::from_millis(5));
    /// assert_eq!(slowly.count().await, 3);
    /// assert!(start.elapsed() >= Duration::from_millis(10));
    /// # });
    /// ```
    fn throttle(self, duration: Duration) -> Throttle<Self>
    where
        Self: Sized,
    {
        Throttle::new(self, duration)
    }
}

impl<S: Stream + ?Sized> StreamMoreExt for S {}
