//! The clock that wakes the monitor: set by whoever becomes busy, and by the monitor itself.
//!
//! On Linux it is a kernel timer on a descriptor. Setting it is one system call and wakes nobody. Waking the monitor at
//! each change from idle to busy, only for it to find that all is well, cost two context switches each time.

use std::time::Duration;

pub(crate) use platform::Alarm;

/// The shortest time an alarm can be set to: a timer set to zero would be cleared.
fn at_least_a_nanosecond(after: Duration) -> Duration {
    after.max(Duration::from_nanos(1))
}

#[cfg(target_os = "linux")]
mod platform {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// See the module's documentation.
    pub(crate) struct Alarm(OwnedFd);

    impl Alarm {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self(timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?))
        }

        /// Rings once after this time. Replaces what was set before.
        pub(crate) fn set(&self, after: Duration) {
            let after = super::at_least_a_nanosecond(after);
            let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
            let value = Timespec { tv_sec: after.as_secs() as _, tv_nsec: after.subsec_nanos() as _ };
            let timer = Itimerspec { it_interval: zero, it_value: value };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &timer)
                .expect("the descriptor is a timer and the time is in range");
        }

        /// Blocks until it rings.
        pub(crate) fn wait(&self) {
            let mut expirations = [0; 8];
            // An interrupted read waits again. No other error can come from a timer that is ours alone.
            while rustix::io::read(&self.0, &mut expirations).is_err() {}
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::io;
    use std::sync::{Condvar, Mutex, MutexGuard};
    use std::time::{Duration, Instant};

    /// See the module's documentation; here a thread has to be woken to learn of a new time.
    pub(crate) struct Alarm {
        rings_at: Mutex<Option<Instant>>,
        changed: Condvar,
    }

    impl Alarm {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self { rings_at: Mutex::new(None), changed: Condvar::new() })
        }

        /// Rings once after this time. Replaces what was set before.
        pub(crate) fn set(&self, after: Duration) {
            *self.lock() = Some(Instant::now() + super::at_least_a_nanosecond(after));
            self.changed.notify_one();
        }

        /// Blocks until it rings.
        pub(crate) fn wait(&self) {
            let mut rings_at = self.lock();
            loop {
                rings_at = match *rings_at {
                    None => self.changed.wait(rings_at).unwrap_or_else(|poisoned| poisoned.into_inner()),
                    Some(at) => {
                        let left = at.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            *rings_at = None;
                            return;
                        }
                        let waited = self.changed.wait_timeout(rings_at, left);
                        waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0
                    }
                };
            }
        }

        fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
            self.rings_at.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc;

    #[test]
    fn an_alarm_rings_once_for_what_was_set_last() {
        let alarm = Arc::new(Alarm::new().expect("an alarm can be had"));
        let (rang, ringing) = mpsc::channel();
        let waiter = {
            let alarm = Arc::clone(&alarm);
            std::thread::spawn(move || {
                for _ in 0..2 {
                    alarm.wait();
                    rang.send(()).expect("the test listens");
                }
            })
        };
        alarm.set(Duration::from_secs(3600));
        alarm.set(Duration::ZERO);
        ringing.recv().expect("it rings");
        alarm.set(Duration::ZERO);
        ringing.recv().expect("it rings again");
        waiter.join().expect("the waiter does not panic");
    }
}
