//! What a builder offers to who wants to know of polls that block.

use std::io;
use std::time::Duration;

use super::{BlockedPoll, Builder, ReturnedPoll};
use crate::primitive::Arc;
use crate::scheduler::lines;

impl Builder {
    /// Calls `hook` when a poll is found stuck: which task, for how long, in what.
    ///
    /// A poll is reported once. Reported are polls whose processor the monitor takes, since other tasks wait for it, and
    /// polls that have blocked or computed for 10 ms, whoever waits. Not reported are closures of `spawn_blocking` and
    /// `block_in_place`, which say that they block.
    ///
    /// The hook runs on a thread of its own, so it may print, lock and block. Up to 1,024 reports wait for it; what is
    /// more is dropped, and counted in [`Metrics::dropped_reports`](crate::Metrics::dropped_reports). The end of the
    /// runtime waits for the hook as it does for polls. A panic in it is caught.
    ///
    /// Without a hook, set the environment variable `REFERENCE_RUNTIME_BLOCKED` to 1 and read stderr, see the
    /// documentation of the [crate](crate#which-task-blocks).
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| {
    ///         eprintln!("{poll}");
    ///         tell.send(poll.spawned_at().line()).unwrap();
    ///     })
    ///     .build()?;
    /// let line = line!() + 1;
    /// let blocking = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// assert_eq!(told.recv(), Ok(line));
    /// # runtime.block_on(blocking);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_blocked(&mut self, hook: impl Fn(&BlockedPoll) + Send + Sync + 'static) -> &mut Self {
        self.hooks.of_reports.on_blocked = Some(Arc::new(hook));
        self
    }

    /// Calls `hook` when a poll that was [reported](Builder::on_blocked) has come back: only then is it known how long it
    /// took. Also when a poll took 1 ms or more on a thread that was set aside for it, as its type is known to block.
    ///
    /// The hook runs where that of [`Builder::on_blocked`] does.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| tell.send((poll.spawned_at().line(), poll.lasted())).unwrap())
    ///     .build()?;
    /// let line = line!() + 1;
    /// let blocking = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// let (spawned_at, lasted) = told.recv().unwrap();
    /// assert_eq!(spawned_at, line);
    /// assert!(!lasted.is_zero());
    /// # runtime.block_on(blocking);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_returned(&mut self, hook: impl Fn(&ReturnedPoll) + Send + Sync + 'static) -> &mut Self {
        self.hooks.of_reports.on_returned = Some(Arc::new(hook));
        self
    }

    /// Whether reports of polls that have come back say where in its future the poll went on. Default: false.
    ///
    /// A poll has a stack only while it runs, and while it is blocked nobody but itself could read it without unsafe means.
    /// So the stack is taken from within, at the first thing the poll has to do with this runtime after it was found
    /// stuck: it registers a waker, which is what an `.await` that has to wait does, or it wakes or spawns another task.
    /// The frames of the `async fn`s that lead there have the line of that await or call, and the blocking call came
    /// before it in one of them. Lines are there if the program was built with `debug = "line-tables-only"` or more.
    ///
    /// There is none ([`ReturnedPoll::backtrace`]) if the poll ended the task without another such thing, and if the poll
    /// kept its processor, because it computed while nobody waited.
    ///
    /// It costs a poll nothing but that a future which keeps its waker clones it at each poll; taking a stack costs some
    /// 10 to 100 µs, once for each poll that is found stuck, and much more when it is printed.
    ///
    /// ```
    /// use reference_runtime::{Builder, time};
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// async fn resize() {
    ///     std::thread::sleep(Duration::from_millis(50));
    ///     time::sleep(Duration::from_millis(1)).await;
    /// }
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = Builder::new()
    ///     .worker_threads(1)
    ///     .backtrace(true)
    ///     .on_returned(move |poll| drop(tell.send(poll.backtrace().map(|stack| stack.to_string()))))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(resize()));
    /// let stack = told.recv().unwrap().unwrap();
    /// assert!(stack.contains("resize"), "{stack}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn backtrace(&mut self, takes_backtraces: bool) -> &mut Self {
        self.takes_backtraces = takes_backtraces;
        self
    }
}

impl Builder {
    /// Whether the runtime measures how long polls take and how long tasks wait for them: [`Metrics::poll_times`] and
    /// [`Metrics::schedule_latencies`](crate::Metrics::schedule_latencies). Default: false, as it reads the clock twice for
    /// each poll, which costs some 70 to 120 ns; without it, a poll reads no clock.
    ///
    /// [`Metrics::poll_times`]: crate::Metrics::poll_times
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().worker_threads(1).measure_polls(true).build()?;
    /// runtime.block_on(runtime.spawn(async {}));
    /// // The poll is over a moment after the task is.
    /// while runtime.metrics().poll_times().count() == 0 {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn measure_polls(&mut self, measures: bool) -> &mut Self {
        self.measures_polls = measures;
        self
    }
}

/// From what length on polls get lines on stderr, as the environment says.
pub(super) fn lines_after() -> io::Result<Option<Duration>> {
    let Some(value) = std::env::var_os(lines::VARIABLE) else { return Ok(None) };
    lines::threshold(&value.to_string_lossy())
        .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))
}
