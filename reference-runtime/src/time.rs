//! Waiting for moments in time.
//!
//! Nothing here fires early, and on the systems whose poller takes exact times (Linux among them) it is late
//! by microseconds rather than by a millisecond.
//!
//! A timer belongs to the runtime that polls it first. Should that runtime shut down before the timer is due,
//! the timer moves to the runtime of whoever polls it next.

use std::{
    error::Error,
    fmt,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures::Stream;
use pin_project_lite::pin_project;

use crate::{reactor::Timer, runtime};

/// What a deadline beyond the end of [`Instant`] becomes: nobody will be there to tell the difference.
const FAR_FUTURE: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// `start + duration`, or the far future if there is no such moment.
fn after(start: Instant, duration: Duration) -> Instant {
    start.checked_add(duration).or_else(|| start.checked_add(FAR_FUTURE)).unwrap_or(start)
}

/// Waits for `duration`, counted from this call.
///
/// Never over early; sleeps that end within 20 µs of each other may share a wake-up, so as not to cost one each. A zero
/// duration is over at once. One too long for the clock, such as [`Duration::MAX`], counts as thirty years.
///
/// # Cancel safety
///
/// Dropping the [`Sleep`] removes its timer. Nothing is lost, since nothing but time passes.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::sleep;
/// use std::time::{Duration, Instant};
///
/// # reference_runtime::block_on(async {
/// let start = Instant::now();
/// sleep(Duration::from_millis(5)).await;
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// # })
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(after(Instant::now(), duration))
}

/// Waits until `deadline`. One that has passed is over at once.
///
/// # Cancel safety
///
/// As with [`sleep`].
///
/// # Examples
///
/// ```
/// use reference_runtime::time::sleep_until;
/// use std::time::{Duration, Instant};
///
/// # reference_runtime::block_on(async {
/// let deadline = Instant::now() + Duration::from_millis(5);
/// sleep_until(deadline).await;
/// assert!(Instant::now() >= deadline);
/// # })
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None }
}

/// Waits until its deadline. Made by [`sleep`] and [`sleep_until`].
///
/// The timer is set at the first poll. Polling it again after it was over says so again.
///
/// # Panics
///
/// Polling one that has to wait panics if the runtime of the current thread has shut down.
///
/// # Examples
///
/// ```
/// use reference_runtime::time::{Sleep, sleep};
/// use std::time::Duration;
///
/// let mut nap: Sleep = sleep(Duration::from_millis(5));
/// reference_runtime::block_on(&mut nap);
/// assert!(nap.is_elapsed());
/// ```
#[must_use = "a sleep does nothing unless awaited"]
pub struct Sleep {
    deadline: Instant,
    /// Set since the first poll that had to wait.
    timer: Option<Timer>,
}

impl Sleep {
    /// When the sleep is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::sleep_until;
    /// use std::time::Instant;
    ///
    /// let now = Instant::now();
    /// assert_eq!(sleep_until(now).deadline(), now);
    /// ```
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Says whether the deadline has passed, whoever waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::time::sleep;
    /// use std::time::Duration;
    ///
    /// assert!(sleep(Duration::ZERO).is_elapsed());
    /// assert!(!sleep(Duration::from_secs(3600)).is_elapsed());
    /// ```
    pub fn is_elapsed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Moves the deadline, to earlier or later. The task that waits is woken at the new one; so a sleep that
    /// is over can be used again.
    ///
    /// # Examples
    ///
    /// An end to inactivity, which every sign of life puts off:
    ///
    /// ```
    /// use reference_runtime::time::sleep;
    /// use std::time::{Duration, Instant};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut idle = sleep(Duration::from_secs(3600));
    /// idle.reset(Instant::now() + Duration::from_millis(5));
    /// idle.await;
    /// # })
    /// ```
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if self.timer.as_mut().is_some_and(|timer| !timer.reset(deadline)) {
            // It was due, so its task is awake and will come by.
            self.timer = None;
        }
    }

    /// Sets the timer, for the task of `cx`.
    fn set_timer(&mut self, cx: &Context<'_>) {
        if self.timer.as_ref().is_some_and(|timer| timer.renew(cx)) {
            return;
        }
        self.timer = Timer::new(runtime::reactor(), self.deadline, cx);
        assert!(self.timer.is_some(), "this thread's runtime has shut down; sleep on one that is running");
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_elapsed() {
            self.timer = None;
            return Poll::Ready(());
        }
        self.set_timer(cx);
        Poll::Pending
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

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
    Interval { next: sleep_until(start), period }
}

/// Ticks at regular moments. Made by [`interval`] and [`interval_at`].
///
/// Ticks that nobody waited for in time are skipped: the first of them comes late, those that would by now be
/// in the past do not come at all, and the rhythm stays that of the start. So a consumer that was held up
/// gets one tick, not a burst of them.
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

    fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.next).poll(cx));
        let tick = self.next.deadline();
        self.next = sleep_until(next_tick(tick, self.period, Instant::now()));
        Poll::Ready(tick)
    }
}

/// The first tick that is in the future at `now`, where `tick` was the last.
fn next_tick(tick: Instant, period: Duration, now: Instant) -> Instant {
    let next = after(tick, period);
    if next > now {
        return next;
    }
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

    #[test]
    fn the_rhythm_stays_that_of_the_start() {
        let start = Instant::now();
        let period = Duration::from_millis(10);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(next_tick(start, period, at(0)), at(10));
        assert_eq!(next_tick(start, period, at(9)), at(10));
        assert_eq!(next_tick(start, period, at(10)), at(20));
        assert_eq!(next_tick(start, period, at(47)), at(50));
    }

    #[test]
    fn no_period_is_too_long() {
        let start = Instant::now();
        assert!(next_tick(start, Duration::MAX, start) > start);
        assert!(sleep(Duration::MAX).deadline() > start);
    }
}
