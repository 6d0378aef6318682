//! The scheduler: N processors, as many threads as it takes, and a monitor that keeps the two together.
//!
//! * A *task* is a future with its state; a [`Runnable`] is the right to poll it once.
//! * A *processor* is the right to poll tasks. There are exactly as many as `worker_threads`.
//! * A *worker* is a thread that polls tasks; outside of lanes it needs a processor for that ([`worker`], [`handoff`]).
//! * The *monitor* sees a worker that is stuck in one poll and gives its processor to another thread ([`monitor`]).
//! * A *lane* takes the polls of future types that were caught blocking or computing for long, and the closures of
//!   `spawn_blocking`. Threads without a processor serve it ([`lanes`], [`threads`]).
//!
//! Where a task waits to be polled: in the next-task slot or the queue of the worker that woke it; in the injector, if
//! a thread without a processor woke it; in a lane. Workers steal from queues and take from the injector, and the monitor
//! empties slot and queue of a worker that is stuck, so a blocked worker never holds a task back for longer than it takes
//! the monitor to look twice.
//!
//! No code of users runs under a lock of this module: polls, drops of futures, and wakers happen between locks.

mod absence;
pub(crate) mod alarm;
mod asides;
mod config;
mod crowd;
pub(crate) mod handoff;
pub(crate) mod histogram;
mod home;
mod in_place;
pub(crate) mod kernel;
pub(crate) mod lanes;
pub(crate) mod lines;
pub(crate) mod measures;
pub(crate) mod metrics;
mod mode;
pub(crate) mod monitor;
pub(crate) mod parts;
mod progress;
pub(crate) mod report;
pub(crate) mod reports;
pub(crate) mod returned;
mod seat;
pub(crate) mod stint;
pub(crate) mod system_call;
pub(crate) mod threads;
mod traced;
mod watch;
pub(crate) mod worker;

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

pub(crate) use self::config::{Config, Hooks};
use self::handoff::Seen;
use self::histogram::Recorder;
use self::home::Home;
pub(crate) use self::in_place::block_in_place;
use self::lanes::{Lane, Lanes, Learned};
use self::measures::{Measures, Spells};
use self::metrics::Counters;
use self::monitor::Monitor;
use self::reports::Reports;
use self::threads::Threads;
use self::worker::{Context, Worker, with_current};
use crate::idle::{Idle, Place};
use crate::primitive::{Arc, AtomicBool, Mutex, Ordering, lock};
use crate::queue::Injector;
use crate::reactor::Reactor;
pub(crate) use crate::runnable::{BLOCKING, NO_TAG};
use crate::runnable::{JoinHandle, Runnable, Schedule, Task, Wake, named_task, on_waker_cloned, task};
use crate::tasks::Tasks;
use crate::trace;

/// The longest time between two looks of a closing thread at the reactor.
const SLOWEST_JOIN: Duration = Duration::from_millis(10);

/// See the module's documentation.
pub(crate) struct Scheduler {
    // Immutable:
    pub(crate) home: Home,
    pub(crate) config: Config,
    pub(crate) reactor: Arc<Reactor>,
    pub(crate) processors: Box<[CachePadded<Processor>]>,
    // Each guards itself:
    pub(crate) injector: CachePadded<Injector>,
    pub(crate) lanes: Lanes,
    pub(crate) learned: Learned,
    pub(crate) idle: Idle<Arc<Worker>>,
    pub(crate) threads: Threads,
    pub(crate) tasks: Tasks,
    pub(crate) monitor: Monitor,
    pub(crate) counters: Counters,
    pub(crate) reports: Reports,
    /// If polls are to be measured.
    pub(crate) measures: Option<Measures>,
    /// From when a poll was first seen that lost its processor to when another thread had it.
    pub(crate) rescues: Recorder,
    /// Events waited in the reactor while every worker was busy.
    pub(crate) unattended: Spells,
    /// Whether another worker would find no core. Relaxed: a hint by the monitor.
    pub(crate) is_crowded: AtomicBool,
    /// Set once, by [`Scheduler::close`].
    is_closing: AtomicBool,
    pub(crate) traced: trace::WhichRuntime,
    /// Tasks that were woken while the runtime closes, until `close` has come to all.
    cancelled: Mutex<Option<Vec<Runnable>>>,
}

/// The right to poll tasks.
#[derive(Default)]
pub(crate) struct Processor {
    /// Guarded by this lock: who holds it. A worker that has just lost it may still stand here for a moment.
    worker: Mutex<Option<Arc<Worker>>>,
    /// If it was handed off: when the poll was first seen that it was taken from. Until another worker has it.
    pub(super) stuck_since: Mutex<Option<Instant>>,
}

impl Processor {
    pub(crate) fn worker(&self) -> Option<Arc<Worker>> {
        lock(&self.worker).clone()
    }

    pub(crate) fn set_worker(&self, worker: Option<Arc<Worker>>) {
        let before = std::mem::replace(&mut *lock(&self.worker), worker);
        // The last reference to a worker drops what is left in its queue: not under our lock.
        drop(before);
    }
}

impl Scheduler {
    /// Starts the workers and the monitor.
    ///
    /// # Errors
    ///
    /// If the reactor, the monitor or the first worker cannot be had. Workers beyond the first are tried again later.
    pub(crate) fn start(config: Config) -> io::Result<Arc<Self>> {
        let reactor = Reactor::new()?;
        let processors = config.worker_threads;
        let monitor = Monitor::new(config.handoff_after)?;
        let scheduler = Home::build(|home| Scheduler {
            home,
            processors: (0..processors).map(|_| CachePadded::new(Processor::default())).collect(),
            injector: CachePadded::new(Injector::new()),
            lanes: Lanes::new(),
            learned: Learned::new(config.learns && config.handoff_after.is_some()),
            idle: Idle::new(processors),
            threads: Threads::new(config.max_threads),
            tasks: Tasks::new(processors + 1),
            monitor,
            counters: Counters::default(),
            measures: config.measures_polls.then(Measures::new),
            rescues: Recorder::new(),
            unattended: Spells::default(),
            reports: Reports::new(config.hooks.of_reports.clone(), config.lines_after, &config.thread_name),
            is_crowded: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            traced: trace::WhichRuntime::new(),
            cancelled: Mutex::new(Some(Vec::new())),
            reactor,
            config,
        });
        if scheduler.config.takes_backtraces {
            on_waker_cloned(absence::note_place);
        }
        Monitor::start(&scheduler)?;
        scheduler.start_attendant_if_alone().inspect_err(|_| _ = scheduler.close(Some(Duration::ZERO)))?;
        let placed = (0..processors).filter(|&processor| scheduler.place(processor)).count();
        if placed == 0 {
            scheduler.close(Some(Duration::ZERO));
            return Err(io::Error::other(
                "no thread could be started: is a limit on processes or memory reached?",
            ));
        }
        Ok(scheduler)
    }

    /// Makes a task of `future` and queues it. `tag` is [`BLOCKING`] or [`NO_TAG`].
    pub(crate) fn spawn<F>(
        self: &Arc<Self>,
        future: F,
        tag: u32,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, handle) = task(future, self.home, self.observed(tag), location);
        let mut runnable = Some(runnable);
        let mut take = || runnable.take().expect("it is scheduled here or below");
        // After the close of the runtime this cancels the task.
        let is_scheduled = self.with_context(|context| {
            context.worker.tally.spawned();
            context.schedule(take(), Wake::Fresh);
        });
        if is_scheduled.is_none() {
            self.counters.spawned();
            self.schedule(take(), Wake::Fresh);
        }
        handle
    }

    /// As [`Scheduler::spawn`], for the few that have a name, and the hop more that their way back takes.
    pub(crate) fn spawn_named<F>(
        self: &Arc<Self>,
        future: F,
        tag: u32,
        location: &'static Location<'static>,
        name: std::sync::Arc<str>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, handle) = named_task(future, self.home, self.observed(tag), location, name);
        self.counters.spawned();
        self.home.schedule(runnable, Wake::Fresh);
        handle
    }

    /// Queues a task from a thread that is none of ours.
    pub(crate) fn schedule(self: &Arc<Self>, runnable: Runnable, wake: Wake) {
        if let Some(runnable) = self.divert(runnable, wake) {
            if let Some(measures) = &self.measures {
                measures.queued(&runnable);
            }
            self.inject(runnable);
        }
    }

    /// Cancels a task if the runtime closes, sends it to a lane if it belongs there, and otherwise gives it back.
    #[inline]
    pub(crate) fn divert(self: &Arc<Self>, runnable: Runnable, wake: Wake) -> Option<Runnable> {
        if self.is_closing() {
            self.cancel(runnable, wake);
            return None;
        }
        let Some(lane) = self.lane(&runnable) else { return Some(runnable) };
        self.send_to_lane(runnable, lane);
        None
    }

    /// Cancels a task that is scheduled while the runtime closes. Not within a wake or a spawn: who wakes may hold a lock that the
    /// destructor of the future takes, and does not expect it to run. [`Scheduler::close`] has yet to come to the task,
    /// and cancels it then.
    fn cancel(&self, runnable: Runnable, wake: Wake) {
        if wake == Wake::Fresh {
            if let Some(cancelled) = lock(&self.cancelled).as_mut() {
                return cancelled.push(runnable);
            }
        }
        drop(runnable);
    }

    /// Calls `f` with the context of this thread, if it is one of ours.
    fn with_context<R>(&self, f: impl FnOnce(&Context) -> R) -> Option<R> {
        let is_ours = |context: &Context| std::ptr::eq(&*context.scheduler, self);
        with_current(|context| is_ours(context).then(|| f(context))).flatten()
    }

    /// Queues a task where every worker looks, and sees to it that one does.
    pub(crate) fn inject(self: &Arc<Self>, runnable: Runnable) {
        match self.injector.push(runnable) {
            Ok(()) => self.notify(),
            Err(refused) => self.cancel(refused, Wake::Fresh),
        }
    }

    /// The lane for the next poll of this task, if not on a worker.
    #[inline]
    pub(crate) fn lane(&self, runnable: &Runnable) -> Option<Lane> {
        if runnable.tag() == BLOCKING {
            return Some(Lane::Blocking);
        }
        self.learned.lane(runnable.kind())
    }

    pub(crate) fn send_to_lane(self: &Arc<Self>, runnable: Runnable, lane: Lane) {
        match self.lanes.queue(lane).push(runnable) {
            Ok(()) => {
                self.call_for_lane();
                // Should the lane be full, nobody but the monitor would notice that it stands still.
                self.monitor.wake_if_parked_after_a_change();
            }
            Err(refused) => drop(refused),
        }
    }

    /// How many threads may poll tasks of this lane at once. Some threads are kept back from the blocking lane: a
    /// worker that blocks by surprise must find one to stand in for it.
    pub(crate) fn most_in_lane(&self, lane: Lane) -> usize {
        let processors = self.processors.len();
        match lane {
            Lane::Computing => processors,
            Lane::Blocking => {
                let others = self.config.max_threads - processors;
                (others - processors.min(others / 4)).max(1)
            }
        }
    }

    /// After a push to the injector.
    pub(crate) fn notify(&self) {
        if let Some((worker, place)) = self.idle.notify() {
            self.wake(&worker, place);
        }
    }

    /// Wakes a sleeping worker, if there is one, whoever else is awake.
    pub(crate) fn wake_a_worker(&self) -> bool {
        let sleeper = self.idle.take_sleeper();
        if let Some((worker, place)) = &sleeper {
            self.wake(worker, *place);
        }
        sleeper.is_some()
    }

    fn wake(&self, worker: &Worker, place: Place) {
        match place {
            Place::Parker => worker.unparker.unpark(),
            Place::Reactor => self.reactor.notify(),
        }
    }

    /// Wakes a worker wherever it sleeps, if it does.
    pub(crate) fn rouse(&self, worker: &Worker) {
        worker.unparker.unpark();
        self.reactor.notify();
    }

    /// Whether a worker that is about to sleep would miss a task. What waits in another worker's queue is polled by
    /// that worker; if it is stuck, the monitor moves the task. Without a monitor every queue counts.
    pub(crate) fn has_queued_work(&self) -> bool {
        if !self.injector.is_empty() {
            return true;
        }
        !self.monitor.is_on()
            && self
                .processors
                .iter()
                .filter_map(|processor| processor.worker())
                .any(|worker| !worker.queue.is_empty())
    }

    /// Records how many tasks wait in the injector, in the lanes, and with a worker.
    pub(crate) fn trace_lengths(&self, worker: &Worker) {
        self.traced.queued(|| {
            let lanes = [Lane::Blocking, Lane::Computing].map(|lane| self.lanes.queue(lane).len());
            [self.injector.len(), lanes.iter().sum()]
        });
        let next = || usize::from(!worker.next_task.is_empty());
        worker.traced.queued(|| worker.queue.len() + next());
    }

    /// Moves what a worker holds to where every worker looks.
    pub(crate) fn flush(self: &Arc<Self>, worker: &Worker) {
        if let Some(runnable) = worker.next_task.take() {
            self.inject(runnable);
        }
        if worker.queue.drain_into(&self.injector) > 0 {
            self.notify();
        }
    }

    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        // SeqCst: the partner is the store in `close`. A worker looks at it after it counted itself as sleeping, and
        // `close` wakes all that sleep afterwards; in any other order a worker could sleep through the close.
        self.is_closing.load(Ordering::SeqCst)
    }

    /// Cancels every task that waits, waits until those being polled come back, and ends all threads. False: some
    /// polls did not come back in time; their threads end when they do.
    ///
    /// On a thread of this scheduler it does not wait, since it would wait for itself.
    pub(crate) fn close(self: &Arc<Self>, timeout: Option<Duration>) -> bool {
        // A moment beyond the end of the clock is no limit.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        // SeqCst: the partner is the load in `is_closing`.
        let is_first = !self.is_closing.swap(true, Ordering::SeqCst);
        if is_first {
            self.monitor.stop();
            let mut queued = self.injector.close();
            queued.extend(self.lanes.queue(Lane::Blocking).close());
            queued.extend(self.lanes.queue(Lane::Computing).close());
            // Each drop drops a future: code of users, which may wake, spawn, and come back here.
            drop(queued);
            for task in self.tasks.close() {
                task.abort();
            }
            // What waits in the queue of a worker that does not come back would not be cancelled before it does.
            for worker in self.threads.workers() {
                self.flush(&worker);
            }
            let cancelled = lock(&self.cancelled).take();
            drop(cancelled);
            self.threads.close();
            while self.wake_a_worker() {}
        }
        let is_own_thread = self.with_context(|_| ()).is_some();
        let all_ended = !is_own_thread && self.join_threads(deadline);
        if is_first {
            self.reports.close(!is_own_thread, deadline);
        }
        self.reactor.close();
        all_ended
    }

    /// How many tasks have not finished.
    pub(crate) fn unfinished(&self) -> u64 {
        let workers = self.threads.workers();
        self.counters.unfinished(workers.iter().map(|worker| &worker.tally))
    }

    /// Waits for the threads to end. A poll that has yet to come back may be inside a `block_on` and wait for a timer or
    /// a socket; the workers that would have told it are gone, so this thread looks at the reactor now and then.
    fn join_threads(&self, deadline: Option<Instant>) -> bool {
        let mut pace = Duration::from_millis(1);
        loop {
            let next_look = Instant::now() + pace;
            let until = deadline.map_or(next_look, |deadline| deadline.min(next_look));
            if self.threads.join(Some(until)) {
                return true;
            }
            if deadline == Some(until) {
                return false;
            }
            if let Some(attendant) = self.reactor.try_attend() {
                // Without events there is nobody to wake, for whatever reason.
                let (woken, _) = attendant.wait(Some(Duration::ZERO));
                woken.wake();
            }
            pace = (2 * pace).min(SLOWEST_JOIN);
        }
    }

    /// The tasks whose polls have not come back, and where they were spawned.
    pub(crate) fn stuck(&self) -> Vec<(Task, &'static Location<'static>)> {
        let workers = self.threads.workers();
        let in_a_poll = |worker: &&Arc<Worker>| !progress::Progress::is_resting(worker.progress.tick());
        let task = |worker: &Arc<Worker>| worker.progress.named_task().zip(worker.progress.spawned_at());
        workers.iter().filter(in_a_poll).filter_map(task).collect()
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.home.remove();
    }
}

/// Runs the life of one of our threads. Panics of users are caught where their code is called; one that comes up to
/// here is ours, and the state it leaves behind cannot be trusted.
fn abort_on_panic(life: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(life)).is_err() {
        eprintln!(
            "reference-runtime: a thread of the scheduler panicked, which is a bug in it; the process aborts"
        );
        std::process::abort();
    }
}

impl Scheduler {
    // ANCHOR: hand_off
    /// Gives the processor that `worker` held, when its permit said `seen`, to another thread, with what the worker
    /// had queued.
    pub(crate) fn hand_off(self: &Arc<Self>, worker: &Worker, seen: Seen) {
        let processor =
            seen.processor().expect("only the processor of a worker that holds one is handed off");
        self.counters.hand_off();
        trace::handed_off(processor, &worker.traced);
        self.processors[processor].set_worker(None);
        self.flush(worker);
        self.place(processor);
    }
    // ANCHOR_END: hand_off
}
