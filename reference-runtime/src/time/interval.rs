//! [`Interval`].

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures::Stream;

use super::{Sleep, after, sleep_until};

/// Ticks at once, then every `period`.
///
/// # Panics
///
/// If `period` is zero.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::interval;
/// use std::time::Duration;
///
/// # reference_runtime::block_on(async {
/// let mut interval = interval(Duration::from_millis(5));
/// let first = interval.tick().await;
/// let second = interval.tick().await;
/// assert!(second - first >= Duration::from_millis(5));
/// # })
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks at `start`, then every `period`.
///
/// # Panics
///
/// If `period` is zero.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::interval_at;
/// use std::time::{Duration, Instant};
///
/// # reference_runtime::block_on(async {
/// let start = Instant::now() + Duration::from_millis(5);
/// assert_eq!(interval_at(start, Duration::from_secs(1)).tick().await, start);
/// # })
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an interval has to be longer than zero");
    Interval { next: sleep_until(start), period, missed: MissedTickBehavior::default() }
}

/// Ticks at regular moments. Made by [`interval`] and [`interval_at`].
///
/// Ticks that nobody waited for in time are skipped: the first of them comes late, those that would by now be
/// in the past do not come at all, and the rhythm stays that of the start. So a consumer that was held up
/// gets one tick, not a burst of them. [`Interval::set_missed_tick_behavior`] changes that.
///
/// As a [`Stream`] it yields what [`Interval::tick`] returns, and never ends.
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use reference_runtime::time::interval;
/// use std::time::{Duration, Instant};
///
/// # reference_runtime::block_on(async {
/// let period = Duration::from_millis(2);
/// let ticks: Vec<Instant> = interval(period).take(3).collect().await;
/// assert!(ticks[2] - ticks[0] >= period * 2);
/// # })
/// ```
#[derive(Debug)]
pub struct Interval {
    next: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick and returns the moment it was due.
    ///
    /// # Cancel safety
    ///
    /// A tick is consumed only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::{interval, sleep};
    /// use std::time::Duration;
    ///
    /// # reference_runtime::block_on(async {
    /// let period = Duration::from_millis(2);
    /// let mut interval = interval(period);
    /// let first = interval.tick().await;
    ///
    /// // Too late for several ticks: one comes at once, the others are skipped.
    /// sleep(period * 5).await;
    /// assert_eq!(interval.tick().await, first + period);
    /// assert!(interval.tick().await >= first + period * 5);
    /// # })
    /// ```
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// The time between two ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::time::Duration;
    ///
    /// assert_eq!(interval(Duration::from_secs(1)).period(), Duration::from_secs(1));
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What happens with ticks that nobody waited for in time.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::{MissedTickBehavior, interval};
    /// use std::time::Duration;
    ///
    /// let interval = interval(Duration::from_secs(1));
    /// assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Skip);
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what happens with ticks that nobody waited for in time, from the next tick on.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::{MissedTickBehavior, interval, sleep};
    /// use std::time::Duration;
    ///
    /// # reference_runtime::block_on(async {
    /// let period = Duration::from_millis(2);
    /// let mut interval = interval(period);
    /// interval.set_missed_tick_behavior(MissedTickBehavior::Burst);
    /// let first = interval.tick().await;
    ///
    /// // Too late for two ticks: both come, at once.
    /// sleep(period * 2).await;
    /// assert_eq!(interval.tick().await, first + period);
    /// assert_eq!(interval.tick().await, first + period * 2);
    /// # })
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// Begins a new rhythm: the next tick comes one period after this call.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::time::{Duration, Instant};
    ///
    /// # reference_runtime::block_on(async {
    /// let period = Duration::from_millis(2);
    /// let mut interval = interval(period);
    /// let start = Instant::now();
    /// interval.reset();
    /// assert!(interval.tick().await >= start + period);
    /// # })
    /// ```
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// Begins a new rhythm: the next tick comes at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::time::Duration;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut interval = interval(Duration::from_secs(3600));
    /// interval.tick().await;
    /// interval.reset_immediately();
    /// interval.tick().await;
    /// # })
    /// ```
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Begins a new rhythm: the next tick comes after `duration`, those after it by periods as before.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::time::Duration;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut interval = interval(Duration::from_secs(3600));
    /// interval.tick().await;
    /// interval.reset_after(Duration::from_millis(2));
    /// interval.tick().await;
    /// # })
    /// ```
    pub fn reset_after(&mut self, duration: Duration) {
        self.reset_at(after(Instant::now(), duration));
    }

    /// Begins a new rhythm: the next tick comes at `deadline`, those after it by periods as before. One that has passed
    /// comes at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::time::{Duration, Instant};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut interval = interval(Duration::from_secs(3600));
    /// let deadline = Instant::now() + Duration::from_millis(2);
    /// interval.reset_at(deadline);
    /// assert_eq!(interval.tick().await, deadline);
    /// # })
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.next.reset(deadline);
    }

    /// Like [`Interval::tick`], for who writes a `poll` function.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::interval;
    /// use std::{future::poll_fn, time::Duration};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut interval = interval(Duration::from_secs(3600));
    /// poll_fn(|cx| interval.poll_tick(cx)).await;
    /// # })
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.next).poll(cx));
        let tick = self.next.deadline();
        self.next = sleep_until(self.missed.next_tick(tick, self.period, Instant::now()));
        Poll::Ready(tick)
    }
}

/// What becomes of ticks that nobody waited for in time. With tokio's names; the default is another, since most of
/// what is done by intervals is to be done now and then, and not to be made up for.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::MissedTickBehavior;
///
/// assert_eq!(MissedTickBehavior::default(), MissedTickBehavior::Skip);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// All come, one right after the other, until the rhythm of the start is reached again. Their number stays right.
    Burst,
    /// The first comes late, and the rhythm begins anew with it: the next comes a period after the late one was had.
    Delay,
    /// The first comes late, the others not at all, and the rhythm stays that of the start.
    #[default]
    Skip,
}

impl MissedTickBehavior {
    /// When to tick next, where `tick` was the last and is had at `now`.
    fn next_tick(self, tick: Instant, period: Duration, now: Instant) -> Instant {
        let next = after(tick, period);
        match self {
            // In time, but for what lies between a moment and its notice.
            _ if next > now => next,
            MissedTickBehavior::Burst => next,
            MissedTickBehavior::Delay => after(now, period),
            MissedTickBehavior::Skip => skip_to(tick, period, now),
        }
    }
}

/// The first tick that is in the future at `now`, where `tick` was one in the past.
fn skip_to(tick: Instant, period: Duration, now: Instant) -> Instant {
    let into_period = (now - tick).as_nanos() % period.as_nanos();
    // The remainder is less than the time between two instants both of which are in the past, some centuries
    // at most, of which there are fewer nanoseconds than a u64 counts.
    let into_period = Duration::from_nanos(u64::try_from(into_period).unwrap_or(u64::MAX));
    after(now, period.saturating_sub(into_period))
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(10);

    #[test]
    fn the_rhythm_stays_that_of_the_start() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let next = |millis| MissedTickBehavior::Skip.next_tick(start, PERIOD, at(millis));
        assert_eq!(next(0), at(10));
        assert_eq!(next(9), at(10));
        assert_eq!(next(10), at(20));
        assert_eq!(next(47), at(50));
    }

    #[test]
    fn a_burst_makes_up_for_all() {
        let start = Instant::now();
        let late = start + PERIOD * 4;
        let behavior = MissedTickBehavior::Burst;
        assert_eq!(behavior.next_tick(start, PERIOD, late), start + PERIOD);
        assert_eq!(behavior.next_tick(start + PERIOD, PERIOD, late), start + PERIOD * 2);
    }

    #[test]
    fn a_delay_begins_a_new_rhythm() {
        let start = Instant::now();
        let late = start + Duration::from_millis(47);
        let behavior = MissedTickBehavior::Delay;
        assert_eq!(behavior.next_tick(start, PERIOD, late), late + PERIOD);
        assert_eq!(behavior.next_tick(start, PERIOD, start), start + PERIOD, "but not if it was in time");
    }

    #[test]
    fn no_period_is_too_long() {
        let start = Instant::now();
        for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
            assert!(behavior.next_tick(start, Duration::MAX, start) > start);
        }
    }
}
