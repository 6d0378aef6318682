//! A worker: a thread that polls tasks, and the loop it runs while it holds a processor.
//!
//! In the order in which [`Context::find_task`] looks: the next-task slot (the task woken last, while its data is
//! warm, a few times in a row), the worker's own queue, the injector, the queues of others. Who finds nothing waits in
//! the reactor, or on its parker if another worker is there already.
//!
//! What a poll costs beside the future itself: four relaxed stores before it ([`Progress`], so that the monitor can
//! tell one poll from the next) and one relaxed load after it (is the processor still ours?). No clock is read and no
//! fence is crossed: the monitor keeps the time. Every so often, on the *beat*, the worker reads the clock once, learns
//! how long its polls take, and looks at the injector and the reactor even though its own queue has tasks.
//!
//! What a thread without a processor does is in [`super::threads`].

use std::cell::{Cell, OnceCell};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use super::Scheduler;
use super::absence::{Absence, Notes};
use super::handoff::{Permit, Seen};
use super::kernel::ThreadId;
use super::metrics::Tally;
use super::parts::Part;
use super::progress::Progress;
use crate::idle::{Left, Place};
use crate::park::{Parker, Unparker};
use crate::primitive::{Arc, AtomicU32, Mutex, Ordering};
use crate::queue::{self, LocalQueue, NextTask, Stealer};
use crate::reactor::{Attendant, Woken};
use crate::runnable::{Runnable, Wake};
use crate::trace;

/// How many times in a row the next-task slot comes before the queue: two tasks that wake each other for ever must
/// not starve the rest.
const SLOT_IN_A_ROW: u32 = 3;
/// The beat looks at the injector and the reactor about this often.
const BEAT: Duration = Duration::from_micros(50);
/// Polls between two beats: at first, and at most. Without a monitor nobody notices when polls become longer than
/// they were at the last beat, so then the first is also the most.
const FIRST_BEAT_POLLS: u32 = 61;
const MAX_BEAT_POLLS: u32 = 1024;
/// What waits has to be worth so much before a second worker is woken for it. It costs 5 to 20 µs until that one runs,
/// and after that every line of memory that the two share: tasks that talk to each other through a channel are three
/// times as fast on one worker. With 50 µs, eight senders and eight receivers now and then got the second one to help.
const PRICE_OF_A_WORKER: Duration = Duration::from_micros(500);
/// The same for a worker that had no rest for so long: it cannot keep up, however little waits at any moment.
const PRICE_IF_LASTING: Duration = Duration::from_micros(50);
const LASTING: Duration = Duration::from_millis(20);
/// The same while there is no core for it, see [`super::crowd`].
const PRICE_IF_CROWDED: Duration = Duration::from_millis(5);
/// How long a worker that has emptied the injector waits for more before it sleeps: less than it costs to wake it.
const LINGER: Duration = Duration::from_micros(3);
/// A worker that has yet to hear its first beat assumes polls of this length.
const ASSUMED_POLL: Duration = Duration::from_micros(1);

/// What others may see of a worker.
pub(crate) struct Worker {
    /// Written by the worker, read by the monitor.
    pub(crate) progress: CachePadded<Progress>,
    /// See [`Permit`] for who may change it.
    pub(crate) permit: Permit,
    /// Filled by the worker, emptied by anyone.
    pub(crate) next_task: NextTask,
    pub(crate) tally: Tally,
    /// Emptied by anyone; the worker pushes through its [`LocalQueue`].
    pub(crate) queue: Stealer,
    pub(crate) unparker: Unparker,
    /// The poll that was found stuck, for the worker to report the end of. Left by the monitor, taken by the worker.
    pub(crate) absence: Mutex<Option<Arc<Absence>>>,
    /// What it polls without a processor, an [`Aside`](super::asides::Aside). Relaxed: for reports.
    pub(super) aside: AtomicU32,
    /// Immutable once the thread runs.
    pub(crate) thread: OnceLock<ThreadId>,
    pub(crate) traced: trace::WhichThread,
}

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What a worker's thread alone may touch.
pub(crate) struct Context {
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) worker: Arc<Worker>,
    pub(crate) queue: LocalQueue,
    pub(crate) parker: Parker,
    /// What [`Worker::permit`] says as long as nothing has happened. Nothing inside `block_in_place`: what is queued
    /// there is for others.
    pub(crate) held: Cell<Seen>,
    /// Counted as searching in [`crate::idle::Idle`].
    is_searching: Cell<bool>,
    /// Has found tasks in the injector since it last lingered.
    is_fed: Cell<bool>,
    /// How often the next-task slot came before the queue.
    slot_in_a_row: Cell<u32>,
    /// Waking those for whom the reactor had something, see [`Context::wake`].
    is_waking: Cell<bool>,
    /// What the thread notes of its own polls.
    pub(super) notes: Notes,
    beat: Beat,
    /// Where the search for a victim starts.
    seed: Cell<usize>,
}

/// The rhythm in which a worker looks up from its own queue.
struct Beat {
    polls_left: Cell<u32>,
    polls: Cell<u32>,
    last: Cell<Instant>,
    /// When the worker last came back from a rest.
    busy_since: Cell<Instant>,
    /// The average length of a poll between the last two beats.
    poll: Cell<Duration>,
}

thread_local! {
    static CURRENT: OnceCell<Context> = const { OnceCell::new() };
}

/// Calls `f` with the context of the calling thread if it is a worker. `None` on other threads and while the thread's
/// locals are being destroyed.
pub(crate) fn with_current<R>(f: impl FnOnce(&Context) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.get().map(f)).ok().flatten()
}

/// Makes the calling thread a worker until `run` returns.
pub(crate) fn become_worker(context: Context, run: impl FnOnce(&Context)) {
    CURRENT.with(|current| {
        let context = current.get_or_init(|| context);
        context.worker.thread.get_or_init(ThreadId::current);
        context.worker.traced.is_this(&context.scheduler.traced);
        run(context);
    });
}

impl Worker {
    /// A worker and what its thread needs, before that thread starts.
    pub(crate) fn new() -> (Arc<Worker>, LocalQueue, Parker) {
        let (local, stealer) = queue::local();
        let parker = Parker::new();
        let worker = Worker {
            progress: CachePadded::new(Progress::resting()),
            permit: Permit::none(),
            next_task: NextTask::new(),
            tally: Tally::default(),
            queue: stealer,
            unparker: parker.unparker(),
            absence: Mutex::new(None),
            aside: AtomicU32::new(0),
            thread: OnceLock::new(),
            traced: trace::WhichThread::new(),
        };
        (Arc::new(worker), local, parker)
    }
}

impl Context {
    pub(crate) fn new(
        scheduler: Arc<Scheduler>,
        worker: Arc<Worker>,
        queue: LocalQueue,
        parker: Parker,
    ) -> Self {
        let seed = std::ptr::from_ref(&*worker) as usize >> 7;
        Self {
            scheduler,
            worker,
            queue,
            parker,
            held: Cell::new(Seen::NONE),
            is_searching: Cell::new(false),
            is_fed: Cell::new(false),
            slot_in_a_row: Cell::new(0),
            is_waking: Cell::new(false),
            notes: Notes::default(),
            beat: Beat {
                polls_left: Cell::new(FIRST_BEAT_POLLS),
                polls: Cell::new(FIRST_BEAT_POLLS),
                last: Cell::new(Instant::now()),
                busy_since: Cell::new(Instant::now()),
                poll: Cell::new(ASSUMED_POLL),
            },
            seed: Cell::new(seed),
        }
    }

    // ANCHOR: work
    /// Polls tasks for as long as this thread holds a processor. Afterwards its queue is empty.
    pub(crate) fn work(&self) {
        let Some(processor) = self.worker.permit.see().processor() else { return };
        self.held.set(Seen::held(processor));
        self.scheduler.rescued(processor);
        self.worker.traced.takes(processor);
        self.worker.progress.resume();
        self.scheduler.monitor.wake_if_parked();
        self.beat.restart();
        // A worker that gets stuck in its first poll never comes to a beat. If all do, nobody else would look here.
        self.look_at_reactor();
        while let Some(runnable) = self.next_runnable() {
            // A lane, and a close of the runtime, may have come since it was queued. What is still queued then is not begun.
            if let Some(runnable) = self.scheduler.divert(runnable, Wake::DuringPoll) {
                self.poll(runnable);
            }
            let seen = self.worker.permit.see();
            if seen != self.held.get() && !self.answer(seen) {
                self.worker.traced.returned();
                break;
            }
        }
        self.worker.traced.gives_up();
        self.held.set(Seen::NONE);
        if self.is_searching.take() && self.scheduler.idle.stop_searching() {
            self.scheduler.notify();
        }
        self.scheduler.flush(&self.worker);
        self.worker.progress.rest();
        self.come_back();
    }
    // ANCHOR_END: work

    /// The next task, waiting for one if need be. `None`: this thread holds no processor any more.
    fn next_runnable(&self) -> Option<Runnable> {
        loop {
            if let Some(runnable) = self.find_task() {
                let is_last = self.is_searching.take() && self.scheduler.idle.stop_searching();
                // Without a monitor nobody else would notice what this worker has brought to its own queue from
                // another, past the eyes of one that was going to sleep.
                let is_alone = !self.scheduler.monitor.is_on() && self.scheduler.idle.is_worth_a_notify();
                if is_last || is_alone {
                    self.notify_in_the_pushers_place();
                }
                return Some(runnable);
            }
            if !self.linger() && !self.rest() {
                return None;
            }
        }
    }

    /// Waits a moment for more from the injector, if it has been a source. True: there is more.
    ///
    /// Meanwhile the worker counts as searching, so whoever pushes need not wake it.
    fn linger(&self) -> bool {
        if !self.is_fed.take() || !self.is_searching.get() {
            return false;
        }
        let until = Instant::now() + LINGER;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        !self.scheduler.injector.is_empty()
    }

    fn find_task(&self) -> Option<Runnable> {
        if self.beat.is_due() {
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
        self.take_injected().or_else(|| self.steal())
    }

    fn take_injected(&self) -> Option<Runnable> {
        let runnable = self.scheduler.injector.pop_batch(&self.queue, self.scheduler.processors.len())?;
        trace::took(|| self.queue.len() + 1);
        self.is_fed.set(true);
        Some(runnable)
    }

    /// Half of another worker's queue. Its next-task slot is left to it: the monitor empties the slot of a worker that
    /// is stuck.
    fn steal(&self) -> Option<Runnable> {
        if !self.is_searching.get() {
            if !self.scheduler.idle.try_search() {
                return None;
            }
            self.is_searching.set(true);
        }
        let processors = &self.scheduler.processors;
        // One task that yields all the time would otherwise go to and fro between two workers. If its worker is stuck
        // instead, the monitor moves it to the injector.
        let least = if self.scheduler.monitor.is_on() { 2 } else { 1 };
        let start = self.seed.get();
        self.seed.set(start.wrapping_mul(0x9e37_79b1).wrapping_add(1));
        for offset in 0..processors.len() {
            let victim = processors[start.wrapping_add(offset) % processors.len()].worker();
            let Some(victim) = victim.filter(|victim| *victim != self.worker) else { continue };
            if victim.queue.len() < least {
                continue;
            }
            if let Some(runnable) = victim.queue.steal_into(&self.queue) {
                trace::stole(&victim.traced, || self.queue.len() + 1);
                return Some(runnable);
            }
        }
        self.take_injected()
    }

    /// One poll, with or without a processor.
    #[inline]
    pub(crate) fn poll(&self, runnable: Runnable) {
        self.worker.progress.begin(&runnable);
        let begun = self.measure_begin(&runnable);
        let again = runnable.poll();
        self.measure_end(begun);
        let Some(again) = again else { return };
        // A closing runtime, and a lane, are noticed when its turn comes.
        if let Err(again) = self.push(again, Wake::DuringPoll) {
            self.scheduler.schedule(again, Wake::DuringPoll);
        }
    }

    /// Queues a task where this thread queues tasks.
    #[inline]
    pub(crate) fn schedule(&self, runnable: Runnable, wake: Wake) {
        let Some(runnable) = self.scheduler.divert(runnable, wake) else { return };
        if let Err(runnable) = self.push(runnable, wake) {
            self.note_place();
            self.scheduler.inject(runnable);
        }
    }

    /// The processor was taken, or something is asked of us. False: it was taken.
    fn answer(&self, seen: Seen) -> bool {
        if seen.processor().is_none() {
            return false;
        }
        if seen.is_asked() {
            self.worker.permit.answer(seen);
            self.look_at_reactor();
        }
        true
    }

    /// The beat: a task from the injector, if it is its turn, and a look at the reactor.
    fn look_up(&self) -> Option<Runnable> {
        self.scheduler.trace_lengths(&self.worker);
        self.worker.progress.between_polls();
        self.beat.measure(self.scheduler.monitor.is_on());
        if self.scheduler.idle.is_worth_a_notify() {
            self.notify_in_the_pushers_place();
        }
        self.look_at_reactor();
        self.scheduler.injector.pop().inspect(|_| trace::took(|| 1))
    }

    fn look_at_reactor(&self) {
        if let Some(attendant) = self.try_attend() {
            // An error here is met again by the worker that next waits for events.
            let (woken, _) = attendant.wait(Some(Duration::ZERO));
            self.wake(woken);
        }
    }

    fn try_attend(&self) -> Option<Attendant<'_>> {
        let scheduler = &*self.scheduler;
        if scheduler.config.parts.has(Part::Reactor) { scheduler.reactor.try_attend() } else { None }
    }

    /// Runs wakers that the reactor gave. They are code of users and may block, so a worker does not count as searching
    /// meanwhile.
    ///
    /// They are served in the order of their events: the next-task slot would put the last one of each look at the reactor
    /// first. Nor do they call for another worker. A batch is most often done before one would have been of use, and what
    /// is left of a long one is found worth it on the next beat.
    fn wake(&self, woken: Woken) {
        if woken.is_empty() {
            return;
        }
        if self.is_searching.take() && self.scheduler.idle.stop_searching() {
            self.scheduler.notify();
        }
        self.is_waking.set(true);
        woken.wake();
        self.is_waking.set(false);
    }

    /// Sleeps until there is something to do. False: this thread holds no processor any more, or the runtime closes.
    fn rest(&self) -> bool {
        let scheduler = &*self.scheduler;
        let attendant = self.try_attend();
        let place = if attendant.is_some() { Place::Reactor } else { Place::Parker };
        self.worker.progress.rest();
        scheduler.idle.sleep(Arc::clone(&self.worker), place, self.is_searching.take());
        let mut woken = None;
        // Step c of the proof in [`crate::idle`]. The processor may have been revoked a moment ago: whoever did so looks
        // at our tick after the fence in `Watch::hand_off`, and we look at our word after the one in `Idle::sleep`, so
        // one of the two sees the other, and a worker without a processor does not sleep among those that have one.
        let is_held = self.worker.permit.see().processor().is_some();
        if is_held && !scheduler.has_queued_work() && !scheduler.is_closing() {
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
        self.worker.progress.resume();
        scheduler.monitor.wake_if_parked_after_a_change();
        self.beat.restart();
        // After we are counted as awake again: wakers are code of users, and one of them may block.
        if let Some(woken) = woken {
            self.wake(woken);
        }
        let is_empty = self.queue.is_empty() && self.worker.next_task.is_empty();
        let closes = scheduler.is_closing() && is_empty && scheduler.injector.is_empty();
        self.worker.permit.see().processor().is_some() && !closes
    }

    /// Queues a task that was woken or spawned on this thread. Gives it back if this thread may not poll it.
    #[inline]
    pub(crate) fn push(&self, runnable: Runnable, wake: Wake) -> Result<(), Runnable> {
        // Without a processor, or in place, this thread will not look at its queue soon.
        if self.held.get() == Seen::NONE || self.worker.permit.see() != self.held.get() {
            return Err(runnable);
        }
        self.measure_queued(&runnable);
        let behind = match wake {
            Wake::Fresh if !self.is_waking.get() && self.scheduler.config.parts.has(Part::NextTask) => {
                self.worker.next_task.put(runnable)
            }
            _ => Some(runnable),
        };
        if let Some(runnable) = behind {
            self.queue.push(runnable, &self.scheduler.injector);
            let may_wait = self.is_waking.get() && self.scheduler.monitor.is_on();
            if !may_wait && self.scheduler.idle.is_worth_a_notify() && self.is_worth_a_worker() {
                self.scheduler.wake_a_worker();
            }
        }
        // Should this poll get stuck, somebody must look after what is queued behind it.
        self.scheduler.monitor.wake_if_parked();
        Ok(())
    }

    /// Whether what is queued would keep this worker busy for longer than it takes to get another one going. Without
    /// a monitor that would send help later, any task is.
    fn is_worth_a_worker(&self) -> bool {
        let queued = self.queue.len() + self.scheduler.injector.len();
        let queued = u32::try_from(queued).unwrap_or(u32::MAX);
        let price = if self.scheduler.is_crowded.load(Ordering::Relaxed) {
            PRICE_IF_CROWDED
        } else if self.beat.is_lasting() {
            PRICE_IF_LASTING
        } else {
            PRICE_OF_A_WORKER
        };
        !self.scheduler.monitor.is_on() || self.beat.poll.get().saturating_mul(queued) > price
    }

    fn notify_in_the_pushers_place(&self) {
        let is_any = !self.queue.is_empty() || !self.scheduler.injector.is_empty();
        if is_any && self.is_worth_a_worker() {
            self.scheduler.notify();
        }
    }
}

impl Beat {
    /// Counts a poll.
    fn is_due(&self) -> bool {
        let left = self.polls_left.get() - 1;
        self.polls_left.set(left);
        left == 0
    }

    /// Sets the length of the next beat by that of the last.
    fn measure(&self, is_monitored: bool) {
        let now = Instant::now();
        let poll = (now - self.last.get()) / self.polls.get();
        let most = if is_monitored { MAX_BEAT_POLLS } else { FIRST_BEAT_POLLS };
        let polls = BEAT.as_nanos() / poll.as_nanos().max(1);
        self.poll.set(poll);
        self.last.set(now);
        self.polls.set((polls as u32).clamp(1, most));
        self.polls_left.set(self.polls.get());
    }

    /// The worker was away: what passed meanwhile was no poll.
    fn restart(&self) {
        let now = Instant::now();
        self.last.set(now);
        self.busy_since.set(now);
        self.polls_left.set(self.polls.get());
    }

    /// Whether the worker had no rest for long, as of the last beat.
    fn is_lasting(&self) -> bool {
        self.last.get() - self.busy_since.get() >= LASTING
    }
}
