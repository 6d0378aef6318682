//! Timers: wakers ordered by the moment at which they are due.
//!
//! A map from exact deadlines. A wheel of slots inserts faster, but is as coarse as its slots, and the poller can wait
//! for the very nanosecond.
//!
//! Who inserts a timer that is due before the attendant would return ends its wait. The attendant notes, under the lock
//! of the timers, until when it waits ([`Timers::watch_until`]); the inserter compares under the same lock. So either
//! the attendant saw the new timer, or the inserter sees the note.

use std::{
    collections::BTreeMap,
    task::{Context, Waker},
    time::Instant,
};

use super::{Reactor, Woken};
use crate::primitive::{Arc, lock};

/// All timers of a reactor.
#[derive(Default)]
pub(super) struct Timers {
    /// By deadline, then in the order of insertion.
    entries: BTreeMap<TimerKey, Waker>,
    next_id: u64,
    /// Until when the attendant waits; `None` while nobody does.
    watched_until: Option<Instant>,
    is_closed: bool,
}

/// Names a timer for ever: no two have the same.
type TimerKey = (Instant, u64);

impl Timers {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.entries.keys().next().map(|&(deadline, _)| deadline)
    }

    /// Until when the attendant has to wait, no longer than to `limit`. It will be interrupted for any timer before.
    pub(super) fn watch_until(&mut self, limit: Instant) -> Instant {
        let until = self.next_deadline().map_or(limit, |deadline| deadline.min(limit));
        self.watched_until = Some(until);
        until
    }

    /// Takes the wakers of all timers that are due, the earliest first. The attendant waits no more.
    pub(super) fn take_due(&mut self, woken: &mut Woken) {
        self.watched_until = None;
        if self.entries.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(entry) = self.entries.first_entry() {
            if entry.key().0 > now {
                break;
            }
            woken.extend([entry.remove()]);
        }
    }

    /// Takes all wakers, and accepts no more.
    pub(super) fn close(&mut self, woken: &mut Woken) {
        self.is_closed = true;
        woken.extend(std::mem::take(&mut self.entries).into_values());
    }

    /// Adds a timer unless closed. Says whether the attendant has to be interrupted for it.
    fn insert(&mut self, deadline: Instant, waker: Waker) -> Result<(TimerKey, bool), Waker> {
        if self.is_closed {
            return Err(waker);
        }
        let key = (deadline, self.next_id);
        self.next_id += 1;
        self.entries.insert(key, waker);
        let interrupts = self.watched_until.is_some_and(|until| deadline < until);
        if interrupts {
            // Once is enough: further timers before `until` are seen by the wait that follows.
            self.watched_until = None;
        }
        Ok((key, interrupts))
    }
}

/// One entry among the timers of a reactor. Dropping it removes the entry.
pub(crate) struct Timer {
    reactor: Arc<Reactor>,
    key: TimerKey,
}

impl Timer {
    /// Has the waker of `cx` woken at `deadline`. `None` if the reactor is closed.
    pub(crate) fn new(reactor: Arc<Reactor>, deadline: Instant, cx: &Context<'_>) -> Option<Timer> {
        let waker = cx.waker().clone();
        let inserted = lock(&reactor.timers).insert(deadline, waker);
        let (key, interrupts) = inserted.ok()?;
        if interrupts {
            reactor.notify();
        }
        Some(Timer { reactor, key })
    }

    /// Moves the timer to `deadline`, with its waker. Returns `false` if the timer is gone.
    pub(crate) fn reset(&mut self, deadline: Instant) -> bool {
        let mut timers = lock(&self.reactor.timers);
        let Some(waker) = timers.entries.remove(&self.key) else { return false };
        let inserted = timers.insert(deadline, waker);
        drop(timers);
        let Ok((key, interrupts)) = inserted else { return false };
        self.key = key;
        if interrupts {
            self.reactor.notify();
        }
        true
    }

    /// Has the waker of `cx` woken in place of the former one. Returns `false` if the timer is gone: it was due, or the
    /// reactor is closed.
    pub(crate) fn renew(&self, cx: &Context<'_>) -> bool {
        {
            let timers = lock(&self.reactor.timers);
            let Some(waker) = timers.entries.get(&self.key) else { return false };
            if waker.will_wake(cx.waker()) {
                return true;
            }
        }
        // Clones and drops without the lock.
        let mut waker = cx.waker().clone();
        match lock(&self.reactor.timers).entries.get_mut(&self.key) {
            Some(entry) => std::mem::swap(entry, &mut waker),
            None => return false,
        }
        true
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = lock(&self.reactor.timers).entries.remove(&self.key);
        drop(waker);
    }
}
