//! A number for each direction of each source, which grows with every report.
//!
//! The number is noted before the attempt and compared, under the lock, when the waker is handed in. If it has grown,
//! there was a report that the attempt may have missed, and the attempt is made again. If it has not, the waker is in
//! the list before the next report can take the list out. **There is no third case**, because a report counts and takes
//! out under that same lock.
//!
//! The rejected option is a flag, *ready*. Somebody has to clear it. Cleared before the attempt, it belongs to the task
//! that clears it, and there may be two; cleared afterwards, it wipes out a report that came during the attempt; never
//! cleared, it makes each attempt that finds nothing look like one that missed something, and the task spins. A number
//! is never cleared. Each task compares it with what that task has seen.
//!
//! A list of wakers and not one: a source may be split into a half that reads and one that writes, and two tasks may
//! read. The second to wait must not push the first out. The list has each task once ([`Waker::will_wake`]); a task in
//! a `select!` is polled for many reasons that have nothing to do with this source.
//!
//! The keys only grow. An event that the kernel had queued when the source was dropped arrives later, under its old
//! key. If that key were given out again, as the index in a table would be, a stranger would be woken. Here it finds
//! nobody. For the same reason a source is looked up anew for each report, and the poller keeps no pointer to it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// What the kernel is told.
pub trait Poller {
    /// Reports changes of a source from now on, with this key.
    fn add(&self, key: u64);

    /// No longer does so. What was reported before may still be under way.
    fn remove(&self, key: u64);
}

/// What has changed, or what is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
}

/// Who waits for which source.
pub struct Reactor<P>(Arc<Registry<P>>);

/// What the reactor shares with its sources.
struct Registry<P> {
    poller: P,
    table: Mutex<Table>,
}

/// Guarded by [`Registry::table`].
#[derive(Default)]
struct Table {
    last_key: u64,
    sources: HashMap<u64, Sides>,
}

/// One source.
#[derive(Default)]
struct Sides {
    read: Side,
    write: Side,
}

/// One direction of one source.
#[derive(Default)]
struct Side {
    /// How many reports there were.
    reports: u64,
    /// Those that have seen all of them, and wait for the next.
    waiting: Vec<Waker>,
}

impl Sides {
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

impl<P: Poller> Reactor<P> {
    /// A reactor without sources.
    pub fn new(poller: P) -> Reactor<P> {
        Reactor(Arc::new(Registry { poller, table: Mutex::default() }))
    }

    /// A new source, which the poller reports under a key that no source had before.
    pub fn register(&self) -> Source<P> {
        let key = {
            let mut table = self.0.lock();
            table.last_key += 1;
            let key = table.last_key;
            table.sources.insert(key, Sides::default());
            key
        };
        // After the entry is made, since the first report may come at once.
        self.0.poller.add(key);
        Source { registry: Arc::clone(&self.0), key }
    }

    /// The source with this key can be read from, or written to, again.
    pub fn report(&self, key: u64, direction: Direction) {
        let woken = {
            let mut table = self.0.lock();
            let Some(sides) = table.sources.get_mut(&key) else {
                return;
            };
            let side = sides.side(direction);
            side.reports += 1;
            std::mem::take(&mut side.waiting)
        };
        woken.into_iter().for_each(Waker::wake);
    }
}

impl<P> Registry<P> {
    /// No code of a user runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source of events.
pub struct Source<P: Poller> {
    registry: Arc<Registry<P>>,
    key: u64,
}

impl<P: Poller> Source<P> {
    /// The key under which it is reported.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Tries `operation`, and returns what it returned, unless that is [`io::ErrorKind::WouldBlock`].
    pub fn poll_io<T>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let seen = self.with_side(direction, |side| side.reports);
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                result => return Poll::Ready(result),
            }
            if self.with_side(direction, |side| side.wait(seen, cx.waker())) {
                return Poll::Pending;
            }
        }
    }

    fn with_side<R>(&self, direction: Direction, change: impl FnOnce(&mut Side) -> R) -> R {
        let mut table = self.registry.lock();
        let sides = table.sources.get_mut(&self.key).expect("a source is in the table until it is dropped");
        change(sides.side(direction))
    }
}

impl Side {
    /// Whether the task of that waker waits now. Not if there were other reports than those it has seen.
    fn wait(&mut self, seen: u64, waker: &Waker) -> bool {
        if self.reports != seen {
            return false;
        }
        if !self.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
        true
    }
}

impl<P: Poller> Drop for Source<P> {
    fn drop(&mut self) {
        self.registry.poller.remove(self.key);
        // Dropped without the lock: the last waker of a task may drop the task, and a source with it.
        let forgotten = self.registry.lock().sources.remove(&self.key);
        drop(forgotten);
    }
}
