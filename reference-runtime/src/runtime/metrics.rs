//! What a runtime has counted.

use std::time::Duration;

use crate::primitive::Arc;
use crate::scheduler::histogram::Histogram;
use crate::scheduler::lanes::Lane;
use crate::scheduler::measures::Measures;
use crate::scheduler::metrics::Counts;
use crate::scheduler::threads::Census;
use crate::scheduler::worker::Worker;
use crate::scheduler::{Processor, Scheduler};

/// What a runtime has counted up to one moment, see [`Runtime::metrics`](crate::Runtime::metrics).
///
/// The figures are read one after another while the runtime goes on, so they may differ by what happened in between.
/// Counts are of all time since the runtime was started. Displays as a table; with the feature `serde` it serialises as a
/// map with the names of the methods below, times in nanoseconds.
///
/// ```
/// let runtime = reference_runtime::Runtime::builder().worker_threads(2).build()?;
/// runtime.block_on(runtime.spawn_blocking(|| ()));
/// let metrics = runtime.metrics();
/// assert_eq!(metrics.workers(), 2);
/// assert!(metrics.threads() >= 2 && metrics.peak_threads() >= metrics.threads());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    workers: usize,
    tasks: u64,
    census: Census,
    counts: Counts,
    dropped_reports: u64,
    blocked_threads: usize,
    queues: Queues,
    unattended: (Duration, Duration),
    rescues: Histogram,
    polls: Histogram,
    waits: Histogram,
}

/// How many tasks wait where.
#[derive(Clone, Debug)]
struct Queues {
    injector: usize,
    blocking_lane: usize,
    computing_lane: usize,
    /// By processor, with the next-task slot.
    workers: Vec<usize>,
}

impl Queues {
    fn read(scheduler: &Scheduler) -> Self {
        let of_worker = |worker: Arc<Worker>| worker.queue.len() + usize::from(!worker.next_task.is_empty());
        let of = |processor: &Processor| processor.worker().map_or(0, of_worker);
        Self {
            injector: scheduler.injector.len(),
            blocking_lane: scheduler.lanes.queue(Lane::Blocking).len(),
            computing_lane: scheduler.lanes.queue(Lane::Computing).len(),
            workers: scheduler.processors.iter().map(|processor| of(processor)).collect(),
        }
    }
}

impl Metrics {
    pub(super) fn read(scheduler: &Scheduler) -> Self {
        Self {
            workers: scheduler.processors.len(),
            tasks: scheduler.unfinished(),
            census: scheduler.threads.census(),
            counts: scheduler.counters.read(),
            dropped_reports: scheduler.reports.dropped(),
            blocked_threads: scheduler.blocked_threads(),
            queues: Queues::read(scheduler),
            unattended: (scheduler.unattended.sum(), scheduler.unattended.longest()),
            rescues: scheduler.rescues.read(),
            polls: scheduler.measures.as_ref().map(Measures::polls).unwrap_or_default(),
            waits: scheduler.measures.as_ref().map(Measures::waits).unwrap_or_default(),
        }
    }

    /// How many threads may poll tasks at once: [`Builder::worker_threads`](crate::Builder::worker_threads).
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Tasks and blocking closures that have not finished.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let task = runtime.spawn(std::future::pending::<()>());
    /// assert_eq!(runtime.metrics().tasks(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// Threads now, without the monitor: those that poll, block, sleep or are spare.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().threads(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn threads(&self) -> usize {
        self.census.live
    }

    /// Threads that have nothing to do and end after the keep-alive.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ()));
    /// // The thread of the closure stays for the next one.
    /// while runtime.metrics().spare_threads() != 1 {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spare_threads(&self) -> usize {
        self.census.spare
    }

    /// The most threads there were at once.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ()));
    /// assert_eq!(runtime.metrics().peak_threads(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peak_threads(&self) -> usize {
        self.census.peak
    }

    /// Times that a thread could not be started, for want of processes or memory. The runtime tries again.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().failed_thread_starts(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn failed_thread_starts(&self) -> u64 {
        self.census.failed_starts
    }

    /// Processors given from a worker that was stuck in a poll, or in `block_in_place`, to another thread.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// // The first task blocks the only worker until the second has run.
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// runtime.spawn(async move { tell.send(()) });
    /// runtime.block_on(blocked).unwrap();
    /// assert_eq!(runtime.metrics().hand_offs(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn hand_offs(&self) -> u64 {
        self.counts.hand_offs
    }

    /// Polls found [`Blocked`](crate::Verdict::Blocked) while somebody needed their processor.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// // The first task blocks the only worker until the second has run.
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// runtime.spawn(async move { tell.send(()) });
    /// runtime.block_on(blocked).unwrap();
    /// # if cfg!(target_os = "linux") {
    /// assert_eq!(runtime.metrics().blocked_polls(), 1);
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocked_polls(&self) -> u64 {
        self.counts.blocked
    }

    /// Polls found [`Computing`](crate::Verdict::Computing) that were relieved.
    ///
    /// ```
    /// # if cfg!(target_os = "linux") {
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let end = Arc::new(AtomicBool::new(false));
    /// let is_over = Arc::clone(&end);
    /// // The first task computes on the only worker until the second has run.
    /// let computing = runtime.spawn(async move { while !is_over.load(Ordering::Relaxed) {} });
    /// runtime.spawn(async move { end.store(true, Ordering::Relaxed) });
    /// runtime.block_on(computing);
    /// assert_eq!(runtime.metrics().computing_polls(), 1);
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn computing_polls(&self) -> u64 {
        self.counts.computing
    }

    /// Polls found [`Starved`](crate::Verdict::Starved): other processes take the cores.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().starved_polls(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn starved_polls(&self) -> u64 {
        self.counts.starved
    }

    /// Polls about which the kernel did not tell, taken for blocked after 10 ms.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().unknown_polls(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn unknown_polls(&self) -> u64 {
        self.counts.unknown
    }

    /// Reports that were dropped, since a hook of [`Builder::on_blocked`](crate::Builder::on_blocked) was slow.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().dropped_reports(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn dropped_reports(&self) -> u64 {
        self.dropped_reports
    }

    /// Threads that are blocked in a poll, or compute in one, whose processor was taken.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// # if cfg!(target_os = "linux") {
    /// while runtime.metrics().blocked_threads() != 1 {
    ///     std::thread::yield_now();
    /// }
    /// # }
    /// tell.send(()).unwrap();
    /// runtime.block_on(blocked).unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocked_threads(&self) -> usize {
        self.blocked_threads
    }

    /// Tasks that wait in the queue which all workers take from.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().injector_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn injector_depth(&self) -> usize {
        self.queues.injector
    }

    /// Tasks and closures of `spawn_blocking` that wait for a thread that may block.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().blocking_lane_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_lane_depth(&self) -> usize {
        self.queues.blocking_lane
    }

    /// Tasks of types that are known to compute for long, which wait for a thread set aside for those.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().computing_lane_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn computing_lane_depth(&self) -> usize {
        self.queues.computing_lane
    }

    /// Tasks that wait in the queue of each worker.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(2).build()?;
    /// assert_eq!(runtime.metrics().worker_depths(), [0, 0]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_depths(&self) -> &[usize] {
        &self.queues.workers
    }

    /// How long events or timers that were due waited because every worker was busy, all told. As the monitor saw it, which
    /// looks every 0.2 to 4 ms.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let metrics = runtime.metrics();
    /// assert!(metrics.longest_unattended() <= metrics.reactor_unattended());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reactor_unattended(&self) -> Duration {
        self.unattended.0
    }

    /// The longest time of [`reactor_unattended`](Metrics::reactor_unattended) at a stretch.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let longest = runtime.metrics().longest_unattended();
    /// assert!(longest <= runtime.metrics().reactor_unattended());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn longest_unattended(&self) -> Duration {
        self.unattended.1
    }

    /// For each hand-off from a poll: how long it took from when the monitor first saw the poll until another thread had the
    /// processor.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// // The first task blocks the only worker until the second has run.
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// runtime.spawn(async move { tell.send(()) });
    /// runtime.block_on(blocked).unwrap();
    /// assert_eq!(runtime.metrics().rescue_latencies().count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn rescue_latencies(&self) -> Histogram {
        self.rescues.clone()
    }

    /// How long each poll took. Empty without [`Builder::measure_polls`](crate::Builder::measure_polls).
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// runtime.block_on(runtime.spawn(async {}));
    /// assert_eq!(runtime.metrics().poll_times().count(), 0, "nobody asked for it");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_times(&self) -> Histogram {
        self.polls.clone()
    }

    /// How long tasks waited from when they were queued, since they were spawned or woken, until they were polled. Measured
    /// of one task in sixteen that are queued for a worker, and not without
    /// [`Builder::measure_polls`](crate::Builder::measure_polls).
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).measure_polls(true).build()?;
    /// // The first is measured.
    /// runtime.block_on(runtime.spawn(async {}));
    /// assert_eq!(runtime.metrics().schedule_latencies().count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn schedule_latencies(&self) -> Histogram {
        self.waits.clone()
    }

    /// How often the monitor looked.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// // The first task blocks the only worker until the second has run.
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// runtime.spawn(async move { tell.send(()) });
    /// runtime.block_on(blocked).unwrap();
    /// assert!(runtime.metrics().monitor_looks() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn monitor_looks(&self) -> u64 {
        self.counts.looks
    }
}
