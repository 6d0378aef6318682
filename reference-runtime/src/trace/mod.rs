//! Records what the runtime does, thread by thread: spawns, polls, wakes, steals, parks, blocked polls and hand-offs.
//! With the feature `trace`.
//!
//! ```
//! use reference_runtime::{block_on, task, trace};
//!
//! let recording = trace::start()?;
//! block_on(async {
//!     task::spawn(async { std::thread::sleep(std::time::Duration::from_millis(2)) }).await;
//! });
//! let trace = recording.stop();
//! # let folder = std::env::temp_dir();
//! # let file = folder.join(format!("trace-of-the-module-{}.json", std::process::id()));
//! trace.save(&file)?;
//! # std::fs::remove_file(file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! <https://ui.perfetto.dev> opens the file, as does every program that reads the Trace Event Format. A program need not
//! be changed: with `REFERENCE_RUNTIME_TRACE=FILE` in its environment it records from the start of its first runtime, and
//! writes the file every few seconds, whenever a runtime is shut down, and when the thread that started the first
//! one ends (the main thread, in most programs). A process that is killed leaves what was last written.
//!
//! **Memory is bounded.** Each thread keeps its newest events, 65,536 of 16 bytes unless the [`Recorder`] says
//! otherwise; older ones are counted, [`Trace::dropped`]. Files are some ten times as large.
//!
//! **What it costs.** Without the feature, nothing. With it, but without a recording: a load and a test where something
//! could be recorded, some 20 instructions for a poll. A recorded event costs a dozen stores and loads, and most often a
//! look at the clock, which is half of it. On the benches of this repository, with two cores: a server of small HTTP
//! requests answers as many as without, for 2 % more processor time, and a ticker of a millisecond is as punctual beside
//! tasks that block. Where nothing is done but to schedule, it is much: a yield takes 100 ns in place of 55, a chained
//! spawn 180 in place of 85.
//!
//! There is one recording in a process at a time, of all its runtimes. What several of them do to each other is in one
//! picture; and a hook finds out that it has nothing to do without following a pointer.

mod clock;
mod collect;
mod environment;
mod event;
mod hook;
mod json;
mod json_object;
mod ring;
mod session;
mod which;
mod word;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

pub use collect::{Thread, Trace};
pub use event::{Event, ParkPlace, PollResult, Queue, What};

pub(crate) use collect::names_are_in;
pub(crate) use environment::{runtime_ends, runtime_starts};
pub(crate) use hook::{
    asleep, blocked, cancelled, handed_off, in_place, named, park, poll_begins, spawned, stole, took, woken,
};
pub(crate) use which::{WhichRuntime, WhichThread};

use session::Limits;

/// Some tens of milliseconds of a busy worker, or minutes of a calm one: a megabyte.
const EVENTS_PER_THREAD: usize = 65_536;
/// More threads than a service has that is well; in a storm of blocking calls the later ones are left out.
const MAX_THREADS: usize = 64;

/// Begins a recording with the defaults of [`Recorder`].
///
/// ```
/// use reference_runtime::trace;
///
/// let recording = trace::start()?;
/// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
/// assert!(recording.stop().events().count() > 0);
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
///
/// # Errors
///
/// If a recording is going on.
pub fn start() -> Result<Recording, AlreadyRecording> {
    Recorder::new().start()
}

/// Sets up a [`Recording`].
///
/// ```
/// use reference_runtime::trace::Recorder;
///
/// let recording = Recorder::new().events_per_thread(1_000).max_threads(8).note("title", "one spawn").start()?;
/// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
/// drop(recording);
/// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    limits: Limits,
    notes: BTreeMap<String, String>,
}

impl Recorder {
    /// A recorder with the defaults, which each method names.
    ///
    /// ```
    /// let recording = reference_runtime::trace::Recorder::new().start()?;
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn new() -> Recorder {
        let limits = Limits { events_per_thread: EVENTS_PER_THREAD, threads: MAX_THREADS };
        Recorder { limits, notes: BTreeMap::new() }
    }

    /// How many events each thread keeps, the newest, at 16 bytes each. Rounded up to 512. Default: 65,536.
    ///
    /// ```
    /// let recording = reference_runtime::trace::Recorder::new().events_per_thread(4096).start()?;
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `events` is 0.
    pub fn events_per_thread(&mut self, events: usize) -> &mut Recorder {
        assert!(events > 0, "a thread keeps events or is not recorded: give `events_per_thread` at least 1");
        self.limits.events_per_thread = events;
        self
    }

    /// Of how many threads events are kept. Beyond that, a new thread takes the place of one that has ended, and is left
    /// out if none has. Default: 64.
    ///
    /// ```
    /// let recording = reference_runtime::trace::Recorder::new().max_threads(4).start()?;
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `threads` is 0.
    pub fn max_threads(&mut self, threads: usize) -> &mut Recorder {
        assert!(threads > 0, "there is nothing to record without a thread: give `max_threads` at least 1");
        self.limits.threads = threads;
        self
    }

    /// Adds a line to the file's `otherData`, which viewers show as what the trace is about. `title` is what the process
    /// is called, instead of the name of its program. The fields that the recorder writes itself keep their values.
    ///
    /// ```
    /// let recording = reference_runtime::trace::Recorder::new().note("commit", "87d4c9a").start()?;
    /// let mut file = Vec::new();
    /// recording.stop().write_to(&mut file)?;
    /// assert!(String::from_utf8(file)?.contains("\"commit\":\"87d4c9a\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn note(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Recorder {
        let key = key.into();
        if !json::OWN_FIELDS.contains(&key.as_str()) {
            self.notes.insert(key, value.into());
        }
        self
    }

    /// Begins a recording.
    ///
    /// ```
    /// let recording = reference_runtime::trace::Recorder::new().start()?;
    /// assert!(reference_runtime::trace::start().is_err(), "one at a time");
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a recording is going on.
    pub fn start(&self) -> Result<Recording, AlreadyRecording> {
        match session::begin(self.limits.clone()) {
            Some(number) => Ok(Recording { number, notes: self.notes.clone() }),
            None => Err(AlreadyRecording(())),
        }
    }
}

impl Default for Recorder {
    /// The same as [`Recorder::new`].
    fn default() -> Recorder {
        Recorder::new()
    }
}

/// A recording that goes on until it is stopped or dropped.
///
/// ```
/// use reference_runtime::{block_on, task, trace};
///
/// let recording = trace::start()?;
/// block_on(task::spawn(async {}));
/// let so_far = recording.snapshot();
/// block_on(task::spawn(async {}));
/// assert!(recording.stop().events().count() > so_far.events().count());
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
#[derive(Debug)]
#[must_use = "a recording ends when it is dropped"]
pub struct Recording {
    number: u32,
    notes: BTreeMap<String, String>,
}

impl Recording {
    /// Ends the recording and gives what was recorded.
    ///
    /// ```
    /// let trace = reference_runtime::trace::start()?.stop();
    /// assert_eq!(trace.events().count(), 0);
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn stop(self) -> Trace {
        let view = session::end(self.number, session::Session::view);
        Trace::collect(view.expect("a recording goes on until it is stopped"), self.notes.clone())
    }

    /// What was recorded so far. The recording goes on, and what happens meanwhile may or may not be in it.
    ///
    /// ```
    /// let recording = reference_runtime::trace::start()?;
    /// let last_minutes = recording.snapshot();
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn snapshot(&self) -> Trace {
        let view = session::look(self.number, session::Session::view);
        Trace::collect(view.expect("a recording goes on until it is stopped"), self.notes.clone())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Nothing, if it was stopped.
        session::end(self.number, |_| ());
    }
}

/// A recording is going on already: there is one in a process at a time.
///
/// ```
/// use reference_runtime::trace;
///
/// let recording = trace::start()?;
/// let error = trace::start().unwrap_err();
/// assert!(error.to_string().contains("stop it first"));
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlreadyRecording(());

impl fmt::Display for AlreadyRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a recording is going on in this process; stop it first, or leave out the variable \
             REFERENCE_RUNTIME_TRACE if that began it",
        )
    }
}

impl Error for AlreadyRecording {}
