//! What is told about a poll that blocked or computed for long, when it has come back.

use std::backtrace::Backtrace;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::report::{BlockedPoll, Polled, Rounded, Verdict};
use crate::primitive::Arc;
use crate::runnable::Task;

/// A report about a poll that blocked or computed for long and has come back, see
/// [`Builder::on_returned`](crate::Builder::on_returned).
///
/// Displays as a sentence, with the backtrace below if there is one.
///
/// ```
/// use reference_runtime::{Builder, ReturnedPoll};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// let (tell, told) = mpsc::channel::<ReturnedPoll>();
/// let runtime =
///     Builder::new().worker_threads(1).on_returned(move |poll| drop(tell.send(poll.clone()))).build()?;
/// runtime.block_on(runtime.spawn(async { std::thread::sleep(Duration::from_millis(50)) }));
/// let report = told.recv().unwrap();
/// // The monitor needs a moment to see a poll at all.
/// assert!(report.lasted() > Duration::ZERO && report.lasted() >= report.blocked().unwrap().lasts());
/// println!("{report}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReturnedPoll {
    pub(super) task: Polled,
    pub(super) verdict: Verdict,
    pub(super) lasted: Duration,
    pub(super) cpu_time: Option<Duration>,
    pub(super) blocked: Option<BlockedPoll>,
    pub(super) backtrace: Option<Arc<Backtrace>>,
}

impl ReturnedPoll {
    /// The task. See [`BlockedPoll::task`].
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send(poll.task().id())))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// let id = task.id();
    /// runtime.block_on(task);
    /// assert_eq!(told.recv(), Ok(id));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn task(&self) -> &Task {
        &self.task.task
    }

    /// A poll on a thread without a processor, for which there was no need to find out what it did.
    ///
    /// Of the time that it `lasted` it computed so much, and waited so much for a core.
    pub(super) fn from_lane(
        task: Polled,
        lasted: Duration,
        computed: Option<Duration>,
        waited: Option<Duration>,
    ) -> Self {
        let is_most = |time: Option<Duration>| time.is_some_and(|time| time > lasted / 2);
        let verdict = match (computed, waited) {
            (None, _) => Verdict::Unknown,
            _ if is_most(computed) => Verdict::Computing,
            _ if is_most(waited) => Verdict::Starved,
            _ => Verdict::Blocked,
        };
        Self { task, verdict, lasted, cpu_time: computed, blocked: None, backtrace: None }
    }

    /// Where the task was spawned. See [`BlockedPoll::spawned_at`].
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send(poll.spawned_at())))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// runtime.block_on(task);
    /// assert!(told.recv().unwrap().file().ends_with(".rs"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.task.location
    }

    /// How long the poll lasted. If it was [found stuck](ReturnedPoll::blocked), since the monitor first saw it, which is
    /// some 0.2 ms after it began, or up to 4 ms beside little else; otherwise since it began.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send((poll.spawned_at().line(), poll.lasted(), poll.cpu_time()))))
    ///     .build()?;
    /// let line = line!() + 1;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(Duration::from_millis(50)) }));
    /// let (spawned_at, lasted, computed) = told.recv().unwrap();
    /// assert_eq!(spawned_at, line);
    /// assert!(lasted > Duration::ZERO);
    /// assert!(computed.is_none_or(|computed| computed <= lasted));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lasted(&self) -> Duration {
        self.lasted
    }

    /// How much processor time it used of that. `None` where the kernel does not tell.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send((poll.cpu_time(), poll.lasted()))))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// runtime.block_on(task);
    /// let (computed, lasted) = told.recv().unwrap();
    /// assert!(computed.is_none_or(|computed| computed <= lasted));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn cpu_time(&self) -> Option<Duration> {
        self.cpu_time
    }

    /// What it did. Of a poll that was found stuck, this is the verdict of that time.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send(poll.verdict())))
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

    /// The report of when it was found stuck. `None` for a poll of 1 to 10 ms on a thread set aside for it, since the type
    /// of its future is known to block or to compute for long ([`Builder::learn`](crate::Builder::learn)), or since it was
    /// queued behind many that blocked: there nobody waits for it, so nobody had to find out.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send(poll.blocked().map(|report| report.task().id()))))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// let id = task.id();
    /// runtime.block_on(task);
    /// assert!(told.recv().unwrap().is_none_or(|reported| reported == id));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocked(&self) -> Option<&BlockedPoll> {
        self.blocked.as_ref()
    }

    /// Where in its future the poll was when it next had to do with the runtime after it had been found stuck.
    ///
    /// See [`Builder::backtrace`](crate::Builder::backtrace) for what that shows.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_returned(move |poll| drop(tell.send(poll.backtrace().is_some())))
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) });
    /// runtime.block_on(task);
    /// assert_eq!(told.recv(), Ok(false), "nobody asked for it");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.backtrace.as_deref()
    }
}

impl fmt::Display for ReturnedPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, verb] = self.verdict.verb();
        match &self.blocked {
            Some(blocked) => blocked.write(f, verb, Rounded(self.lasted))?,
            None => {
                write!(f, "{} {verb} a thread set aside for it for {}", self.task, Rounded(self.lasted))?;
            }
        }
        match &self.backtrace {
            Some(backtrace) => write!(f, "; then it came here:\n{}", frames_of_task(&backtrace.to_string())),
            None => Ok(()),
        }
    }
}

/// The part of a stack between this runtime, which took it, and this runtime, which polled the task. All of it, if those
/// are not found, as in a program without symbols.
fn frames_of_task(stack: &str) -> String {
    let is_frame = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let takes = ["Waker as core::clone::Clone>::clone", "Context>::schedule"];
    let lines: Vec<&str> = stack.lines().collect();
    let find = |names: &[&str]| lines.iter().position(|line| names.iter().any(|name| line.contains(name)));
    let next_frame =
        |at: usize| lines[at + 1..].iter().position(|line| is_frame(line)).map(|next| at + 1 + next);
    let first = find(&takes).and_then(next_frame).unwrap_or(0);
    let end = find(&["reference_runtime::runnable::raw::poll"]).unwrap_or(lines.len());
    lines.get(first..end).unwrap_or(&lines).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runnable::Id;

    #[test]
    fn of_a_stack_the_frames_of_the_task_are_shown() {
        let stack = "   0: reference_runtime::scheduler::absence::note_place\n             at src/x.rs:1:1\n   \
            1: <core::task::wake::Waker as core::clone::Clone>::clone\n             at clone.rs:2:2\n   \
            2: app::resize::{{closure}}\n             at main.rs:7:7\n   \
            3: reference_runtime::runnable::raw::poll::{{closure}}\n   4: main";
        assert_eq!(frames_of_task(stack), "   2: app::resize::{{closure}}\n             at main.rs:7:7");
        assert_eq!(frames_of_task("   0: <unknown>\n   1: <unknown>"), "   0: <unknown>\n   1: <unknown>");
    }

    #[test]
    fn a_poll_in_a_lane_is_told_of_in_a_sentence() {
        let task = Polled { task: Task::of(Id::new()), location: Location::caller() };
        let time = |millis| Some(Duration::from_millis(millis));
        let verdict = |computed, waited| {
            let lasted = Duration::from_millis(20);
            ReturnedPoll::from_lane(task.clone(), lasted, computed, waited).verdict()
        };
        assert_eq!(verdict(time(15), time(1)), Verdict::Computing);
        assert_eq!(verdict(time(1), time(15)), Verdict::Starved);
        assert_eq!(verdict(time(1), None), Verdict::Blocked);
        assert_eq!(verdict(None, None), Verdict::Unknown);
        let returned = ReturnedPoll::from_lane(task.clone(), Duration::from_millis(20), time(15), None);
        assert!(returned.to_string().ends_with(" computed on a thread set aside for it for 20.0 ms"));
    }
}
