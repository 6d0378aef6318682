//! The threads of a scheduler: how they start, what they do without a processor, and when they end.
//!
//! A thread that holds a processor runs [`Context::work`]. One that does not
//!
//! 1. takes a processor that has no worker, if there is one;
//! 2. else polls one task of a lane ([`Lane`]): those need no processor;
//! 3. else is a *spare*: it parks, newest on top, and ends after the keep-alive.
//!
//! So the thread that comes back from a blocked poll, the thread that runs a `spawn_blocking` closure and the thread
//! that stands in for a blocked worker are the same threads, reused.
//!
//! New threads start when a processor has none to run it, or when a lane waits. The latter form a chain: a thread that
//! takes a task from a lane while others wait sees to it that two are on their way, so a burst of short calls is over
//! before many have started.

use std::io;
use std::time::{Duration, Instant};

use super::asides::Aside;
use super::handoff::Seen;
use super::kernel;
use super::lanes::{Lane, SHORT_COMPUTE};
use super::report::{Polled, Verdict};
use super::returned::ReturnedPoll;
use super::worker::{Context, Worker, become_worker};
use super::{BLOCKING, Scheduler, abort_on_panic};
use crate::park::Parker;
use crate::primitive::{Arc, Condvar, Locked, Mutex, lock, thread};
use crate::queue::LocalQueue;
use crate::runnable::Runnable;
use crate::trace::{self, ParkPlace};

/// After a failed start nobody tries again for so long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// What a keep-alive beyond the end of the clock becomes.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
/// How many threads may be on their way to a lane at once that have yet to start. A start takes some 60 µs, most of
/// which is spent waiting, so two at once are nearly twice as fast.
const STARTING_AT_ONCE: usize = 4;
/// A thread that takes a task from a lane while others wait sees to it that so many threads are on their way.
const ON_THEIR_WAY: usize = 2;

/// All threads of a scheduler.
pub(crate) struct Threads {
    pool: Mutex<Pool>,
    /// Signalled when a thread ends.
    ended: Condvar,
}

/// Guarded by [`Threads::pool`].
struct Pool {
    /// Every thread that has been started and has not ended.
    workers: Vec<Arc<Worker>>,
    handles: Vec<thread::JoinHandle<()>>,
    most: usize,
    peak: usize,
    /// Parked threads without a processor, the newest last.
    spares: Vec<Arc<Worker>>,
    /// Processors without a worker, for want of a thread.
    vacancies: Vec<usize>,
    /// Threads called for a lane that have yet to look at it; of these, so many are being started.
    called: usize,
    starting: usize,
    /// Threads polling a task of each lane.
    in_lane: [usize; 2],
    /// Threads that the computing lane may have beyond its due, because some of its polls do not come back.
    extra_in_computing: usize,
    /// Tasks taken from each lane so far.
    taken: [u64; 2],
    no_start_before: Option<Instant>,
    failed_starts: u64,
    is_closed: bool,
}

/// Why a thread starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errand {
    Processor(usize),
    Lane,
}

/// How many threads there are, and were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    pub(crate) live: usize,
    pub(crate) spare: usize,
    pub(crate) peak: usize,
    pub(crate) failed_starts: u64,
}

impl Threads {
    pub(crate) fn new(most: usize) -> Self {
        let pool = Pool {
            workers: Vec::new(),
            handles: Vec::new(),
            most,
            peak: 0,
            spares: Vec::new(),
            vacancies: Vec::new(),
            called: 0,
            starting: 0,
            in_lane: [0; 2],
            extra_in_computing: 0,
            taken: [0; 2],
            no_start_before: None,
            failed_starts: 0,
            is_closed: false,
        };
        Self { pool: Mutex::new(pool), ended: Condvar::new() }
    }

    pub(crate) fn census(&self) -> Census {
        let pool = lock(&self.pool);
        Census {
            live: pool.workers.len(),
            spare: pool.spares.len(),
            peak: pool.peak,
            failed_starts: pool.failed_starts,
        }
    }

    /// Every thread's worker, for the report of a shutdown.
    pub(crate) fn workers(&self) -> Vec<Arc<Worker>> {
        lock(&self.pool).workers.clone()
    }

    /// Lets no thread start or park any more, and wakes the spares so that they end.
    pub(crate) fn close(&self) {
        let spares = {
            let mut pool = lock(&self.pool);
            pool.is_closed = true;
            std::mem::take(&mut pool.spares)
        };
        for spare in spares {
            spare.unparker.unpark();
        }
    }

    /// Waits until every thread has ended, and joins them. False: the deadline came first.
    pub(crate) fn join(&self, deadline: Option<Instant>) -> bool {
        let mut pool = lock(&self.pool);
        while !pool.workers.is_empty() {
            pool = match deadline {
                None => pool.wait(&self.ended),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    pool.wait_timeout(&self.ended, left)
                }
            };
        }
        let handles = std::mem::take(&mut pool.handles);
        drop(pool);
        for handle in handles {
            // A worker's thread catches what tasks panic with; what it would panic with itself has been printed.
            let _ = handle.join();
        }
        true
    }
}

impl Pool {
    fn may_start(&mut self) -> bool {
        if self.is_closed || self.workers.len() >= self.most {
            return false;
        }
        match self.no_start_before {
            Some(time) if Instant::now() < time => false,
            _ => {
                self.no_start_before = None;
                true
            }
        }
    }

    fn forget(&mut self, worker: &Arc<Worker>) {
        self.workers.retain(|other| other != worker);
        self.handles.retain(|handle| !handle.is_finished());
    }

    fn leave_lane(&mut self, lane: Lane) {
        self.in_lane[lane as usize] -= 1;
        if lane == Lane::Computing {
            self.extra_in_computing = self.extra_in_computing.saturating_sub(1);
        }
    }

    /// A lane with a task that one more thread could poll.
    fn waiting_lane(&self, scheduler: &Scheduler) -> Option<Lane> {
        let extra = |lane: Lane| if lane == Lane::Computing { self.extra_in_computing } else { 0 };
        let has_room = |lane: Lane| self.in_lane[lane as usize] < scheduler.most_in_lane(lane) + extra(lane);
        let waits = |lane: &Lane| !scheduler.lanes.queue(*lane).is_empty() && has_room(*lane);
        [Lane::Blocking, Lane::Computing].into_iter().find(waits)
    }
}

impl Scheduler {
    /// Finds a thread for a processor that has none. False: there is none to be had now, and the processor waits for
    /// one that comes back.
    pub(crate) fn place(self: &Arc<Self>, processor: usize) -> bool {
        let mut pool = lock(&self.threads.pool);
        if let Some(spare) = pool.spares.pop() {
            // Under the lock: the spare must not be taken for another processor before its word says so.
            self.give(processor, &spare);
            drop(pool);
            spare.unparker.unpark();
            return true;
        }
        match self.start_thread(pool, Errand::Processor(processor)) {
            Ok(()) => true,
            Err(_) => {
                lock(&self.threads.pool).vacancies.push(processor);
                self.monitor.wake_if_parked();
                false
            }
        }
    }

    /// Makes `worker` the one that holds `processor`.
    fn give(&self, processor: usize, worker: &Arc<Worker>) {
        worker.permit.grant(processor);
        self.processors[processor].set_worker(Some(Arc::clone(worker)));
    }

    /// The monitor's backstop: processors without a worker, and lanes that nobody serves because a thread could not be
    /// started. True while some are left.
    pub(crate) fn retry_starts(self: &Arc<Self>) -> bool {
        let vacancy = lock(&self.threads.pool).vacancies.pop();
        let is_filled = vacancy.is_none_or(|processor| self.place(processor));
        self.call_for_lane();
        !is_filled || lock(&self.threads.pool).waiting_lane(self).is_some()
    }

    /// How many tasks have been taken from a lane so far. `None`: none waits there.
    pub(crate) fn progress_of_lane(&self, lane: Lane) -> Option<u64> {
        let waits = !self.lanes.queue(lane).is_empty();
        waits.then(|| lock(&self.threads.pool).taken[lane as usize])
    }

    /// Lets one task out of the blocking lane to be polled on a worker: the first that is no closure. Its type has to
    /// be caught again to come back.
    pub(crate) fn release_from_blocking_lane(self: &Arc<Self>) {
        let queue = self.lanes.queue(Lane::Blocking);
        let mut waiting: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        let released = waiting.iter().position(|runnable| runnable.tag() != BLOCKING);
        let released = released.map(|at| waiting.remove(at));
        // The rest go back, in their order; or are dropped, if the runtime closes at this moment.
        drop(queue.push_batch(waiting));
        self.call_for_lane();
        if let Some(runnable) = released {
            self.learned.forget(runnable.kind());
            self.inject(runnable);
        }
    }

    /// Lets one thread more into the computing lane, until a poll there comes back.
    pub(crate) fn widen_computing_lane(self: &Arc<Self>) {
        lock(&self.threads.pool).extra_in_computing += 1;
        self.call_for_lane();
    }

    /// How many more tasks the blocking lane can take without one waiting for a thread. As many threads as there are
    /// processors are left for hand-offs.
    pub(crate) fn room_in_blocking_lane(&self) -> usize {
        let pool = lock(&self.threads.pool);
        let in_lane = pool.in_lane[Lane::Blocking as usize];
        let threads = pool.spares.len() + pool.most.saturating_sub(pool.workers.len());
        let room = self.most_in_lane(Lane::Blocking).saturating_sub(in_lane);
        let free = threads.saturating_sub(self.processors.len());
        room.min(free).saturating_sub(self.lanes.queue(Lane::Blocking).len())
    }

    /// Calls a thread for the lanes: a spare, or a new one. To be called after a push to one.
    pub(crate) fn call_for_lane(self: &Arc<Self>) {
        let mut pool = lock(&self.threads.pool);
        let Some(lane) = pool.waiting_lane(self) else { return };
        // One thread per task that waits is called; who comes takes one.
        if pool.called >= self.lanes.queue(lane).len() {
            return;
        }
        if let Some(spare) = pool.spares.pop() {
            pool.called += 1;
            drop(pool);
            spare.unparker.unpark();
        } else if pool.starting < STARTING_AT_ONCE {
            let started = self.start_thread(pool, Errand::Lane);
            if started.is_err() {
                // The monitor tries again. Threads that come back from a poll look at the lanes, too.
                self.monitor.wake_if_parked();
            }
        }
    }

    fn start_thread(self: &Arc<Self>, mut pool: Locked<'_, Pool>, errand: Errand) -> io::Result<()> {
        if !pool.may_start() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let (worker, queue, parker) = Worker::new();
        if let Errand::Processor(processor) = errand {
            self.give(processor, &worker);
        } else {
            pool.called += 1;
            pool.starting += 1;
        }
        pool.workers.push(Arc::clone(&worker));
        pool.peak = pool.peak.max(pool.workers.len());
        drop(pool);
        let started = self.spawn_thread(Arc::clone(&worker), queue, parker, errand);
        let mut pool = lock(&self.threads.pool);
        match started {
            Ok(handle) => pool.handles.push(handle),
            Err(error) => {
                pool.forget(&worker);
                pool.failed_starts += 1;
                pool.no_start_before = Some(Instant::now() + PAUSE_AFTER_FAILURE);
                match errand {
                    Errand::Processor(processor) => self.processors[processor].set_worker(None),
                    Errand::Lane => {
                        pool.called -= 1;
                        pool.starting -= 1;
                    }
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn spawn_thread(
        self: &Arc<Self>,
        worker: Arc<Worker>,
        queue: LocalQueue,
        parker: Parker,
        errand: Errand,
    ) -> io::Result<thread::JoinHandle<()>> {
        let mut builder = thread::Builder::new().name(self.config.thread_name.clone());
        if let Some(size) = self.config.thread_stack_size {
            builder = builder.stack_size(size);
        }
        let scheduler = Arc::clone(self);
        builder.spawn(move || {
            abort_on_panic(|| {
                let context = Context::new(scheduler, worker, queue, parker);
                become_worker(context, |context| context.run(errand));
            });
        })
    }

    /// What to do next without a processor.
    fn errand(self: &Arc<Self>, pool: &mut Pool, worker: &Arc<Worker>) -> Option<Job> {
        if worker.permit.see() != Seen::NONE {
            return Some(Job::Work);
        }
        if let Some(processor) = pool.vacancies.pop() {
            self.give(processor, worker);
            return Some(Job::Work);
        }
        while let Some(lane) = pool.waiting_lane(self) {
            // `None`: another thread, or the close of the runtime, was faster.
            let Some(runnable) = self.lanes.queue(lane).pop() else { continue };
            pool.in_lane[lane as usize] += 1;
            pool.taken[lane as usize] += 1;
            return Some(Job::Lane(runnable, lane));
        }
        None
    }
}

/// What a thread without a processor found to do.
enum Job {
    /// It holds a processor again.
    Work,
    Lane(Runnable, Lane),
}

fn after(keep_alive: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(keep_alive).unwrap_or_else(|| now + FOR_EVER)
}

impl Context {
    /// The life of a thread.
    fn run(&self, errand: Errand) {
        let _entered = self.scheduler.reactor.enter();
        let hooks = &self.scheduler.config.hooks;
        hooks.call_on_start();
        self.measure();
        let mut is_called = errand == Errand::Lane;
        if is_called {
            lock(&self.scheduler.threads.pool).starting -= 1;
        }
        while let Some(job) = self.next_job(&mut is_called) {
            match job {
                Job::Work => self.work_until_closed(),
                Job::Lane(runnable, lane) => {
                    self.poll_in_lane(runnable, lane);
                    lock(&self.scheduler.threads.pool).leave_lane(lane);
                }
            }
        }
        hooks.call_on_stop();
        self.end();
    }

    fn work_until_closed(&self) {
        self.work();
        if let Some(processor) = self.worker.permit.give_up() {
            // Only at the end of the runtime does a worker come back with its processor.
            self.scheduler.processors[processor].set_worker(None);
        }
    }

    /// Waits for something to do. `None`: the thread has been spare for too long, or the runtime closes.
    fn next_job(&self, is_called: &mut bool) -> Option<Job> {
        let scheduler = &self.scheduler;
        let keep_alive = scheduler.config.thread_keep_alive;
        let mut expires = None;
        loop {
            let mut pool = lock(&scheduler.threads.pool);
            if std::mem::take(is_called) {
                pool.called -= 1;
            }
            if let Some(job) = scheduler.errand(&mut pool, &self.worker) {
                let waits = pool.waiting_lane(scheduler).is_some();
                let calls = if waits { ON_THEIR_WAY.saturating_sub(pool.called) } else { 0 };
                drop(pool);
                for _ in 0..calls {
                    scheduler.call_for_lane();
                }
                return Some(job);
            }
            if pool.is_closed || expires.is_some_and(|time| Instant::now() >= time) {
                return None;
            }
            pool.spares.push(Arc::clone(&self.worker));
            drop(pool);
            let expires = *expires.get_or_insert_with(|| after(keep_alive));
            trace::asleep(ParkPlace::Spare, || self.parker.park_deadline(expires));
            let mut pool = lock(&scheduler.threads.pool);
            let at = pool.spares.iter().rposition(|spare| *spare == self.worker);
            match at {
                Some(at) => _ = pool.spares.remove(at),
                // Whoever took us off the list gave us a processor, called us for a lane, or closes the runtime.
                None => *is_called = self.worker.permit.see() == Seen::NONE && !pool.is_closed,
            }
        }
    }

    /// One poll without a processor, and what it teaches.
    fn poll_in_lane(&self, runnable: Runnable, lane: Lane) {
        if runnable.tag() == BLOCKING {
            self.worker.set_aside(Aside::Closure);
            self.poll_unwatched(runnable);
            return self.worker.set_aside(Aside::Nothing);
        }
        let kind = runnable.kind();
        let reports = &self.scheduler.reports;
        let task = reports.is_wanted().then(|| (Polled::of(&runnable), self.waited_for_a_core()));
        let begun = Instant::now();
        let computed = kernel::own_processor_time();
        self.worker.set_aside(Aside::Task);
        self.poll_unwatched(runnable);
        self.worker.set_aside(Aside::Nothing);
        let took = begun.elapsed();
        let computed = || Some(kernel::own_processor_time()?.saturating_sub(computed?));
        let computed = (took >= SHORT_COMPUTE).then(computed).flatten();
        self.scheduler.learned.learn(kind, lane, took, computed);
        if self.come_back() {
            return;
        }
        if let Some((task, waited)) = task.filter(|_| took >= SHORT_COMPUTE) {
            let waited =
                self.waited_for_a_core().zip(waited).map(|(after, before)| after.saturating_sub(before));
            let returned = ReturnedPoll::from_lane(task, took, computed, waited);
            if returned.verdict != Verdict::Starved {
                reports.returned(returned, None);
            }
        }
    }

    /// How long this thread has waited for a core since it started.
    fn waited_for_a_core(&self) -> Option<Duration> {
        let open = || kernel::Thread::open(kernel::ThreadId::current());
        self.scheduler
            .config
            .asks_the_kernel
            .then(|| self.notes.files.get_or_init(open).waited_for_a_core())?
    }

    /// One poll that the monitor does not watch, since it holds no processor that anybody could want.
    fn poll_unwatched(&self, runnable: Runnable) {
        self.worker.progress.resume();
        self.poll(runnable);
        self.worker.progress.rest();
    }

    /// The last thing a thread does.
    fn end(&self) {
        let threads = &self.scheduler.threads;
        self.scheduler.counters.take_over(&self.worker.tally);
        self.measure_no_more();
        lock(&threads.pool).forget(&self.worker);
        threads.ended.notify_all();
    }
}
