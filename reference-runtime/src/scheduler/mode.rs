//! Whether the monitor is parked, or an alarm is set that wakes it. See [`super::monitor`] for the argument that nothing
//! is missed while it parks.

use crate::primitive::{AtomicU32, Ordering, fence};

const PARKED: u32 = 0;
const ARMED: u32 = 1;

/// The word that the monitor shares with whoever becomes busy.
pub(crate) struct Mode(AtomicU32);

impl Mode {
    pub(crate) fn parked() -> Self {
        Self(AtomicU32::new(PARKED))
    }

    pub(crate) fn is_parked(&self) -> bool {
        // Relaxed: see the argument for what makes up for a stale answer.
        self.0.load(Ordering::Relaxed) == PARKED
    }

    /// True: the monitor was parked, and the caller is the one who sets the alarm.
    #[must_use]
    #[inline]
    pub(crate) fn arm(&self) -> bool {
        self.is_parked() && self.arm_parked()
    }

    /// As [`Mode::arm`], for who is no longer counted as sleeping, or has pushed to a lane.
    #[must_use]
    pub(crate) fn arm_after_a_change(&self) -> bool {
        // Step b of the argument; the partner is the fence in `park`.
        fence(Ordering::SeqCst);
        self.arm()
    }

    /// Out of line: it is rare, and the test before it is on the path of every push.
    #[cold]
    fn arm_parked(&self) -> bool {
        // Relaxed: of all that come here at once, one sets the alarm.
        self.0.compare_exchange(PARKED, ARMED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The monitor itself sets the alarm.
    pub(crate) fn stay_armed(&self) {
        self.0.store(ARMED, Ordering::Relaxed);
    }

    /// The monitor parks, and takes a farewell look later.
    pub(crate) fn park_until_the_farewell(&self) {
        self.0.store(PARKED, Ordering::Relaxed);
    }

    /// The monitor parks at once. True: somebody is awake after all, and the caller is the one who sets the alarm.
    #[must_use]
    pub(crate) fn park(&self, all_sleep: impl FnOnce() -> bool) -> bool {
        self.0.store(PARKED, Ordering::Relaxed);
        // Step 2 of the argument; the partner is the fence in `arm_after_a_change`.
        fence(Ordering::SeqCst);
        !all_sleep() && self.arm()
    }
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests {
    use super::*;
    use crate::primitive::{Arc, AtomicUsize, thread};

    /// Two workers wake while the monitor parks: one of the three sets the alarm, and no two do.
    #[test]
    fn workers_that_wake_while_the_monitor_parks_are_watched() {
        loom::model(|| {
            let mode = Arc::new(Mode::parked());
            mode.stay_armed();
            let awake = Arc::new(AtomicUsize::new(0));
            let workers: Vec<_> = (0..2)
                .map(|_| {
                    let (mode, awake) = (Arc::clone(&mode), Arc::clone(&awake));
                    thread::spawn(move || {
                        // Relaxed on purpose: the order comes from the fences alone.
                        awake.fetch_add(1, Ordering::Relaxed);
                        mode.arm_after_a_change()
                    })
                })
                .collect();
            let mut alarms = usize::from(mode.park(|| awake.load(Ordering::Relaxed) == 0));
            for worker in workers {
                alarms += usize::from(worker.join().expect("the worker does not panic"));
            }
            assert_eq!(alarms, 1, "the monitor sleeps beside a busy worker, or is woken twice");
        });
    }
}
