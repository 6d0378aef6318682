//! A stream that only tells the time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::Stream;
use crate::time;

/// Yields after `period`, and then every `period`.
///
/// [`time::interval`] is the other form: it yields the first time at once, and the moments at which it was due.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, StreamExt};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let mut ticks = stream::interval(Duration::from_millis(2));
/// ticks.next().await;
/// assert!(start.elapsed() >= Duration::from_millis(2));
/// # });
/// ```
///
/// # Panics
///
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let now = Instant::now();
    // One too long for the clock has its first tick when such a sleep is over.
    let first = now.checked_add(period).unwrap_or_else(|| time::sleep(period).deadline());
    Interval { ticks: time::interval_at(first, period) }
}

/// The stream of [`interval`]. It never ends, and skips ticks that nobody waited for, as [`time::Interval`] does.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::stream::{self, Interval, StreamExt};
/// use std::time::Duration;
///
/// let ticks: Interval = stream::interval(Duration::from_millis(1));
/// assert_eq!(ticks.take(3).count().await, 3);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Interval {
    ticks: time::Interval,
}

impl Stream for Interval {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        Pin::new(&mut self.ticks).poll_next(context).map(|tick| tick.map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_period_is_too_long() {
        assert!(format!("{:?}", interval(Duration::MAX)).contains("Interval"));
    }

    #[test]
    #[should_panic = "longer than zero"]
    fn a_period_of_nothing_is_refused() {
        let _never = interval(Duration::ZERO);
    }
}
