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
}

/// From what length on polls get lines on stderr, as the environment says.
pub(super) fn lines_after() -> io::Result<Option<Duration>> {
    let Some(value) = std::env::var_os(lines::VARIABLE) else { return Ok(None) };
    lines::threshold(&value.to_string_lossy())
        .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))
}
