//! The monitor: the thread that keeps the time for all workers, and sleeps while there is nothing to watch.
//!
//! What it does when it looks is in [`super::watch`]. Here is when it looks.
//!
//! | Mode     | The alarm                | Left when                                                           |
//! |----------|--------------------------|---------------------------------------------------------------------|
//! | `PARKED` | is not set               | a worker wakes, or queues a task: it sets the alarm → `ARMED`        |
//! | `ARMED`  | rings, and the monitor   | at a look every worker slept, or nothing was worth a look for a     |
//! |          | looks and sets it anew   | while → `PARKED`                                                    |
//!
//! Nobody but the monitor ever takes an alarm back. A worker that goes to sleep leaves it set: it rings once, finds all
//! workers asleep, and that was that. So a program that is busy now and then costs one wake-up of the monitor each time,
//! and one that goes to and fro between busy and idle many times a millisecond is looked at on a slow, fixed rhythm, and
//! pays a relaxed load where a worker queues a task and a fence where one wakes. (When each sleep of the last worker
//! cleared the alarm and each wake set it, that took two system calls, each of which programmed the timer of a core anew.)
//!
//! **Nothing is missed while the monitor parks.** There are two ways to park.
//!
//! * *Every worker sleeps.* The monitor parks and a worker wakes:
//!
//!   | The monitor                      | A worker ([`Monitor::wake_if_parked_after_a_change`])     |
//!   |----------------------------------|-----------------------------------------------------------|
//!   | 1. stores `PARKED`               | a. is no longer counted as sleeping                       |
//!   | 2. `fence(SeqCst)`               | b. `fence(SeqCst)`                                        |
//!   | 3. reads how many workers sleep  | c. reads the mode                                         |
//!
//!   The fences are totally ordered. If 2 comes before b, then c sees `PARKED` and the worker sets the alarm; else 3 sees
//!   a worker that is awake, and the monitor sets it. The same holds for a push to a lane, which needs no worker.
//! * *Some worker is awake.* The monitor stores `PARKED` first and looks once more *afterwards*, a period later (the
//!   farewell look). Whoever queues a task after that store sees it and sets the alarm; what was queued before it has
//!   long left that core's store buffer when the farewell look comes. So the path of a push needs no fence.

use std::io;
use std::time::Duration;

use super::alarm::Alarm;
use super::mode::Mode;
use super::watch::{Next, Watch};
use super::{Scheduler, abort_on_panic};
use crate::primitive::{Arc, AtomicU64, Mutex, Ordering, lock, thread};

/// The side of the monitor that workers see.
pub(crate) struct Monitor {
    /// `None`: there is no monitor.
    watched: Option<Watched>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

struct Watched {
    period: Duration,
    alarm: Alarm,
    /// Held while the alarm is set: one that tells the monitor to stop is not replaced.
    is_stopping: Mutex<bool>,
    mode: Mode,
    /// How long after a worker wakes the monitor looks, in nanoseconds. Relaxed: written by the monitor, and any value it
    /// ever had will do.
    first_look: AtomicU64,
}

impl Monitor {
    pub(crate) fn new(period: Option<Duration>) -> io::Result<Self> {
        let watched = period.map(Watched::new).transpose()?;
        Ok(Self { watched, thread: Mutex::new(None) })
    }

    /// Starts the monitor's thread.
    pub(crate) fn start(scheduler: &Arc<Scheduler>) -> io::Result<()> {
        let monitor = &scheduler.monitor;
        let Some(watched) = &monitor.watched else { return Ok(()) };
        let watch = Watch::new(Arc::clone(scheduler), watched.period);
        let name = format!("{}-monitor", scheduler.config.thread_name);
        let started = thread::Builder::new().name(name).spawn(move || {
            let monitor = Arc::clone(&watch.scheduler);
            monitor.traced.enter();
            let watched =
                monitor.monitor.watched.as_ref().expect("a monitor that starts has something to watch");
            abort_on_panic(|| watched.run(watch));
        })?;
        *lock(&monitor.thread) = Some(started);
        Ok(())
    }

    /// Whether somebody would notice a stuck poll.
    pub(crate) fn is_on(&self) -> bool {
        self.watched.is_some()
    }

    /// A worker that is awake queues a task that it wakes nobody for.
    pub(crate) fn wake_if_parked(&self) {
        if let Some(watched) = self.watched.as_ref().filter(|watched| watched.mode.arm()) {
            watched.set_first_alarm();
        }
    }

    /// A worker has stopped to count as sleeping, or a task was pushed to a lane.
    pub(crate) fn wake_if_parked_after_a_change(&self) {
        if let Some(watched) = self.watched.as_ref().filter(|watched| watched.mode.arm_after_a_change()) {
            watched.set_first_alarm();
        }
    }

    /// Ends the monitor's thread and waits for it.
    pub(crate) fn stop(&self) {
        let Some(watched) = &self.watched else { return };
        {
            let mut is_stopping = lock(&watched.is_stopping);
            *is_stopping = true;
            watched.alarm.set(Duration::ZERO);
        }
        let Some(thread) = lock(&self.thread).take() else { return };
        // A hook of the user runs on the monitor's thread and may drop the runtime.
        if thread.thread().id() != thread::current().id() {
            // Its panics are caught where hooks are called.
            let _ = thread.join();
        }
    }
}

impl Watched {
    fn new(period: Duration) -> io::Result<Self> {
        let (mode, first_look) = (Mode::parked(), AtomicU64::new(nanos(period)));
        Ok(Self { period, alarm: Alarm::new()?, is_stopping: Mutex::new(false), mode, first_look })
    }

    fn run(&self, mut watch: Watch) {
        make_sleeps_exact();
        loop {
            self.alarm.wait();
            if *lock(&self.is_stopping) {
                return;
            }
            let is_farewell = self.mode.is_parked();
            match watch.look(is_farewell) {
                Next::Look(after) => {
                    self.mode.stay_armed();
                    self.set_alarm(after);
                }
                // Somebody may have set the alarm during the farewell look: then it rings.
                Next::Park if is_farewell => {}
                Next::Park => {
                    self.mode.park_until_the_farewell();
                    self.set_alarm(self.period);
                }
                Next::Sleep { first_look } => {
                    self.first_look.store(nanos(first_look), Ordering::Relaxed);
                    if self.mode.park(|| watch.all_sleep()) {
                        self.set_first_alarm();
                    }
                }
            }
        }
    }

    /// For who has armed the mode.
    #[cold]
    fn set_first_alarm(&self) {
        self.set_alarm(Duration::from_nanos(self.first_look.load(Ordering::Relaxed)));
    }

    fn set_alarm(&self, after: Duration) {
        let is_stopping = lock(&self.is_stopping);
        if !*is_stopping {
            self.alarm.set(after);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The kernel may round the sleeps of a thread up to save energy, by 50 µs: a quarter of a period.
fn make_sleeps_exact() {
    #[cfg(target_os = "linux")]
    {
        // Refused in some sandboxes; the monitor is then a little late.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}
