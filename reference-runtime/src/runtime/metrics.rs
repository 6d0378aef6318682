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
    tasks: u64,
    census: Census,
    counts: Counts,
    dropped_reports: u64,
}

impl Metrics {
    pub(super) fn read(scheduler: &Scheduler) -> Self {
        Self {
            workers: scheduler.processors.len(),
            tasks: scheduler.unfinished(),
            census: scheduler.threads.census(),
            counts: scheduler.counters.read(),
            dropped_reports: scheduler.reports.dropped(),
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
