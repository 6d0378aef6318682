//! Whether there is a core for another worker.
//!
//! Where other threads keep the cores busy, of this process or of others, a second worker gets its core by taking one
//! from somebody: from the first worker, or from whom both serve. All wait for each other then, and as much gets done
//! as before, only later. Linux tells: it counts the time that a thread could have run and had to wait for a core. If
//! that is much while a second worker is awake, the next ones are woken for much more queued work than otherwise. After
//! a pause it is tried again; each time in vain the pause doubles.
//!
//! Where the kernel does not tell, nothing is ever found to be crowded.

use std::time::{Duration, Instant};

/// The time between two judgements, at least: the kernel's counts move in steps of its clock tick.
const INTERVAL: Duration = Duration::from_millis(4);
/// Workers that together wait for cores for this part of the time are one too many.
const MOST_WAITING: u32 = 8;
/// The pause before another worker is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the monitor remembers of it.
pub(super) struct Crowd {
    last: Instant,
    until: Option<Instant>,
    pause: Duration,
}

impl Crowd {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, until: None, pause: FIRST_PAUSE }
    }

    /// Whether it is time to ask the kernel.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now - self.last >= INTERVAL
    }

    /// Whether the cores are taken, given how long the workers have waited for cores since the last time, all told, and
    /// how many of them are awake. `None`: the kernel does not tell, or they are not the same workers as then.
    pub(super) fn judge(&mut self, now: Instant, waited: Option<Duration>, awake: usize) -> bool {
        let elapsed = now - std::mem::replace(&mut self.last, now);
        if self.until.is_some_and(|until| now < until) {
            return true;
        }
        let was_crowded = self.until.take().is_some();
        let Some(waited) = waited else { return false };
        // After a pause there is nothing to be learned before a second worker has been up for a while.
        if was_crowded || awake < 2 {
            return false;
        }
        if waited * MOST_WAITING < elapsed {
            self.pause = FIRST_PAUSE;
            return false;
        }
        self.until = now.checked_add(self.pause);
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        true
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    /// A monitor that looks every 4 ms.
    struct Looks {
        crowd: Crowd,
        now: Instant,
    }

    impl Looks {
        fn new() -> Self {
            let now = Instant::now();
            Self { crowd: Crowd::new(now), now }
        }

        /// Looks for so long, during which `awake` workers wait for this part of the time, and counts the looks that
        /// found it crowded.
        fn look(&mut self, time: Duration, awake: usize, waiting: f64) -> u32 {
            let end = self.now + time;
            let mut crowded = 0;
            while self.now < end {
                self.now += INTERVAL;
                assert!(self.crowd.is_due(self.now));
                crowded += u32::from(self.crowd.judge(self.now, Some(INTERVAL.mul_f64(waiting)), awake));
            }
            crowded
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn workers_that_have_cores_are_not_crowded() {
        assert_eq!(Looks::new().look(SECOND, 2, 0.05), 0);
    }

    #[test]
    fn a_worker_that_is_alone_tells_nothing_about_a_second() {
        assert_eq!(Looks::new().look(SECOND, 1, 0.9), 0);
    }

    #[test]
    fn workers_that_wait_for_cores_are_crowded_and_tried_again_ever_later() {
        let mut looks = Looks::new();
        let first = looks.look(SECOND, 2, 0.6);
        let tries = |crowded: u32| 250 - crowded;
        assert!((1..=12).contains(&tries(first)), "{first} of 250 looks");
        let second = looks.look(SECOND, 2, 0.6);
        assert!(tries(second) < tries(first), "{first} and then {second} of 250 looks");
    }

    #[test]
    fn cores_that_are_free_again_are_found() {
        let mut looks = Looks::new();
        looks.look(SECOND, 2, 0.6);
        looks.look(LONGEST_PAUSE, 2, 0.0);
        assert_eq!(looks.look(SECOND, 2, 0.0), 0);
    }

    #[test]
    fn without_an_answer_of_the_kernel_nothing_is_crowded() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        assert!(!crowd.judge(now + INTERVAL, None, 2));
    }
}
