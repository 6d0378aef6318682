//! Whoever waits writes down until when, under the lock under which timers are added.
//!
//! That note is the whole protocol. The attendant takes the lock, looks for the earliest timer, and notes the end of
//! its wait before it gives the lock back. Whoever adds a timer has the lock either before that, and then the attendant
//! sees the timer, or after it, and then the note says whether the wait is too long. **A timer is seen by the wait or
//! sees the wait.** The notification may come before the attendant really sleeps; a poller keeps it for the next wait,
//! like the token of a parker.
//!
//! The note is wiped out when the wait has ended, and by the first notification. A note that stays says *somebody
//! sleeps until then* of a thread that is awake, and each early timer pays for a system call that wakes nobody. A note
//! that is missing costs more: the timer fires when the next event happens to come.
//!
//! The rejected option is to notify for each timer. It is never wrong. But a server sets a time-out for each read,
//! nearly all of them later than the earliest, and each would wake the thread that sleeps.
//!
//! The timers lie in a tree with the deadline and a number as their key. The number keeps two timers of one moment
//! apart, and finds a timer that is cancelled. A heap is smaller and cannot find anything, so it keeps what was
//! cancelled until its time comes, or needs an index beside it, which is what the reactor of the chapter has.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

/// What a thread sleeps in.
pub trait Poller {
    /// The time that has passed since some moment in the past.
    fn now(&self) -> Duration;

    /// Sleeps until an event comes, but no longer than `limit`, if there is one. If [`Poller::notify`] was called since
    /// the last wait, this returns at once.
    fn wait(&self, limit: Option<Duration>);

    /// Ends a wait, or the next one. This is a system call, and wakes a thread.
    fn notify(&self);
}

/// Wakers, each to be called at its moment.
pub struct Timers<P> {
    poller: P,
    state: Mutex<State>,
}

/// Guarded by [`Timers::state`].
struct State {
    waiting: BTreeMap<(Duration, u64), Waker>,
    last_number: u64,
    watched: Watched,
}

/// How long somebody waits, unless a notification ends it.
#[derive(Clone, Copy)]
enum Watched {
    /// Nobody waits, or the wait is being ended.
    Not,
    Until(Duration),
    WithoutEnd,
}

/// Which timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id((Duration, u64));

impl<P: Poller> Timers<P> {
    /// No timer, and nobody waits.
    pub fn new(poller: P) -> Timers<P> {
        let state = State { waiting: BTreeMap::new(), last_number: 0, watched: Watched::Not };
        Timers { poller, state: Mutex::new(state) }
    }

    /// Has `waker` called at `deadline`, by the clock of the poller, or after it.
    pub fn insert(&self, deadline: Duration, waker: Waker) -> Id {
        let mut state = self.lock();
        state.last_number += 1;
        let key = (deadline, state.last_number);
        state.waiting.insert(key, waker);
        let interrupts = match state.watched {
            Watched::Not => false,
            Watched::Until(end) => deadline < end,
            Watched::WithoutEnd => true,
        };
        if interrupts {
            // Once is enough: the next wait sees what comes from now on.
            state.watched = Watched::Not;
        }
        drop(state);
        if interrupts {
            self.poller.notify();
        }
        Id(key)
    }

    /// Forgets a timer. One that was called already is gone, and nothing happens.
    pub fn cancel(&self, id: Id) {
        // Dropped without the lock: the last waker of a task may drop the task, and a timer with it.
        let forgotten = self.lock().waiting.remove(&id.0);
        drop(forgotten);
    }

    /// Waits once, and calls all timers that are due then.
    pub fn attend(&self) {
        let limit = {
            let mut state = self.lock();
            let earliest = state.waiting.first_key_value().map(|((deadline, _), _)| *deadline);
            state.watched = earliest.map_or(Watched::WithoutEnd, Watched::Until);
            earliest.map(|deadline| deadline.saturating_sub(self.poller.now()))
        };
        self.poller.wait(limit);
        let due = {
            let mut state = self.lock();
            state.watched = Watched::Not;
            let later = state.waiting.split_off(&(self.poller.now(), u64::MAX));
            std::mem::replace(&mut state.waiting, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// No code of a user runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
