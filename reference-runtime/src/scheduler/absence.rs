//! A poll that was found stuck, until it comes back.
//!
//! The monitor makes an [`Absence`] when somebody wants reports. If it took the worker's processor, it leaves the absence
//! with the worker, which ends it once the poll has come back:
//!
//! | The monitor (`Worker::leave`)                  | The worker ([`Context::come_back`])    |
//! |------------------------------------------------|----------------------------------------|
//! | under the lock of the absence                  | a. its tick moves on                   |
//! | 1. reads the tick                              | b. takes the absence, under the lock   |
//! | 2. stores the absence if the tick is the same  |                                        |
//!
//! If b comes before 1, the unlock of b and the lock of 1 order a before 1: the monitor sees that the poll is over, and ends
//! the absence itself. Otherwise b comes after 2. So each absence ends once.
//!
//! A worker that computes and keeps its processor does not look: of that one the monitor sees the end.

use std::backtrace::Backtrace;
use std::cell::{Cell, OnceCell};
use std::panic::Location;
use std::time::{Duration, Instant};

use super::Scheduler;
use super::kernel::{self, Sleep};
use super::measures::OfThread;
use super::report::{BlockedPoll, Polled, Verdict};
use super::reports::Reports;
use super::returned::ReturnedPoll;
use super::seat::Seat;
use super::worker::{Context, Worker, with_current};
use crate::primitive::{Arc, AtomicBool, Ordering, lock};
use crate::runnable::{Id, NO_TAG, OBSERVED, Task};

/// What a thread notes of its own polls, for reports and metrics.
#[derive(Default)]
pub(super) struct Notes {
    /// What the kernel says of this thread, once it was needed.
    pub(super) files: OnceCell<kernel::Thread>,
    /// Where the poll came to after it had been found stuck.
    came_to: Cell<Option<Backtrace>>,
    /// Set when the thread starts, if polls are measured.
    pub(super) measures: OnceCell<OfThread>,
}

/// See the module's documentation.
pub(crate) struct Absence {
    // Immutable:
    pub(super) report: BlockedPoll,
    /// The worker's tick in this poll.
    pub(super) tick: usize,
    since: Instant,
    /// Processor time of the thread when the monitor first saw the poll.
    used_first: Option<Duration>,

    // Relaxed: each says one thing, to the thread that prints.
    is_over: AtomicBool,
    is_printed: AtomicBool,
}

impl Absence {
    pub(super) fn new(
        report: BlockedPoll,
        tick: usize,
        since: Instant,
        used_first: Option<Duration>,
    ) -> Arc<Self> {
        let (is_over, is_printed) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { report, tick, since, used_first, is_over, is_printed })
    }

    /// How long it has lasted.
    pub(super) fn lasts(&self) -> Duration {
        self.since.elapsed()
    }

    pub(super) fn since(&self) -> Instant {
        self.since
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Somebody has been told on stderr before it was over.
    pub(super) fn set_printed(&self) {
        self.is_printed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_printed(&self) -> bool {
        self.is_printed.load(Ordering::Relaxed)
    }

    /// The poll has come back, and its thread has used so much processor time by now.
    pub(super) fn end(&self, used: Option<Duration>, backtrace: Option<Backtrace>) -> ReturnedPoll {
        self.is_over.store(true, Ordering::Relaxed);
        // A thread that was asked about while it ran had used a little more than the kernel said.
        let lasted = self.lasts().max(self.report.lasts);
        let computed = used.zip(self.used_first).map(|(used, first)| used.saturating_sub(first).min(lasted));
        ReturnedPoll {
            task: self.report.task.clone(),
            verdict: self.report.verdict,
            lasted,
            cpu_time: computed,
            blocked: Some(self.report.clone()),
            backtrace: backtrace.map(Arc::new),
        }
    }
}

impl Seat {
    /// A report that `worker`, which was at this seat, was found stuck in a poll of `task`. `None`: nobody wants to know.
    pub(super) fn report(
        &self,
        scheduler: &Scheduler,
        worker: &Worker,
        (task, location): (Id, &'static Location<'static>),
        verdict: Verdict,
        now: Instant,
    ) -> Option<Arc<Absence>> {
        if !scheduler.reports.is_wanted() {
            return None;
        }
        let lasts = now - self.since;
        let sleep = self.files().map(kernel::Thread::sleep);
        // If it has come back meanwhile, the answer may be about something else.
        let sleep = sleep.filter(|_| worker.progress.tick() == self.tick).unwrap_or_default();
        let Sleep { system_call, wait_channel } = sleep;
        let used = self.files().and_then(kernel::Thread::used);
        let cpu_time = used.zip(self.used_first).map(|(used, first)| used.saturating_sub(first).min(lasts));
        let census = scheduler.threads.census();
        let most_threads = scheduler.config.max_threads;
        let threads_left = most_threads.saturating_sub(census.live) + census.spare;
        let report = BlockedPoll {
            task: Polled { task: Task::of(task), location },
            verdict,
            lasts,
            cpu_time,
            system_call,
            wait_channel,
            threads_left,
            most_threads,
        };
        Some(Absence::new(report, self.tick, self.since, self.used_first))
    }

    /// The same for a worker that stays at its seat, in a poll that there may have been a report about.
    pub(super) fn report_once(
        &mut self,
        scheduler: &Scheduler,
        verdict: Verdict,
        now: Instant,
    ) -> Option<(Arc<Worker>, Arc<Absence>)> {
        let worker = Arc::clone(self.worker.as_ref()?);
        let task = worker.progress.polled();
        let suspicion = self.suspicion.as_mut().filter(|suspicion| !suspicion.is_reported)?;
        if worker.progress.tick() != self.tick {
            return None;
        }
        suspicion.is_reported = true;
        let absence = self.report(scheduler, &worker, task?, verdict, now)?;
        Some((worker, absence))
    }
}

/// Polls that were reported while their workers keep their processors: nobody waits for those.
#[derive(Default)]
pub(super) struct Kept(Vec<(Arc<Worker>, Arc<Absence>)>);

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports one more.
    pub(super) fn add(&mut self, (worker, absence): (Arc<Worker>, Arc<Absence>), reports: &Reports) {
        reports.blocked(&absence);
        self.0.push((worker, absence));
    }

    /// Ends those that have come back.
    pub(super) fn look(&mut self, reports: &Reports) {
        self.0.retain(|(worker, absence)| {
            let is_over = worker.progress.tick() != absence.tick;
            if is_over {
                worker.end(Arc::clone(absence), reports);
            }
            !is_over
        });
    }

    /// This worker has lost its processor after all, and looks for itself.
    pub(super) fn leave(&mut self, worker: &Worker, reports: &Reports) {
        let Some(at) = self.0.iter().position(|(other, _)| **other == *worker) else { return };
        let (_, absence) = self.0.swap_remove(at);
        worker.leave(absence, reports, |_| ());
    }
}

impl Worker {
    /// Reports an absence and leaves it with the worker.
    pub(super) fn report(&self, absence: Arc<Absence>, reports: &Reports) {
        self.leave(absence, reports, |absence| reports.blocked(absence));
    }

    /// Leaves an absence with the worker whose processor was taken. Ends it if the poll is over. `tell` comes before
    /// anything that the worker tells.
    fn leave(&self, absence: Arc<Absence>, reports: &Reports, tell: impl FnOnce(&Arc<Absence>)) {
        let mut place = lock(&self.absence);
        // Before it is told: what hears of it may be what the poll waits for.
        let is_over = self.progress.tick() != absence.tick;
        tell(&absence);
        if is_over {
            drop(place);
            return self.end(absence, reports);
        }
        let before = place.replace(absence);
        drop(place);
        debug_assert!(before.is_none(), "a worker without a processor is not found stuck again");
    }

    /// On the monitor's thread, a moment after the poll has come back.
    fn end(&self, absence: Arc<Absence>, reports: &Reports) {
        let used = self.thread.get().and_then(|id| kernel::Thread::open(*id).used());
        reports.returned(absence.end(used, None), Some(absence));
    }
}

impl Scheduler {
    /// The tag of a task that is to have this one, as far as that is for users to see.
    #[inline]
    pub(super) fn observed(&self, tag: u32) -> u32 {
        if tag == NO_TAG && self.config.takes_backtraces { OBSERVED } else { tag }
    }
}

/// A poll of an observed task clones its waker.
pub(super) fn note_place() {
    with_current(Context::note_place);
}

impl Context {
    /// A poll has to do with the runtime. If it was found stuck before, notes where it is now.
    #[cold]
    pub(super) fn note_place(&self) {
        if !self.scheduler.config.takes_backtraces || !self.is_found_stuck() {
            return;
        }
        let noted = self.notes.came_to.take();
        self.notes.came_to.set(noted.or_else(|| Some(Backtrace::force_capture())));
    }

    fn is_found_stuck(&self) -> bool {
        if self.worker.is_in_lane() {
            return lock(&self.worker.absence).is_some();
        }
        // Nothing is held inside of `block_in_place`.
        let is_worker = self.held.get().processor().is_some();
        is_worker && self.worker.permit.see().processor().is_none()
    }

    /// Ends the absence of this worker, if somebody wants to know of it. After its tick has moved on. False: there was
    /// none.
    pub(super) fn come_back(&self) -> bool {
        let backtrace = self.notes.came_to.take();
        let Some(absence) = lock(&self.worker.absence).take() else { return false };
        let returned = absence.end(kernel::own_processor_time(), backtrace);
        self.scheduler.reports.returned(returned, Some(absence));
        true
    }
}
