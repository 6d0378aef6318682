//! What is measured for who asks for it: how long polls take, and how long tasks wait for them.
//!
//! Polls: two reads of the clock for each, into a [`Recorder`] that only the polling thread writes to. Waits: one task in
//! [`ONE_IN`] that are queued for a worker is noted here when it is queued, and looked up when it is polled. A task that is
//! queued is polled by the thread that took it from a queue, so what was noted before it was queued is seen.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Scheduler;
use super::histogram::{Histogram, Recorder};
use super::progress::Progress;
use super::worker::{Context, Worker};
use crate::primitive::{Arc, AtomicU32, AtomicU64, Mutex, Ordering, lock};
use crate::runnable::Runnable;

/// Waits are measured of one task in so many.
const ONE_IN: u32 = 16;
/// So many tasks may be on their way at once that are measured.
const NOTES: usize = 64;
/// The number of no task.
const NOBODY: u64 = 0;

/// What a scheduler measures.
pub(crate) struct Measures {
    waits: Recorder,
    notes: Box<[Note]>,
    /// Tasks that were queued by threads that are none of ours.
    queued: AtomicU32,
    recorders: Mutex<Recorders>,
}

/// A task that is queued, and when it was.
struct Note {
    /// Its number. Relaxed: what orders its queues orders this. Changed under the lock.
    task: AtomicU64,
    since: Mutex<Option<Instant>>,
}

/// Guarded by [`Measures::recorders`].
struct Recorders {
    all: Vec<Arc<Recorder>>,
    /// Those of threads that have ended: as many are kept as there were threads at once.
    free: Vec<Arc<Recorder>>,
}

/// What a thread measures.
pub(crate) struct OfThread {
    polls: Arc<Recorder>,
    queued: Cell<u32>,
}

impl Measures {
    pub(crate) fn new() -> Self {
        let note = || Note { task: AtomicU64::new(NOBODY), since: Mutex::new(None) };
        Self {
            waits: Recorder::new(),
            notes: (0..NOTES).map(|_| note()).collect(),
            queued: AtomicU32::new(0),
            recorders: Mutex::new(Recorders { all: Vec::new(), free: Vec::new() }),
        }
    }

    /// For a thread that starts.
    pub(super) fn of_thread(&self) -> OfThread {
        let mut recorders = lock(&self.recorders);
        let polls = recorders.free.pop().unwrap_or_else(|| {
            let new = Arc::new(Recorder::new());
            recorders.all.push(Arc::clone(&new));
            new
        });
        OfThread { polls, queued: Cell::new(0) }
    }

    /// A thread has ended.
    pub(super) fn give_back(&self, of_thread: &OfThread) {
        lock(&self.recorders).free.push(Arc::clone(&of_thread.polls));
    }

    /// How long polls took.
    pub(crate) fn polls(&self) -> Histogram {
        let mut histogram = Histogram::default();
        for recorder in &lock(&self.recorders).all {
            recorder.add_to(&mut histogram);
        }
        histogram
    }

    /// How long tasks waited to be polled.
    pub(crate) fn waits(&self) -> Histogram {
        self.waits.read()
    }

    /// A thread that is none of ours queues a task.
    pub(super) fn queued(&self, runnable: &Runnable) {
        if self.queued.fetch_add(1, Ordering::Relaxed) % ONE_IN == 0 {
            self.note(runnable);
        }
    }

    #[cold]
    fn note(&self, runnable: &Runnable) {
        let id = runnable.id().number();
        let note = self.note_of(id);
        let mut since = lock(&note.since);
        // One that is taken stays: to prefer the new one would leave out those that wait long.
        if since.is_none() {
            *since = Some(Instant::now());
            note.task.store(id, Ordering::Relaxed);
        }
    }

    fn note_of(&self, id: u64) -> &Note {
        &self.notes[id as usize % NOTES]
    }

    /// A task is about to be polled at this moment.
    fn polled(&self, id: u64, now: Instant) {
        let note = self.note_of(id);
        if note.task.load(Ordering::Relaxed) != id {
            return;
        }
        let mut since = lock(&note.since);
        note.task.store(NOBODY, Ordering::Relaxed);
        if let Some(since) = since.take() {
            self.waits.record(now - since);
        }
    }
}

impl Scheduler {
    /// Threads in a poll that hold no processor, but for those of lanes and closures.
    pub(crate) fn blocked_threads(&self) -> usize {
        let is_blocked = |worker: &&Arc<Worker>| {
            let is_in_poll =
                !Progress::is_resting(worker.progress.tick()) && worker.progress.task().is_some();
            is_in_poll && worker.permit.see().processor().is_none() && !worker.is_aside()
        };
        self.threads.workers().iter().filter(is_blocked).count()
    }

    /// A worker begins to work with this processor: the end of a rescue, if it was handed off.
    pub(super) fn rescued(&self, processor: usize) {
        let since = lock(&self.processors[processor].stuck_since).take();
        if let Some(since) = since {
            self.rescues.record(since.elapsed());
        }
    }
}

impl Context {
    /// For a thread that starts.
    pub(super) fn measure(&self) {
        if let Some(measures) = &self.scheduler.measures {
            self.notes.measures.get_or_init(|| measures.of_thread());
        }
    }

    /// For a thread that ends.
    pub(super) fn measure_no_more(&self) {
        if let Some((of_thread, measures)) = self.notes.measures.get().zip(self.scheduler.measures.as_ref()) {
            measures.give_back(of_thread);
        }
    }

    #[inline]
    pub(super) fn measure_queued(&self, runnable: &Runnable) {
        if let Some((of_thread, measures)) = self.notes.measures.get().zip(self.scheduler.measures.as_ref()) {
            of_thread.queued(runnable, measures);
        }
    }

    #[inline]
    pub(super) fn measure_begin(&self, runnable: &Runnable) -> Option<Instant> {
        let of_thread = self.notes.measures.get()?;
        Some(of_thread.begin(runnable, self.scheduler.measures.as_ref()?))
    }

    #[inline]
    pub(super) fn measure_end(&self, begun: Option<Instant>) {
        if let Some((of_thread, begun)) = self.notes.measures.get().zip(begun) {
            of_thread.end(begun);
        }
    }
}

impl OfThread {
    /// This thread queues a task.
    pub(super) fn queued(&self, runnable: &Runnable, measures: &Measures) {
        self.queued.set(self.queued.get().wrapping_add(1));
        if self.queued.get() % ONE_IN == 0 {
            measures.note(runnable);
        }
    }

    /// A poll begins.
    pub(super) fn begin(&self, runnable: &Runnable, measures: &Measures) -> Instant {
        let now = Instant::now();
        measures.polled(runnable.id().number(), now);
        now
    }

    /// A poll is over.
    pub(super) fn end(&self, begun: Instant) {
        self.polls.record_alone(begun.elapsed());
    }
}

/// How long something that comes and goes lasted, all told and at most.
#[derive(Default)]
pub(crate) struct Spells {
    // Nanoseconds. Written by the monitor alone; relaxed, as they are read for people.
    sum: AtomicU64,
    longest: AtomicU64,
}

impl Spells {
    pub(super) fn add(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
        self.longest.fetch_max(nanos, Ordering::Relaxed);
    }

    pub(crate) fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum.load(Ordering::Relaxed))
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest.load(Ordering::Relaxed))
    }
}
