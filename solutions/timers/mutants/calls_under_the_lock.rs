//! Calls the wakers where it finds them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

pub const FAILS: &[&str] = &["a_waker_may_use_the_timers"];

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
        let mut state = self.lock();
        state.watched = Watched::Not;
        let later = state.waiting.split_off(&(self.poller.now(), u64::MAX));
        let due = std::mem::replace(&mut state.waiting, later);
        due.into_values().for_each(Waker::wake);
    }

    /// No code of a user runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
