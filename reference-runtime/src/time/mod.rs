//! Waiting for moments in time.
//!
//! Nothing here fires early, and on the systems whose poller takes exact times (Linux among them) it is late
//! by microseconds rather than by a millisecond.
//!
//! A timer belongs to the runtime that polls it first. Should that runtime shut down before the timer is due,
//! the timer moves to the runtime of whoever polls it next.
//!
//! [`Duration`] and [`Instant`] are std's: time cannot be paused here.

mod interval;
mod sleep;
mod timeout;

#[doc(no_inline)]
pub use std::time::{Duration, Instant};

pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};

/// What a deadline beyond the end of [`Instant`] becomes: nobody will be there to tell the difference.
const FAR_FUTURE: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// `start + duration`, or the far future if there is no such moment.
fn after(start: Instant, duration: Duration) -> Instant {
    start.checked_add(duration).or_else(|| start.checked_add(FAR_FUTURE)).unwrap_or(start)
}
