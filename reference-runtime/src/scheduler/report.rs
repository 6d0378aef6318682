//! What is told about a poll that was found stuck.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::system_call::SystemCall;
use crate::runnable::{Runnable, Task};

/// What the monitor makes of a poll that goes on and on.
///
/// ```
/// use reference_runtime::{Builder, Verdict};
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel();
/// let runtime = Builder::new().worker_threads(1).on_blocked(move |poll| drop(tell.send(poll.verdict()))).build()?;
/// // Blocks its thread until somebody has noticed.
/// let verdict = runtime.block_on(runtime.spawn(async move { told.recv() })).unwrap();
/// assert!(matches!(verdict, Verdict::Blocked | Verdict::Unknown));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The thread sleeps in the kernel: its processor is given to another thread at once.
    Blocked,
    /// The thread uses a core. Only if every processor does so for long is one of them given to another thread.
    Computing,
    /// The thread could run but gets no core, because of other load: another thread would make that worse.
    Starved,
    /// The kernel does not tell. After 10 ms the thread counts as blocked.
    Unknown,
}

impl Verdict {
    /// What a thread with this verdict has done, for a sentence.
    pub(super) fn verb(self) -> [&'static str; 2] {
        match self {
            Verdict::Computing => ["has computed on", "computed on"],
            Verdict::Starved => ["has waited for a core with", "waited for a core with"],
            Verdict::Blocked | Verdict::Unknown => ["has blocked", "blocked"],
        }
    }
}

/// A report about a poll that was found stuck, see [`Builder::on_blocked`](crate::Builder::on_blocked).
///
/// Displays as a sentence:
///
/// ```text
/// task "resize" (7) spawned at src/main.rs:12:9 has blocked its thread for 430 µs in read (anon_pipe_read); 511 of 512 threads left
/// ```
///
/// ```
/// use reference_runtime::{BlockedPoll, Builder};
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel::<BlockedPoll>();
/// let runtime = Builder::new().worker_threads(1).on_blocked(move |poll| drop(tell.send(poll.clone()))).build()?;
/// // Blocks its thread until somebody has noticed.
/// let line = line!() + 1;
/// let task = runtime.spawn(async move { told.recv() });
/// let report = runtime.block_on(task).unwrap();
/// assert_eq!(report.spawned_at().line(), line);
/// assert!(!report.lasts().is_zero());
/// println!("{report}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockedPoll {
    pub(super) task: Polled,
    pub(super) verdict: Verdict,
    pub(super) lasts: Duration,
    pub(super) cpu_time: Option<Duration>,
    pub(super) system_call: Option<SystemCall>,
    pub(super) wait_channel: Option<String>,
    pub(super) threads_left: usize,
    pub(super) most_threads: usize,
}

/// The task that is being polled.
#[derive(Clone, Debug)]
pub(super) struct Polled {
    pub(super) task: Task,
    pub(super) location: &'static Location<'static>,
}

impl Polled {
    pub(super) fn of(runnable: &Runnable) -> Self {
        Self { task: Task::of(runnable.id()), location: runnable.location() }
    }
}

impl BlockedPoll {
    /// The task: its number, and its name if it has one.
    ///
    /// ```
    /// use reference_runtime::task;
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.task().clone())))
    ///     .build()?;
    /// let _entered = runtime.enter();
    /// let sleeps = async { std::thread::sleep(std::time::Duration::from_millis(50)) };
    /// let handle = task::Builder::new().name("sleeper".to_string()).spawn(sleeps)?;
    /// let id = handle.id();
    /// runtime.block_on(handle);
    /// let task = told.recv().unwrap();
    /// assert_eq!((task.id(), task.name()), (id, Some("sleeper")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn task(&self) -> &Task {
        &self.task.task
    }

    /// Where the task was spawned.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.spawned_at())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// assert!(told.recv().unwrap().file().ends_with(".rs"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.task.location
    }

    /// How long the poll has lasted so far, at least: the monitor first saw it that long ago. Zero while many polls block:
    /// then the monitor needs only one look at a thread that sleeps.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.lasts())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// assert!(!told.recv().unwrap().is_zero());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lasts(&self) -> Duration {
        self.lasts
    }

    /// How much processor time the thread has used since the monitor first saw the poll, at most
    /// [`lasts`](BlockedPoll::lasts). `None` where the kernel does not tell.
    ///
    /// Of a thread that sleeps the figure is exact. Of one that runs, the kernel brings it up to date with its clock tick,
    /// every 1 to 10 ms.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send((poll.cpu_time(), poll.lasts()))))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// let (computed, lasts) = told.recv().unwrap();
    /// assert!(computed.is_none_or(|computed| computed <= lasts));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn cpu_time(&self) -> Option<Duration> {
        self.cpu_time
    }

    /// What the thread does.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.verdict())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// # if cfg!(target_os = "linux") {
    /// assert_eq!(told.recv(), Ok(reference_runtime::Verdict::Blocked));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The system call in which the thread sleeps.
    ///
    /// `None` if it computes, if it sleeps in a page fault (as when it reads a mapped file that is not in memory), if it
    /// came back while the kernel was asked, and where the kernel does not tell: on other systems than Linux, on a Linux
    /// built without `CONFIG_HAVE_ARCH_TRACEHOOK`, and in sandboxes that hide `/proc/self/task/*/syscall`.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.system_call().and_then(|call| call.name()))))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// let name = told.recv().unwrap();
    /// assert!(name.is_none_or(|name| name == "clock_nanosleep" || name == "nanosleep"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn system_call(&self) -> Option<SystemCall> {
        self.system_call
    }

    /// The function of the kernel in which the thread sleeps: `anon_pipe_read`, `futex_do_wait`, `folio_wait_bit_common`.
    ///
    /// It tells apart what one system call may wait for, such as a `read` from a pipe, from a socket or from a disk. The
    /// names are those of the kernel that runs, and differ between versions. `None` where
    /// [`system_call`](BlockedPoll::system_call) may be, but for the page fault, and where the kernel was built without
    /// its table of symbols.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.wait_channel().map(str::to_owned))))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// let name = told.recv().unwrap();
    /// assert!(name.is_none_or(|name| name.contains("nanosleep")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn wait_channel(&self) -> Option<&str> {
        self.wait_channel.as_deref()
    }

    /// How many threads could still stand in for blocked ones at that moment: those that are spare, and those that may be
    /// started up to [`Builder::max_threads`](crate::Builder::max_threads). At 0 the next blocked poll stops a worker.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .max_threads(4)
    ///     .on_blocked(move |poll| drop(tell.send(poll.threads_left())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// // One of the four is blocked, and one has taken its place.
    /// assert_eq!(told.recv(), Ok(2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn threads_left(&self) -> usize {
        self.threads_left
    }

    /// The sentence about a poll that has not come back after so long.
    pub(super) fn still(&self, lasts: Duration) -> impl fmt::Display + '_ {
        Still(self, lasts)
    }

    /// The sentence, with what there is to say of how long it lasts.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        verb: &str,
        lasts: impl fmt::Display,
    ) -> fmt::Result {
        write!(f, "{} {verb} its thread for {lasts}{}", self.task, Place(self))?;
        write!(f, "; {} of {} threads left", self.threads_left, self.most_threads)
    }
}

impl fmt::Display for BlockedPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [verb, _] = self.verdict.verb();
        self.write(f, verb, Rounded(self.lasts))
    }
}

impl fmt::Display for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spawned at {}", self.task, self.location)
    }
}

/// See [`BlockedPoll::still`].
struct Still<'a>(&'a BlockedPoll, Duration);

impl fmt::Display for Still<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [verb, _] = self.0.verdict.verb();
        self.0.write(f, verb, format_args!("{} so far", Rounded(self.1)))
    }
}

/// In what a poll is stuck, if that is known.
struct Place<'a>(&'a BlockedPoll);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.system_call, self.0.wait_channel.as_deref()) {
            (Some(call), Some(channel)) => write!(f, " in {call} ({channel})"),
            (Some(call), None) => write!(f, " in {call}"),
            (None, Some(channel)) => write!(f, " in {channel}"),
            (None, None) => Ok(()),
        }
    }
}

/// A time with three digits.
pub(crate) struct Rounded(pub(crate) Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_nanos() as f64 / 1e3;
        let (value, unit) = match micros {
            _ if micros < 999.5 => (micros, "µs"),
            _ if micros < 999_500.0 => (micros / 1e3, "ms"),
            _ => (micros / 1e6, "s"),
        };
        let digits = match value {
            _ if value < 9.995 => 2,
            _ if value < 99.95 => 1,
            _ => 0,
        };
        f.pad(&format!("{value:.digits$} {unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runnable::Id;

    #[test]
    fn times_have_three_digits() {
        for (nanos, text) in [
            (0, "0.00 µs"),
            (1_234, "1.23 µs"),
            (430_200, "430 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (9_996_000, "10.0 ms"),
            (53_210_000, "53.2 ms"),
            (1_500_000_000, "1.50 s"),
            (3_600_000_000_000, "3600 s"),
        ] {
            assert_eq!(Rounded(Duration::from_nanos(nanos)).to_string(), text);
        }
    }

    #[test]
    fn a_report_is_a_sentence() {
        let id = Id::new();
        let report = BlockedPoll {
            task: Polled { task: Task::of(id), location: Location::caller() },
            verdict: Verdict::Blocked,
            lasts: Duration::from_micros(430),
            cpu_time: Some(Duration::ZERO),
            system_call: None,
            wait_channel: Some("anon_pipe_read".to_owned()),
            threads_left: 510,
            most_threads: 512,
        };
        let sentence = report.to_string();
        let end = " has blocked its thread for 430 µs in anon_pipe_read; 510 of 512 threads left";
        assert!(
            sentence.starts_with(&format!("task {id} spawned at ")) && sentence.ends_with(end),
            "{sentence}"
        );
    }
}
