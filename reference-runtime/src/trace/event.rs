//! What an event says, for who reads a trace in the program that recorded it.

use std::panic::Location;
use std::time::Duration;

/// Something that happened on one thread at one moment.
///
/// ```
/// use reference_runtime::trace::{self, What};
///
/// let recording = trace::start()?;
/// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
/// let trace = recording.stop();
/// let polls = trace.events().filter(|event| matches!(event.what, What::PollBegins { .. }));
/// assert!(polls.count() >= 1);
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The [number](super::Thread::number) of the thread.
    pub thread: u32,
    /// Since the recording began.
    pub at: Duration,
    /// What happened.
    pub what: What,
}

/// What an [`Event`] says. Tasks are given by their numbers, as their ids print them.
///
/// ```
/// use reference_runtime::trace::{self, PollResult, What};
///
/// let recording = trace::start()?;
/// let runtime = reference_runtime::Runtime::new()?;
/// runtime.block_on(runtime.spawn(async {}));
/// // Whoever awaits a task hears of its end a moment before the poll is over.
/// drop(runtime);
/// let trace = recording.stop();
/// let is_ready = |what| matches!(what, What::PollEnds { result: PollResult::Ready, .. });
/// assert!(trace.events().any(|event| is_ready(event.what)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum What {
    /// A task was spawned on this thread.
    #[non_exhaustive]
    Spawned {
        /// Its number.
        task: u64,
        /// Where. `None`: more places spawn than a trace tells apart, a million.
        spawned_at: Option<&'static Location<'static>>,
    },
    /// A task was woken, and is queued.
    #[non_exhaustive]
    Woken {
        /// Its number.
        task: u64,
        /// It was woken while it was polled, as by a yield: the event says when that poll was over.
        is_during_poll: bool,
    },
    /// A poll begins.
    #[non_exhaustive]
    PollBegins {
        /// The task's number.
        task: u64,
        /// Where it was spawned.
        spawned_at: Option<&'static Location<'static>>,
        /// It is a closure of `spawn_blocking`.
        is_closure: bool,
    },
    /// The poll that began last on this thread has ended.
    #[non_exhaustive]
    PollEnds {
        /// The task's number.
        task: u64,
        /// How.
        result: PollResult,
        /// The processor that the thread held. `None`: it was polled in a lane, or lost its processor meanwhile.
        processor: Option<u32>,
    },
    /// A task was cancelled without being polled again, as at a shutdown.
    #[non_exhaustive]
    Cancelled {
        /// Its number.
        task: u64,
    },
    /// The thread took tasks from the queue of another.
    #[non_exhaustive]
    Stole {
        /// The number of that thread. `None`: it has yet to record anything.
        from: Option<u32>,
        /// How many.
        tasks: u32,
    },
    /// The thread took tasks from the injector.
    #[non_exhaustive]
    Took {
        /// How many.
        tasks: u32,
    },
    /// The thread goes to sleep.
    #[non_exhaustive]
    Parks {
        /// Where.
        place: ParkPlace,
    },
    /// It is awake again.
    Unparks,
    /// The thread enters `block_in_place`.
    InPlace,
    /// It comes back from there.
    OutOfPlace,
    /// The monitor judged a poll that goes on.
    #[non_exhaustive]
    Blocked {
        /// The number of the thread that is in it. `None`: it has yet to record anything.
        stuck: Option<u32>,
        /// `"blocked"`, `"computing"`, `"starved"` or `"unknown"`; see [`Verdict`](crate::Verdict).
        verdict: &'static str,
        /// How long the poll has lasted, at least.
        lasts: Duration,
    },
    /// A processor passes from one thread to another.
    #[non_exhaustive]
    HandedOff {
        /// The number of the processor.
        processor: u32,
        /// The thread that held it. `None`: it has yet to record anything.
        from: Option<u32>,
        /// The thread that takes it next. `None`: none does in this trace.
        to: Option<u32>,
    },
    /// The thread came back from a poll and found that its processor was gone.
    #[non_exhaustive]
    Returned {
        /// The number of the processor.
        processor: u32,
    },
    /// The thread begins to work with a processor.
    #[non_exhaustive]
    Takes {
        /// The number of the processor.
        processor: u32,
    },
    /// So many tasks wait in a queue of the runtime that the thread works for.
    #[non_exhaustive]
    Queued {
        /// Which queue.
        queue: Queue,
        /// How many tasks.
        tasks: u32,
    },
}

/// How a poll ended.
///
/// ```
/// use reference_runtime::trace::PollResult;
///
/// assert_eq!(PollResult::Ready.name(), "ready");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PollResult {
    /// The task waits for something.
    Pending,
    /// It finished.
    Ready,
    /// It panicked.
    Panicked,
    /// It was cancelled: its future was dropped.
    Cancelled,
}

impl PollResult {
    pub(super) const ALL: [PollResult; 4] =
        [PollResult::Pending, PollResult::Ready, PollResult::Panicked, PollResult::Cancelled];

    /// The word for it in a file.
    ///
    /// ```
    /// assert_eq!(reference_runtime::trace::PollResult::Panicked.name(), "panicked");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            PollResult::Pending => "pending",
            PollResult::Ready => "ready",
            PollResult::Panicked => "panicked",
            PollResult::Cancelled => "cancelled",
        }
    }
}

/// Where a thread sleeps.
///
/// ```
/// use reference_runtime::trace::ParkPlace;
///
/// assert_eq!(ParkPlace::Reactor.name(), "reactor");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParkPlace {
    /// In the reactor, where it waits for sockets and timers as well as for work.
    Reactor,
    /// On its parker: another thread waits in the reactor.
    Parker,
    /// Without a processor, as a spare.
    Spare,
}

impl ParkPlace {
    pub(super) const ALL: [ParkPlace; 3] = [ParkPlace::Reactor, ParkPlace::Parker, ParkPlace::Spare];

    /// The word for it in a file.
    ///
    /// ```
    /// assert_eq!(reference_runtime::trace::ParkPlace::Spare.name(), "spare");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            ParkPlace::Reactor => "reactor",
            ParkPlace::Parker => "parker",
            ParkPlace::Spare => "spare",
        }
    }
}

/// A queue in which tasks wait to be polled.
///
/// ```
/// use reference_runtime::trace::Queue;
///
/// assert_eq!(Queue::Worker(0).to_string(), "w1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Queue {
    /// That of all workers.
    Injector,
    /// Those of tasks that are polled on threads without a processor.
    Lanes,
    /// That of the worker that holds the processor of this number.
    Worker(u32),
}

impl Queue {
    pub(super) fn number(self) -> u64 {
        match self {
            Queue::Injector => 0,
            Queue::Lanes => 1,
            Queue::Worker(processor) => u64::from(processor) + 2,
        }
    }

    pub(super) fn of(number: u64) -> Queue {
        match number {
            0 => Queue::Injector,
            1 => Queue::Lanes,
            worker => Queue::Worker((worker - 2) as u32),
        }
    }
}

impl std::fmt::Display for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Queue::Injector => f.pad("injector"),
            Queue::Lanes => f.pad("lanes"),
            // Counted from 1, as people do.
            Queue::Worker(processor) => write!(f, "w{}", u64::from(*processor) + 1),
        }
    }
}
