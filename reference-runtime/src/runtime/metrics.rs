//! What a runtime has counted.

use crate::scheduler::Scheduler;
use crate::scheduler::metrics::Counts;
use crate::scheduler::threads::Census;

/// What a runtime has counted up to one moment, see [`Runtime::metrics`](crate::Runtime::metrics).
///
/// The figures are read one after another while the runtime goes on, so they may differ by what happened in between.
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
    tasks: usize,
    census: Census,
    counts: Counts,
}

impl Metrics {
    pub(super) fn read(scheduler: &Scheduler) -> Self {
        Self {
            workers: scheduler.processors.len(),
            tasks: scheduler.tasks.len(),
            census: scheduler.threads.census(),
            counts: scheduler.counters.read(),
        }
    }

    /// How many threads may poll tasks at once: [`Builder::worker_threads`](crate::Builder::worker_threads).
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Tasks and blocking closures that have not finished.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Threads now, without the monitor: those that poll, block, sleep or are spare.
    pub fn threads(&self) -> usize {
        self.census.live
    }

    /// Threads that have nothing to do and end after the keep-alive.
    pub fn spare_threads(&self) -> usize {
        self.census.spare
    }

    /// The most threads there were at once.
    pub fn peak_threads(&self) -> usize {
        self.census.peak
    }

    /// Times that a thread could not be started, for want of processes or memory. The runtime tries again.
    pub fn failed_thread_starts(&self) -> u64 {
        self.census.failed_starts
    }

    /// Processors given from a worker that was stuck in a poll, or in `block_in_place`, to another thread.
    pub fn hand_offs(&self) -> u64 {
        self.counts.hand_offs
    }

    /// Polls found [`Blocked`](crate::Verdict::Blocked) while somebody needed their processor.
    pub fn blocked_polls(&self) -> u64 {
        self.counts.blocked
    }

    /// Polls found [`Computing`](crate::Verdict::Computing) that were relieved.
    pub fn computing_polls(&self) -> u64 {
        self.counts.computing
    }

    /// Polls found [`Starved`](crate::Verdict::Starved): other processes take the cores.
    pub fn starved_polls(&self) -> u64 {
        self.counts.starved
    }

    /// Polls about which the kernel did not tell, taken for blocked after 10 ms.
    pub fn unknown_polls(&self) -> u64 {
        self.counts.unknown
    }

    /// How often the monitor looked.
    pub fn monitor_looks(&self) -> u64 {
        self.counts.looks
    }
}
