//! Stage 4. Who waits for the sockets?
//!
//! The workers themselves: the one that would sleep first waits in the reactor, for events and timers as well
//! as for work; others sleep on their parkers. A worker with much to do looks at the reactor now and then.
//!
//! Still missing: a worker that is blocked does not come back to the reactor, and nobody is woken in its place.
//! One blocking call holds up everything, the timers included, if the worker that makes it has come from the
//! reactor while the others sleep. As many as there are workers do so always.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::io;
use std::num::NonZeroU32;
use std::panic::Location;
use std::time::{Duration, Instant};

use super::Stage;
use super::threads::Threads;
use crate::idle::{Idle, Left, Place};
use crate::park::{Parker, Unparker};
use crate::primitive::{Arc, AtomicBool, Ordering};
use crate::queue::{self, Injector, LocalQueue, NextTask, Stealer};
use crate::reactor::Reactor;
use crate::runnable::{JoinHandle, Runnable, Schedule, SpawnedAt, TaskRef, Wake, task};
use crate::tasks::Tasks;
use crate::trace;

/// How many times in a row the next-task slot comes before the queue: two tasks that wake each other for ever
/// must not starve the rest.
const SLOT_IN_A_ROW: u32 = 3;
/// After so many polls a worker looks at the injector and the reactor though its own queue has tasks. Odd and
/// not a round number, so that it does not fall into step with the program's own rhythm.
const BEAT_POLLS: u32 = 61;

/// N threads, a queue for each, and a reactor.
pub(super) struct Scheduler {
    // Immutable:
    workers: Box<[Arc<Worker>]>,
    pub(super) reactor: Arc<Reactor>,
    // Each guards itself:
    injector: Injector,
    idle: Idle<Arc<Worker>>,
    threads: Threads,
    /// Those that sleep.
    tasks: Tasks,
    /// Set once, by [`Scheduler::close`].
    is_closing: AtomicBool,
    traced: trace::WhichRuntime,
}

/// A task's way back to its scheduler.
#[derive(Clone)]
struct Origin(Arc<Scheduler>);

impl Schedule for Origin {
    fn schedule(&self, runnable: Runnable, wake: Wake) {
        self.0.schedule(runnable, wake);
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        self.0.tasks.insert(0, task)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        self.0.tasks.remove(place?)
    }
}

impl Scheduler {
    /// Starts the workers, for this stage or the next.
    pub(super) fn start(stage: Stage, workers: usize) -> io::Result<Arc<Self>> {
        let (workers, seats): (Vec<_>, Vec<_>) = (0..workers).map(|_| Worker::new()).unzip();
        let scheduler = Arc::new(Scheduler {
            idle: Idle::new(workers.len()),
            workers: workers.into(),
            reactor: Reactor::new()?,
            injector: Injector::new(),
            threads: Threads::new(),
            tasks: Tasks::new(1),
            is_closing: AtomicBool::new(false),
            traced: trace::WhichRuntime::new(),
        });
        for (number, (queue, parker)) in seats.into_iter().enumerate() {
            let context = Context::new(&scheduler, number, queue, parker);
            let started = scheduler.threads.start(stage, move || {
                context.worker.traced.is_this(&context.scheduler.traced);
                context.worker.traced.takes(number);
                become_worker(context, Context::work);
            });
            if started.is_err() {
                scheduler.close(None);
                return started.map(|()| scheduler);
            }
        }
        Ok(scheduler)
    }

    /// Makes a task of `future` and queues it.
    pub(super) fn spawn<F>(
        self: &Arc<Self>,
        future: F,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, handle) = task(future, Origin(Arc::clone(self)), 0, location);
        // After the close this drops the runnable, which cancels the task.
        self.schedule(runnable, Wake::Fresh);
        handle
    }

    /// Queues a task where this thread queues tasks.
    fn schedule(&self, runnable: Runnable, wake: Wake) {
        if self.is_closing() {
            return drop(runnable);
        }
        let mut runnable = Some(runnable);
        with_current(|context| {
            if std::ptr::eq(&*context.scheduler, self) {
                runnable.take().into_iter().for_each(|runnable| context.push(runnable, wake));
            }
        });
        if let Some(runnable) = runnable {
            self.inject(runnable);
        }
    }

    /// Queues a task where every worker looks, and sees to it that one does.
    fn inject(&self, runnable: Runnable) {
        match self.injector.push(runnable) {
            Ok(()) => self.notify(),
            Err(refused) => drop(refused),
        }
    }

    /// After a push to any queue.
    fn notify(&self) {
        if let Some((worker, place)) = self.idle.notify() {
            self.wake(&worker, place);
        }
    }

    fn wake(&self, worker: &Worker, place: Place) {
        match place {
            Place::Parker => worker.unparker.unpark(),
            Place::Reactor => self.reactor.notify(),
        }
    }

    /// Whether a worker that is about to sleep would miss a task. The queues of others count: their owners
    /// may block.
    fn has_queued_work(&self) -> bool {
        !self.injector.is_empty() || self.workers.iter().any(|worker| !worker.queue.is_empty())
    }

    /// Records how many tasks wait in the injector and with a worker.
    fn trace_lengths(&self, worker: &Worker) {
        self.traced.queued(|| [self.injector.len(), 0]);
        let next = || usize::from(!worker.next_task.is_empty());
        worker.traced.queued(|| worker.queue.len() + next());
    }

    fn is_closing(&self) -> bool {
        // SeqCst: the partner is the store in `close`. A worker looks at it after it counted itself as
        // sleeping, and `close` wakes all that sleep afterwards; in any other order a worker could sleep
        // through the close.
        self.is_closing.load(Ordering::SeqCst)
    }

    /// Cancels every task, waits until those being polled come back, and ends the threads. False: some did
    /// not come back in time, or this is one of the threads.
    pub(super) fn close(&self, deadline: Option<Instant>) -> bool {
        // SeqCst: the partner is the load in `is_closing`.
        self.is_closing.store(true, Ordering::SeqCst);
        drop(self.injector.close());
        for task in self.tasks.close() {
            task.abort();
        }
        for worker in &self.workers {
            drop(worker.next_task.take());
            // The injector is closed, so this drops them.
            worker.queue.drain_into(&self.injector);
        }
        while let Some((worker, place)) = self.idle.take_sleeper() {
            self.wake(&worker, place);
        }
        let all_ended = self.threads.join(deadline);
        self.reactor.close();
        all_ended
    }

    /// Where the tasks that are being polled were spawned.
    pub(super) fn stuck(&self) -> Vec<&'static Location<'static>> {
        self.workers.iter().filter_map(|worker| worker.polled.get()).collect()
    }
}

/// What others may see of a worker.
struct Worker {
    /// Filled and emptied by the worker, and emptied by the close.
    next_task: NextTask,
    /// Emptied by anyone; the worker pushes through its [`LocalQueue`].
    queue: Stealer,
    unparker: Unparker,
    /// Where the task that is being polled was spawned, for the report of a shutdown.
    polled: SpawnedAt,
    traced: trace::WhichThread,
}

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What a worker's thread alone may touch.
struct Context {
    scheduler: Arc<Scheduler>,
    worker: Arc<Worker>,
    queue: LocalQueue,
    parker: Parker,
    /// Counted as searching in [`crate::idle::Idle`].
    is_searching: Cell<bool>,
    /// Moved tasks to the own queue, of which nobody has been told.
    has_carried: Cell<bool>,
    /// How often the next-task slot came before the queue.
    slot_in_a_row: Cell<u32>,
    /// Until the next beat.
    polls_left: Cell<u32>,
    /// Where the search for a victim starts.
    seed: Cell<usize>,
}

thread_local! {
    static CURRENT: OnceCell<Context> = const { OnceCell::new() };
}

/// Calls `f` with the context of the calling thread if it is a worker. `None` on other threads and while the
/// thread's locals are being destroyed.
fn with_current<R>(f: impl FnOnce(&Context) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.get().map(f)).ok().flatten()
}

/// Makes the calling thread a worker until `run` returns.
fn become_worker(context: Context, run: impl FnOnce(&Context)) {
    CURRENT.with(|current| run(current.get_or_init(|| context)));
}

impl Worker {
    /// A worker and what its thread needs, before that thread starts.
    fn new() -> (Arc<Worker>, (LocalQueue, Parker)) {
        let (local, stealer) = queue::local();
        let parker = Parker::new();
        let worker = Worker {
            next_task: NextTask::new(),
            queue: stealer,
            unparker: parker.unparker(),
            polled: SpawnedAt::nowhere(),
            traced: trace::WhichThread::new(),
        };
        (Arc::new(worker), (local, parker))
    }
}

impl Context {
    fn new(scheduler: &Arc<Scheduler>, number: usize, queue: LocalQueue, parker: Parker) -> Self {
        Self {
            scheduler: Arc::clone(scheduler),
            worker: Arc::clone(&scheduler.workers[number]),
            queue,
            parker,
            is_searching: Cell::new(false),
            has_carried: Cell::new(false),
            slot_in_a_row: Cell::new(0),
            polls_left: Cell::new(BEAT_POLLS),
            seed: Cell::new(number),
        }
    }

    /// Polls tasks until the scheduler closes. Afterwards its queue is empty.
    fn work(&self) {
        let _entered = self.scheduler.reactor.enter();
        while let Some(runnable) = self.next_runnable() {
            self.poll(runnable);
        }
        drop(self.worker.next_task.take());
        while let Some(runnable) = self.queue.pop() {
            drop(runnable);
        }
    }

    /// The next task, waiting for one if need be. `None`: the scheduler closes.
    fn next_runnable(&self) -> Option<Runnable> {
        loop {
            if let Some(runnable) = self.find_task() {
                let is_last = self.is_searching.take() && self.scheduler.idle.stop_searching();
                if is_last || self.has_carried.take() {
                    self.notify_in_the_pushers_place();
                }
                return Some(runnable);
            }
            if !self.rest() {
                return None;
            }
        }
    }

    fn find_task(&self) -> Option<Runnable> {
        if self.is_due() {
            if let Some(runnable) = self.look_up() {
                return Some(runnable);
            }
        }
        if self.slot_in_a_row.get() < SLOT_IN_A_ROW {
            if let Some(runnable) = self.worker.next_task.take() {
                self.slot_in_a_row.set(self.slot_in_a_row.get() + 1);
                return Some(runnable);
            }
        }
        self.slot_in_a_row.set(0);
        if let Some(runnable) = self.queue.pop() {
            return Some(runnable);
        }
        if let Some(runnable) = self.worker.next_task.take() {
            return Some(runnable);
        }
        // For a moment, what is moved to our queue was in none: a worker may have gone to sleep then, and
        // this one may block in its very next poll.
        self.has_carried.set(true);
        let workers = self.scheduler.workers.len();
        self.take_injected(workers).or_else(|| self.steal())
    }

    /// Half of another worker's queue.
    fn steal(&self) -> Option<Runnable> {
        if !self.is_searching.get() {
            if !self.scheduler.idle.try_search() {
                return None;
            }
            self.is_searching.set(true);
        }
        let workers = &self.scheduler.workers;
        let start = self.seed.get();
        self.seed.set(start.wrapping_mul(0x9e37_79b1).wrapping_add(1));
        for offset in 0..workers.len() {
            let victim = &workers[start.wrapping_add(offset) % workers.len()];
            if *victim == self.worker {
                continue;
            }
            if let Some(runnable) = victim.queue.steal_into(&self.queue) {
                trace::stole(&victim.traced, || self.queue.len() + 1);
                return Some(runnable);
            }
        }
        self.take_injected(workers.len())
    }

    /// A fair share of what others have woken.
    fn take_injected(&self, workers: usize) -> Option<Runnable> {
        let taken = self.scheduler.injector.pop_batch(&self.queue, workers)?;
        trace::took(|| self.queue.len() + 1);
        Some(taken)
    }

    // ANCHOR: poll
    /// One poll. The panic of a task ends in its handle.
    fn poll(&self, runnable: Runnable) {
        if self.scheduler.is_closing() {
            return drop(runnable);
        }
        self.worker.polled.set(Some(runnable.location()));
        if let Some(again) = runnable.poll() {
            self.push(again, Wake::DuringPoll);
        }
        self.worker.polled.set(None);
    }
    // ANCHOR_END: poll

    /// Counts a poll. True: it is time to look up from the own queue.
    fn is_due(&self) -> bool {
        let left = self.polls_left.get() - 1;
        self.polls_left.set(if left == 0 { BEAT_POLLS } else { left });
        left == 0
    }

    /// The beat: a task from the injector, if it is its turn, and a look at the reactor.
    fn look_up(&self) -> Option<Runnable> {
        self.scheduler.trace_lengths(&self.worker);
        self.look_at_reactor();
        self.scheduler.injector.pop().inspect(|_| trace::took(|| 1))
    }

    fn look_at_reactor(&self) {
        if let Some(attendant) = self.scheduler.reactor.try_attend() {
            // An error here is met again by the worker that next waits for events.
            let (woken, _) = attendant.wait(Some(Duration::ZERO));
            woken.wake();
        }
    }

    // ANCHOR: rest
    /// Sleeps until there is something to do. False: the scheduler closes.
    fn rest(&self) -> bool {
        let scheduler = &*self.scheduler;
        let attendant = scheduler.reactor.try_attend();
        let place = if attendant.is_some() { Place::Reactor } else { Place::Parker };
        scheduler.idle.sleep(Arc::clone(&self.worker), place, self.is_searching.take());
        let mut woken = None;
        // Step c of the proof in [`crate::idle`].
        if !scheduler.has_queued_work() && !scheduler.is_closing() {
            scheduler.trace_lengths(&self.worker);
            let _asleep = trace::park(place.into());
            match attendant {
                Some(attendant) => {
                    let (wakers, waited) = attendant.wait(None);
                    woken = Some(wakers);
                    if waited.is_err() {
                        // Cannot happen with a poller of ours; if it does, do not spin on it.
                        self.parker.park_timeout(Duration::from_millis(1));
                    }
                }
                None => self.parker.park(),
            }
        }
        self.is_searching.set(scheduler.idle.leave(&self.worker) == Left::Notified);
        // After we are counted as awake again: wakers are code of users, and one of them may block.
        if let Some(woken) = woken {
            woken.wake();
        }
        !scheduler.is_closing()
    }
    // ANCHOR_END: rest

    // ANCHOR: push
    /// Queues a task that was woken or spawned on this thread.
    fn push(&self, runnable: Runnable, wake: Wake) {
        let behind = match wake {
            Wake::Fresh => self.worker.next_task.put(runnable),
            Wake::DuringPoll => Some(runnable),
        };
        if let Some(runnable) = behind {
            self.queue.push(runnable, &self.scheduler.injector);
            self.scheduler.notify();
        }
    }
    // ANCHOR_END: push

    fn notify_in_the_pushers_place(&self) {
        if !self.queue.is_empty() || !self.scheduler.injector.is_empty() {
            self.scheduler.notify();
        }
    }
}
