//! From rings to a [`Trace`]: the words of all threads become events in the order of time.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::Location;
use std::sync::OnceLock;
use std::time::Duration;

use super::event::{Event, ParkPlace, PollResult, Queue, What};
use super::ring::Words;
use super::session::{LOCATION_BITS, Recorded, Session};
use super::word::{Kind, NO_PROCESSOR, NO_THREAD, TASK_BITS, field, mask};
use std::sync::Arc;

/// What the monitor makes of a poll, in the order of the scheduler's own type.
pub(super) const VERDICTS: [&str; 4] = ["blocked", "computing", "starved", "unknown"];

/// Where the names of living tasks are asked for.
static NAMES: OnceLock<NameOf> = OnceLock::new();

/// The name of the task with this number, if it has one.
type NameOf = fn(u64) -> Option<Arc<str>>;

/// Says where names are: this module is below the one that keeps them.
pub(crate) fn names_are_in(names: NameOf) {
    // The same each time.
    let _ = NAMES.set(names);
}

/// What was recorded: all threads, and what happened on them.
///
/// ```
/// use reference_runtime::{block_on, task, trace};
///
/// let recording = trace::start()?;
/// block_on(task::spawn(async { task::yield_now().await }));
/// let trace = recording.stop();
/// assert!(trace.events().count() > 0);
/// assert_eq!(trace.dropped(), 0);
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    pub(super) threads: Vec<Thread>,
    /// In the order of time, and those of one thread in the order in which they happened.
    pub(super) events: Vec<Event>,
    pub(super) names: HashMap<u64, String>,
    pub(super) notes: BTreeMap<String, String>,
    pub(super) lasts: Duration,
    dropped: u64,
    pub(super) refused: u64,
}

/// A thread that recorded something.
///
/// ```
/// use reference_runtime::trace;
///
/// let recording = trace::start()?;
/// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
/// let trace = recording.stop();
/// assert!(trace.threads().iter().any(|thread| thread.name().starts_with("reference-runtime")));
/// # Ok::<(), trace::AlreadyRecording>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    number: u32,
    runtime: Option<u32>,
    name: String,
    dropped: u64,
}

impl Thread {
    /// What [`Event::thread`] says. No two threads of a process have the same.
    ///
    /// ```
    /// use reference_runtime::trace;
    ///
    /// let recording = trace::start()?;
    /// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
    /// let trace = recording.stop();
    /// let numbers: Vec<u32> = trace.threads().iter().map(|thread| thread.number()).collect();
    /// assert!(trace.events().all(|event| numbers.contains(&event.thread)));
    /// # Ok::<(), trace::AlreadyRecording>(())
    /// ```
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its name. Where several have the same, as workers do, it is followed by which of them it is.
    ///
    /// ```
    /// use reference_runtime::{Builder, trace};
    ///
    /// let recording = trace::start()?;
    /// let runtime = Builder::new().worker_threads(1).thread_name("letters").build()?;
    /// runtime.block_on(runtime.spawn(async {}));
    /// let trace = recording.stop();
    /// assert!(trace.threads().iter().any(|thread| thread.name() == "letters"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The runtime that it works for, counted from 0 in the order in which they came in this trace. `None`: for none, as
    /// the main thread, or for one of the book's stages as a thread of its pool.
    ///
    /// ```
    /// use reference_runtime::{Builder, trace};
    ///
    /// let recording = trace::start()?;
    /// let runtime = Builder::new().worker_threads(1).build()?;
    /// runtime.block_on(runtime.spawn(async {}));
    /// let trace = recording.stop();
    /// assert!(trace.threads().iter().any(|thread| thread.runtime() == Some(0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn runtime(&self) -> Option<u32> {
        self.runtime
    }

    /// How many of its events are not in the trace, as newer ones took their place.
    ///
    /// ```
    /// use reference_runtime::trace;
    ///
    /// let recording = trace::start()?;
    /// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
    /// assert!(recording.stop().threads().iter().all(|thread| thread.dropped() == 0));
    /// # Ok::<(), trace::AlreadyRecording>(())
    /// ```
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// The rings of a recording and what is needed to read them, without its lock.
pub(super) struct View {
    rings: Vec<Recorded>,
    locations: Vec<&'static Location<'static>>,
    names: HashMap<u64, String>,
    lasts: Duration,
    refused: u64,
    forgotten: u64,
}

impl Session {
    pub(super) fn view(&self) -> View {
        View {
            rings: self.rings.clone(),
            locations: self.locations.clone(),
            names: self.names(),
            lasts: Duration::from_nanos(self.clock.now()),
            refused: self.refused,
            forgotten: self.forgotten,
        }
    }
}

impl Trace {
    pub(super) fn collect(view: View, notes: BTreeMap<String, String>) -> Trace {
        let mut trace = Trace {
            threads: Vec::new(),
            events: Vec::new(),
            names: view.names,
            notes,
            lasts: view.lasts,
            dropped: view.forgotten,
            refused: view.refused,
        };
        let mut runtimes: Vec<u32> = Vec::new();
        for recorded in view.rings {
            let runtime = (recorded.runtime != 0).then(|| place_in(&mut runtimes, recorded.runtime));
            let kept = recorded.ring.read();
            trace.dropped += kept.dropped;
            let name = recorded.name.unwrap_or_else(|| format!("thread {}", recorded.thread));
            let dropped = kept.dropped;
            trace.threads.push(Thread { number: recorded.thread, runtime, name, dropped });
            let read = |words: &Words| read(*words, recorded.thread, &view.locations);
            let first = trace.events.len();
            trace.events.extend(kept.events.iter().filter_map(read));
            mark_lost_processors(&mut trace.events[first..]);
        }
        // Stable, so what one thread did in one nanosecond stays in its order.
        trace.events.sort_by_key(|event| event.at);
        let runtimes = trace.threads.iter().map(|thread| (thread.number, thread.runtime)).collect();
        find_who_takes(&mut trace.events, &runtimes);
        // The rings are read a moment after the clock.
        trace.lasts = trace.lasts.max(trace.events.last().map_or(Duration::ZERO, |event| event.at));
        tell_apart(&mut trace.threads);
        trace.ask_for_names();
        trace
    }

    fn ask_for_names(&mut self) {
        let Some(name_of) = NAMES.get() else { return };
        let task = |event: &Event| match event.what {
            What::Spawned { task, .. } | What::PollBegins { task, .. } | What::PollEnds { task, .. } => {
                Some(task)
            }
            _ => None,
        };
        let tasks: HashSet<u64> = self.events.iter().filter_map(task).collect();
        for task in tasks {
            if let (Entry::Vacant(vacant), Some(name)) = (self.names.entry(task), name_of(task)) {
                vacant.insert(name.to_string());
            }
        }
    }

    /// What happened, in the order of time.
    ///
    /// ```
    /// use reference_runtime::trace;
    ///
    /// let recording = trace::start()?;
    /// reference_runtime::block_on(reference_runtime::task::spawn(async {}));
    /// let trace = recording.stop();
    /// assert!(trace.events().is_sorted_by_key(|event| event.at));
    /// # Ok::<(), trace::AlreadyRecording>(())
    /// ```
    pub fn events(&self) -> impl DoubleEndedIterator<Item = Event> + '_ {
        self.events.iter().copied()
    }

    /// The threads that recorded something, in the order in which they came.
    ///
    /// ```
    /// let trace = reference_runtime::trace::start()?.stop();
    /// assert!(trace.threads().is_empty(), "nothing happened");
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }

    /// The name of the task with this number, if it has or had one.
    ///
    /// ```
    /// let trace = reference_runtime::trace::start()?.stop();
    /// assert_eq!(trace.task_name(7), None);
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn task_name(&self, task: u64) -> Option<&str> {
        self.names.get(&mask(task, TASK_BITS)).map(String::as_str)
    }

    /// How many events are not in the trace, of all threads: older than those that are, or of threads that ended and
    /// left their memory to others.
    ///
    /// ```
    /// assert_eq!(reference_runtime::trace::start()?.stop().dropped(), 0);
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// From the begin of the recording to its end, or to the moment of the snapshot.
    ///
    /// ```
    /// let trace = reference_runtime::trace::start()?.stop();
    /// assert!(trace.events().all(|event| event.at <= trace.lasts()));
    /// # Ok::<(), reference_runtime::trace::AlreadyRecording>(())
    /// ```
    pub fn lasts(&self) -> Duration {
        self.lasts
    }
}

/// Where a number is in a list, at the end of it if it was nowhere.
fn place_in(list: &mut Vec<u32>, number: u32) -> u32 {
    let at = list.iter().position(|other| *other == number).unwrap_or_else(|| {
        list.push(number);
        list.len() - 1
    });
    at as u32
}

/// A worker whose processor was taken learns of it after its poll. Then that poll ended without one.
fn mark_lost_processors(events: &mut [Event]) {
    let mut last_end = None;
    for at in 0..events.len() {
        match events[at].what {
            What::PollEnds { .. } => last_end = Some(at),
            What::PollBegins { .. } => last_end = None,
            What::Returned { .. } => {
                if let Some(What::PollEnds { processor, .. }) = last_end.take().map(|at| &mut events[at].what)
                {
                    *processor = None;
                }
            }
            _ => {}
        }
    }
}

/// Who hands a processor off does not know who will take it: a thread that may have yet to start.
fn find_who_takes(events: &mut [Event], runtimes: &HashMap<u32, Option<u32>>) {
    // By runtime and processor.
    let mut takers: HashMap<(Option<u32>, u32), u32> = HashMap::new();
    for event in events.iter_mut().rev() {
        let runtime = runtimes.get(&event.thread).copied().flatten();
        match &mut event.what {
            What::Takes { processor } => _ = takers.insert((runtime, *processor), event.thread),
            What::HandedOff { processor, to, .. } => *to = takers.remove(&(runtime, *processor)),
            _ => {}
        }
    }
}

/// Numbers the threads of one name.
fn tell_apart(threads: &mut [Thread]) {
    let mut counts: HashMap<String, (u32, u32)> = HashMap::new();
    for thread in threads.iter() {
        counts.entry(thread.name.clone()).or_default().0 += 1;
    }
    for thread in threads {
        if let Some((2.., number)) = counts.get_mut(&thread.name) {
            *number += 1;
            thread.name = format!("{} {number}", thread.name);
        }
    }
}

/// The event that two words say. `None`: they say nothing, which a whole event does not.
fn read(words: Words, thread: u32, locations: &[&'static Location<'static>]) -> Option<Event> {
    let (kind, nanos) = Kind::of(words)?;
    let about = words[1];
    let task = mask(about, TASK_BITS);
    let spawned_at = || {
        let number = field(about, TASK_BITS, LOCATION_BITS) as usize;
        number.checked_sub(1).and_then(|at| locations.get(at).copied())
    };
    let what = match kind {
        Kind::Spawned => What::Spawned { task, spawned_at: spawned_at() },
        Kind::Woken => What::Woken { task, is_during_poll: false },
        Kind::WokenDuringPoll => What::Woken { task, is_during_poll: true },
        Kind::PollBegins => What::PollBegins { task, spawned_at: spawned_at(), is_closure: false },
        Kind::ClosureBegins => What::PollBegins { task, spawned_at: spawned_at(), is_closure: true },
        Kind::PollEnds => What::PollEnds {
            task,
            result: *PollResult::ALL.get(field(about, TASK_BITS, 4) as usize)?,
            processor: some_unless(field(about, TASK_BITS + 4, 16), NO_PROCESSOR),
        },
        Kind::Cancelled => What::Cancelled { task },
        Kind::Stole => What::Stole {
            from: some_unless(field(about, 0, 24), NO_THREAD),
            tasks: field(about, 24, 24) as u32,
        },
        Kind::Took => What::Took { tasks: field(about, 0, 32) as u32 },
        Kind::Parks => What::Parks { place: *ParkPlace::ALL.get(about as usize)? },
        Kind::Unparks => What::Unparks,
        Kind::InPlace => What::InPlace,
        Kind::OutOfPlace => What::OutOfPlace,
        Kind::Blocked => What::Blocked {
            stuck: some_unless(field(about, 0, 24), NO_THREAD),
            verdict: VERDICTS.get(field(about, 24, 4) as usize)?,
            lasts: Duration::from_micros(field(about, 28, 36)),
        },
        Kind::HandedOff => What::HandedOff {
            processor: field(about, 24, 16) as u32,
            from: some_unless(field(about, 0, 24), NO_THREAD),
            to: None,
        },
        Kind::Returned => What::Returned { processor: about as u32 },
        Kind::Takes => What::Takes { processor: about as u32 },
        Kind::Queued => {
            What::Queued { queue: Queue::of(field(about, 0, 32)), tasks: field(about, 32, 32) as u32 }
        }
    };
    Some(Event { thread, at: Duration::from_nanos(nanos), what })
}

fn some_unless(number: u64, nobody: u64) -> Option<u32> {
    (number != nobody).then_some(number as u32)
}
