//! [`Sleep`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::after;
use crate::{reactor::Timer, runtime};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sleep_is_too_long() {
        assert!(sleep(Duration::MAX).deadline() > Instant::now());
    }
}
