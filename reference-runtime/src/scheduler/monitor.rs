//! The monitor: the thread that keeps the time for all workers, and sleeps while there is nothing to watch.
//!
//! What it does when it looks is in [`super::watch`]. Here is when it looks.
//!
//! | Mode       | The alarm                  | Left when                                                     |
//! |------------|----------------------------|---------------------------------------------------------------|
//! | `PARKED`   | is not set                 | a worker wakes, or queues a task: it sets the alarm → `ARMED`  |
//! | `ARMED`    | rings in one period        | the last worker goes to sleep: it clears the alarm → `PARKED`; |
//! |            |                            | the alarm rings → `SAMPLING`                                   |
//! | `SAMPLING` | set anew after each look   | nothing was worth a look for a while → `PARKED`                |
//!
//! A poll that begins and ends within a period therefore costs two system calls and wakes nobody; a program that is
//! busy all the time is looked at on a fixed rhythm, and pays one relaxed load where a worker wakes or queues a task.
//!
//! **Nothing is missed while the monitor parks.** It stores `PARKED` first and looks once more *afterwards*, a period
//! later (the farewell look). Whoever queues a task after that store sees it and arms the alarm; what was queued before
//! it has long left that core's store buffer when the farewell look comes. So the path of a push needs no fence.

use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::time::Duration;

use super::alarm::Alarm;
use super::watch::{Next, Watch};
use super::{Scheduler, abort_on_panic};
use crate::primitive::{Arc, AtomicBool, AtomicU32, Mutex, Ordering, fence, lock, thread};

const PARKED: u32 = 0;
const ARMED: u32 = 1;
const SAMPLING: u32 = 2;

/// What the monitor makes of a poll that goes on and on.
///
/// ```
/// use reference_runtime::{Builder, Verdict};
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel();
/// let runtime = Builder::new().worker_threads(1).on_blocked(move |poll| drop(tell.send(poll.verdict()))).build()?;
/// // Blocks its thread until somebody has noticed.
/// let verdict = runtime.block_on(runtime.spawn(async move { told.recv() })).unwrap();
/// assert!(matches!(verdict, Verdict::Blocked | Verdict::Unknown));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The thread sleeps in the kernel: its processor is given to another thread at once.
    Blocked,
    /// The thread uses a core. Only if every processor does so for long is one of them given to another thread.
    Computing,
    /// The thread could run but gets no core, because of other load: another thread would make that worse.
    Starved,
    /// The kernel does not tell. After 10 ms the thread counts as blocked.
    Unknown,
}

/// A report about a poll that was found stuck, see [`Builder::on_blocked`](crate::Builder::on_blocked).
///
/// ```
/// use reference_runtime::{BlockedPoll, Builder};
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel::<BlockedPoll>();
/// let runtime = Builder::new().worker_threads(1).on_blocked(move |poll| drop(tell.send(poll.clone()))).build()?;
/// // Blocks its thread until somebody has noticed.
/// let line = line!() + 1;
/// let task = runtime.spawn(async move { told.recv() });
/// let report = runtime.block_on(task).unwrap();
/// assert_eq!(report.spawned_at().line(), line);
/// assert!(!report.lasts().is_zero());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockedPoll {
    pub(crate) location: &'static Location<'static>,
    pub(crate) lasts: Duration,
    pub(crate) verdict: Verdict,
}

impl BlockedPoll {
    /// Where the task was spawned.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.spawned_at())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// assert!(told.recv().unwrap().file().ends_with(".rs"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.location
    }

    /// How long the poll has lasted so far, at least: the monitor first saw it that long ago.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.lasts())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// assert!(!told.recv().unwrap().is_zero());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lasts(&self) -> Duration {
        self.lasts
    }

    /// What the thread does.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.verdict())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// # if cfg!(target_os = "linux") {
    /// assert_eq!(told.recv(), Ok(reference_runtime::Verdict::Blocked));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

/// The side of the monitor that workers see.
pub(crate) struct Monitor {
    /// `None`: there is no monitor.
    watched: Option<Watched>,
    is_stopping: AtomicBool,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

struct Watched {
    period: Duration,
    alarm: Alarm,
    /// One of the modes above.
    mode: AtomicU32,
    /// Held while the mode changes together with the alarm: a clear that overtakes a set would leave `ARMED` without
    /// an alarm.
    change: Mutex<()>,
}

impl Monitor {
    pub(crate) fn new(period: Option<Duration>) -> io::Result<Self> {
        let watched = match period {
            None => None,
            Some(period) => Some(Watched {
                period,
                alarm: Alarm::new()?,
                mode: AtomicU32::new(PARKED),
                change: Mutex::new(()),
            }),
        };
        Ok(Self { watched, is_stopping: AtomicBool::new(false), thread: Mutex::new(None) })
    }

    /// Starts the monitor's thread.
    pub(crate) fn start(scheduler: &Arc<Scheduler>) -> io::Result<()> {
        let monitor = &scheduler.monitor;
        let Some(watched) = &monitor.watched else { return Ok(()) };
        let watch = Watch::new(Arc::clone(scheduler), watched.period);
        let name = format!("{}-monitor", scheduler.config.thread_name);
        let started = thread::Builder::new().name(name).spawn(move || {
            let monitor = Arc::clone(&watch.scheduler);
            let watched =
                monitor.monitor.watched.as_ref().expect("a monitor that starts has something to watch");
            abort_on_panic(|| monitor.monitor.run(watched, watch));
        })?;
        *lock(&monitor.thread) = Some(started);
        Ok(())
    }

    /// Whether somebody would notice a stuck poll.
    pub(crate) fn is_on(&self) -> bool {
        self.watched.is_some()
    }

    /// A worker wakes, or queues a task that it wakes nobody for.
    pub(crate) fn wake_if_parked(&self) {
        let Some(watched) = &self.watched else { return };
        // Relaxed: see the farewell look in the module's documentation.
        if watched.mode.load(Ordering::Relaxed) == PARKED {
            watched.arm();
        }
    }

    /// A worker has counted itself as sleeping. If it was the last, there is nothing to watch.
    pub(crate) fn sleep_if_calm(&self, scheduler: &Scheduler) {
        let Some(watched) = &self.watched else { return };
        let all_sleep = || scheduler.idle.sleeping() == scheduler.processors.len();
        if watched.mode.load(Ordering::Relaxed) != ARMED || !all_sleep() {
            return;
        }
        {
            let _change = lock(&watched.change);
            // An alarm that `stop` has set must not be cleared: that came before it took this lock.
            if self.is_stopping.load(Ordering::Acquire) || watched.mode.load(Ordering::Relaxed) != ARMED {
                return;
            }
            watched.mode.store(PARKED, Ordering::SeqCst);
            watched.alarm.clear();
        }
        // SeqCst: the partner is the change of the idle counts by a worker that wakes, which comes before its look at
        // the mode. Either it sees `PARKED` there, or we see it awake here.
        fence(Ordering::SeqCst);
        if !all_sleep() {
            watched.arm();
        }
    }

    /// Ends the monitor's thread and waits for it.
    pub(crate) fn stop(&self) {
        let Some(watched) = &self.watched else { return };
        self.is_stopping.store(true, Ordering::Release);
        {
            let _change = lock(&watched.change);
            watched.alarm.set(Duration::ZERO);
        }
        let Some(thread) = lock(&self.thread).take() else { return };
        // A hook of the user runs on the monitor's thread and may drop the runtime.
        if thread.thread().id() != thread::current().id() {
            // Its panics are caught where hooks are called.
            let _ = thread.join();
        }
    }

    fn run(&self, watched: &Watched, mut watch: Watch) {
        make_sleeps_exact();
        loop {
            watched.alarm.wait();
            if self.is_stopping.load(Ordering::Acquire) {
                return;
            }
            let is_farewell = {
                let _change = lock(&watched.change);
                let is_parked = watched.mode.load(Ordering::Relaxed) == PARKED;
                if !is_parked {
                    watched.mode.store(SAMPLING, Ordering::Relaxed);
                }
                is_parked
            };
            let next = watch.look(is_farewell);
            let _change = lock(&watched.change);
            // Checked under the lock that `stop` sets the alarm under: what we set below must not replace that.
            if self.is_stopping.load(Ordering::Acquire) {
                return;
            }
            match next {
                Next::Look(after) => {
                    watched.mode.store(SAMPLING, Ordering::Relaxed);
                    watched.alarm.set(after);
                }
                // Somebody may have armed the alarm during the farewell look: then it rings.
                Next::Park if is_farewell => {}
                Next::Park => {
                    watched.mode.store(PARKED, Ordering::SeqCst);
                    watched.alarm.set(watched.period);
                }
            }
        }
    }
}

impl Watched {
    fn arm(&self) {
        let _change = lock(&self.change);
        if self.mode.load(Ordering::Relaxed) == PARKED {
            self.mode.store(ARMED, Ordering::SeqCst);
            self.alarm.set(self.period);
        }
    }
}

impl Scheduler {
    /// Tells the user about a stuck poll. A panic of the hook is caught: it has been printed, and says nothing about
    /// the runtime.
    pub(crate) fn report(
        &self,
        location: Option<&'static Location<'static>>,
        lasts: Duration,
        verdict: Verdict,
    ) {
        self.counters.verdict(verdict);
        let Some(hook) = &self.config.hooks.on_blocked else { return };
        // Nowhere: the worker is stuck outside of a task, in a waker.
        let Some(location) = location else { return };
        let report = BlockedPoll { location, lasts, verdict };
        let _ = catch_unwind(AssertUnwindSafe(|| hook(&report)));
    }
}

/// The kernel may round the sleeps of a thread up to save energy, by 50 µs: a quarter of a period.
fn make_sleeps_exact() {
    #[cfg(target_os = "linux")]
    {
        // Refused in some sandboxes; the monitor is then a little late.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}
