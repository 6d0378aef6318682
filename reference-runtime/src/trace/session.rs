//! The recording that is going on: its rings, and what the words in them refer to.
//!
//! There is one for the whole process, or none. So a hook that is not to record finds out by one relaxed load of a
//! word at a fixed address, and what several runtimes do to each other is in one picture.
//!
//! A thread gets its ring at its first event. At most so many rings exist as the recording allows for; then a new
//! thread takes over the ring of the thread that ended longest ago, or records nothing, if none has ended.

use std::collections::{HashMap, VecDeque};
use std::panic::Location;
use std::sync::{MutexGuard, PoisonError};

use super::clock::Clock;
use super::ring::{self, Ring, Writer};
use super::word::mask;
use crate::primitive::{Arc, AtomicU32, AtomicU64, Mutex, Ordering};

/// Which recording is going on, counted from 1; 0 while none is. Relaxed: what a thread writes for a recording that has
/// just ended goes to a ring that has been read, and one that learns of a new recording late begins late.
static CURRENT: AtomicU32 = AtomicU32::new(0);
/// How many recordings there were. Changed under the lock of [`SESSION`].
static RECORDINGS: AtomicU32 = AtomicU32::new(0);
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

/// Locations that are told apart: their numbers have twenty bits.
const MOST_LOCATIONS: usize = (1 << LOCATION_BITS) - 1;
pub(super) const LOCATION_BITS: u32 = 20;
/// Names that are kept of tasks that have ended: the newest. Those of living tasks are asked for when they are needed.
const MOST_NAMES: usize = 4096;
/// The part of such a name that is kept, in bytes.
const LONGEST_NAME: usize = 256;

/// What is recorded, and how much of it is kept.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) events_per_thread: usize,
    pub(super) threads: usize,
}

/// See the module's documentation.
pub(super) struct Session {
    number: u32,
    pub(super) clock: Clock,
    limits: Limits,
    /// In the order in which the threads came.
    pub(super) rings: Vec<Recorded>,
    /// By their numbers, counted from 1.
    pub(super) locations: Vec<&'static Location<'static>>,
    numbers: HashMap<usize, u32>,
    names: VecDeque<(u64, Box<str>)>,
    /// Threads that found no ring.
    pub(super) refused: u64,
    /// Events of threads whose rings others took over.
    pub(super) forgotten: u64,
}

/// The ring of a thread.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) thread: u32,
    /// The number of the runtime that it works for, or 0.
    pub(super) runtime: u32,
    pub(super) name: Option<String>,
    pub(super) ring: Arc<Ring>,
}

/// What a thread needs to record.
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) clock: Clock,
    /// `None`: there is no ring left.
    pub(super) writer: Option<Writer>,
}

/// The number of the recording that is going on, or 0.
#[inline]
pub(super) fn current() -> u32 {
    CURRENT.load(Ordering::Relaxed)
}

/// Not [`lock`](crate::primitive::lock): the crate counts those it holds while code of users might run, and a name is
/// given under one.
fn session() -> MutexGuard<'static, Option<Session>> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a recording. `None`: one is going on.
pub(super) fn begin(limits: Limits) -> Option<u32> {
    let mut session = session();
    if session.is_some() {
        return None;
    }
    // A number that comes again after 2^32 recordings meets no thread that remembers the first.
    let number = RECORDINGS.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
    *session = Some(Session {
        number,
        clock: Clock::start(),
        limits,
        rings: Vec::new(),
        locations: Vec::new(),
        numbers: HashMap::new(),
        names: VecDeque::new(),
        refused: 0,
        forgotten: 0,
    });
    CURRENT.store(number, Ordering::Relaxed);
    Some(number)
}

/// Ends the recording of this number, and gives it to `read` first.
pub(super) fn end<R>(number: u32, read: impl FnOnce(&Session) -> R) -> Option<R> {
    let mut session = session();
    let ending = session.take_if(|session| session.number == number)?;
    CURRENT.store(0, Ordering::Relaxed);
    drop(session);
    Some(read(&ending))
}

/// Looks at the recording of this number. What is slow is to be done with a copy, see [`Session::view`].
pub(super) fn look<R>(number: u32, read: impl FnOnce(&Session) -> R) -> Option<R> {
    session().as_ref().filter(|session| session.number == number).map(read)
}

/// A ring for the calling thread.
pub(super) fn join(thread: u32, runtime: u32) -> Option<Place> {
    let mut session = session();
    let session = session.as_mut()?;
    let writer = session.has_room().then(|| ring::ring(session.limits.events_per_thread));
    match &writer {
        Some(writer) => {
            let name = std::thread::current().name().map(str::to_owned);
            session.rings.push(Recorded { thread, runtime, name, ring: Arc::clone(writer.ring()) });
        }
        None => session.refused += 1,
    }
    Some(Place { number: session.number, clock: session.clock, writer })
}

/// The number of a location, or 0 if there are too many.
pub(super) fn location(location: &'static Location<'static>) -> u32 {
    session().as_mut().map_or(0, |session| session.location(location))
}

/// Keeps the name of a task.
#[cold]
pub(super) fn name(task: u64, name: &str) {
    let mut session = session();
    let Some(session) = session.as_mut() else { return };
    if session.names.len() == MOST_NAMES {
        session.names.pop_front();
    }
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    session.names.push_back((mask(task, super::word::TASK_BITS), name[..end].into()));
}

impl Session {
    /// Whether another thread may have a ring. If need be, takes one from a thread that has ended.
    fn has_room(&mut self) -> bool {
        if self.rings.len() < self.limits.threads {
            return true;
        }
        // Its thread has dropped its writer.
        let ended = self.rings.iter().position(|recorded| Arc::strong_count(&recorded.ring) == 1);
        let Some(ended) = ended else { return false };
        self.forgotten += self.rings.remove(ended).ring.read().written();
        true
    }

    fn location(&mut self, location: &'static Location<'static>) -> u32 {
        let address = std::ptr::from_ref(location) as usize;
        if let Some(number) = self.numbers.get(&address) {
            return *number;
        }
        if self.locations.len() == MOST_LOCATIONS {
            return 0;
        }
        self.locations.push(location);
        let number = self.locations.len() as u32;
        self.numbers.insert(address, number);
        number
    }

    /// The names that are kept, by task.
    pub(super) fn names(&self) -> HashMap<u64, String> {
        self.names.iter().map(|(task, name)| (*task, name.to_string())).collect()
    }
}

/// Gives threads their numbers.
pub(super) fn next_thread() -> u32 {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    // Relaxed: to be unique takes no order. Numbers of threads have 24 bits in an event.
    mask(THREADS.fetch_add(1, Ordering::Relaxed), 24) as u32
}
