//! The clock of a recording: nanoseconds since it began.
//!
//! [`Instant`](std::time::Instant) would do, and does where there is no other. On Linux its difference to the begin is
//! thirty nanoseconds' work, of which ten are for the seconds and nanoseconds to be checked and borrowed from each other.

pub(super) use platform::Clock;

#[cfg(target_os = "linux")]
mod platform {
    use rustix::time::{ClockId, clock_gettime};

    /// See the module's documentation. What `Instant` reads, too.
    #[derive(Clone, Copy)]
    pub(crate) struct Clock {
        began: u64,
    }

    impl Clock {
        pub(crate) fn start() -> Clock {
            Clock { began: nanos() }
        }

        #[inline]
        pub(crate) fn now(self) -> u64 {
            nanos().wrapping_sub(self.began)
        }
    }

    /// Since the machine started, more or less: 64 bits last for centuries.
    #[inline]
    fn nanos() -> u64 {
        let time = clock_gettime(ClockId::Monotonic);
        (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Instant;

    /// See the module's documentation.
    #[derive(Clone, Copy)]
    pub(crate) struct Clock {
        began: Instant,
    }

    impl Clock {
        pub(crate) fn start() -> Clock {
            Clock { began: Instant::now() }
        }

        #[inline]
        pub(crate) fn now(self) -> u64 {
            let elapsed = self.began.elapsed();
            elapsed.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(elapsed.subsec_nanos()))
        }
    }
}
