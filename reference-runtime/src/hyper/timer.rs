//! hyper's limits of time on our clock.

use std::pin::Pin;
use std::time::{Duration, Instant};

use crate::time::{self, sleep, sleep_until};

/// Gives hyper its time, from [`time`].
///
/// hyper uses it for limits, such as that of 30 seconds for the headers of a request, and for HTTP/2's keep-alive. A
/// server without a timer has no such limits.
///
/// ```
/// use std::time::Duration;
///
/// use hyper::rt::Timer as _;
/// use reference_runtime::hyper::Timer;
///
/// # reference_runtime::block_on(async {
/// let start = std::time::Instant::now();
/// Timer.sleep(Duration::from_millis(5)).await;
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl ::hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn ::hyper::rt::Sleep>> {
        Box::pin(sleep(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn ::hyper::rt::Sleep>> {
        Box::pin(sleep_until(deadline))
    }

    /// Moves the deadline of a sleep of ours in place; any other is replaced.
    fn reset(&self, sleep: &mut Pin<Box<dyn ::hyper::rt::Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<time::Sleep>() {
            Some(sleep) => sleep.get_mut().reset(deadline),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

impl ::hyper::rt::Sleep for time::Sleep {}
