//! Who waits for a lock, or for a channel's room or messages: wakers in the order in which their futures came.
//!
//! A future that waits holds a [`Ticket`]. It is *waiting* while its waker is in the map, and *woken* from when
//! [`Waiters::wake_first`] took the waker out until the future comes back: with success or given up
//! ([`Waiters::leave`]), or in vain, and then it waits again at its old place ([`Waiters::wait`]), since the map is
//! ordered by when tickets were drawn. That the woken ones are counted is what lets a caller wake no more futures than
//! there is something for.
//!
//! An ordered map and no list through the futures themselves: that would take pinned neighbours and unsafe code. A map
//! of up to eleven keeps to one allocation, made once.
//!
//! No waker is called, cloned or dropped in here: they are code of users, and the caller holds a lock.

use std::collections::BTreeMap;
use std::mem;
use std::task::Waker;

use crate::primitive::LOOM;

/// A future that was woken in vain so often comes before those that have not waited.
///
/// loom's models are small.
pub(super) const LOSSES: u32 = if LOOM { 1 } else { 4 };

/// The place of one future among the others that wait.
#[derive(Debug)]
pub(super) struct Ticket {
    number: u64,
    /// How often it was woken in vain.
    losses: u32,
}

/// What a ticket that is given back was.
#[must_use]
pub(super) enum Left {
    /// Nobody had woken its future. The waker is to be dropped when no lock is held.
    Waiting(Waker),
    /// Its future was woken, and that wake-up is now the caller's to pass on.
    Woken,
}

/// A future that waits, taken out to be woken.
pub(super) struct First {
    pub(super) number: u64,
    pub(super) waker: Waker,
}

/// Futures that wait for the same thing.
pub(super) struct Waiters {
    waiting: BTreeMap<u64, Waiter>,
    woken: usize,
    /// How many of those who have not come back are [`losers`](Ticket::has_lost), waiting or woken.
    losers: usize,
    /// Never reused: at one per nanosecond it lasts for centuries.
    next_number: u64,
}

struct Waiter {
    waker: Waker,
    losses: u32,
}

impl Ticket {
    pub(super) fn is(&self, number: u64) -> bool {
        self.number == number
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn has_lost(&self) -> bool {
        self.losses >= LOSSES
    }
}

impl Left {
    pub(super) fn waker(self) -> Option<Waker> {
        match self {
            Left::Waiting(waker) => Some(waker),
            Left::Woken => None,
        }
    }
}

impl Waiters {
    pub(super) const fn new() -> Waiters {
        Waiters { waiting: BTreeMap::new(), woken: 0, losers: 0, next_number: 0 }
    }

    /// Whether nobody waits. Those who were woken don't.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether anybody waits but this one.
    pub(super) fn has_others(&self, ticket: Option<&Ticket>) -> bool {
        let is_in = ticket.is_some_and(|ticket| self.waiting.contains_key(&ticket.number));
        self.waiting.len() > usize::from(is_in)
    }

    /// Whether this one still waits: nobody has woken it.
    pub(super) fn is_waiting(&self, ticket: &Ticket) -> bool {
        self.waiting.contains_key(&ticket.number)
    }

    /// How many were woken and have not come back.
    pub(super) fn woken(&self) -> usize {
        self.woken
    }

    /// Whether the first in line was woken in vain too often.
    pub(super) fn has_the_first_lost(&self) -> bool {
        self.waiting.first_key_value().is_some_and(|(_, waiter)| waiter.losses >= LOSSES)
    }

    /// Whether anybody who waits or was woken was woken in vain too often.
    #[inline]
    pub(super) fn has_anybody_lost(&self) -> bool {
        self.losers > 0
    }

    /// Whether this future waits already, to be woken through this waker.
    pub(super) fn has(&self, ticket: Option<&Ticket>, waker: &Waker) -> bool {
        let waiter = ticket.and_then(|ticket| self.waiting.get(&ticket.number));
        waiter.is_some_and(|waiter| waiter.waker.will_wake(waker))
    }

    /// Waits, from now on or again. Returns the waker that this one replaces.
    #[inline]
    pub(super) fn wait(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        let Some(ticket) = ticket else {
            let number = self.next_number;
            self.next_number += 1;
            *ticket = Some(Ticket { number, losses: 0 });
            self.waiting.insert(number, Waiter { waker, losses: 0 });
            return None;
        };
        if let Some(waiter) = self.waiting.get_mut(&ticket.number) {
            return Some(mem::replace(&mut waiter.waker, waker));
        }
        self.woken -= 1;
        ticket.losses = ticket.losses.saturating_add(1);
        self.losers += usize::from(ticket.losses == LOSSES);
        self.waiting.insert(ticket.number, Waiter { waker, losses: ticket.losses });
        None
    }

    /// Takes the first in line out to be woken, unless as many are woken as there is something for.
    #[inline]
    pub(super) fn wake_first_for(&mut self, available: usize) -> Option<Waker> {
        if self.waiting.is_empty() || self.woken >= available {
            return None;
        }
        self.wake_first().map(|first| first.waker)
    }

    /// Takes the first in line out. The caller wakes it once no lock is held.
    pub(super) fn wake_first(&mut self) -> Option<First> {
        let (number, Waiter { waker, .. }) = self.waiting.pop_first()?;
        self.woken += 1;
        Some(First { number, waker })
    }

    /// Takes all out, likewise.
    pub(super) fn wake_all(&mut self) -> Vec<Waker> {
        let all = mem::take(&mut self.waiting);
        self.woken += all.len();
        all.into_values().map(|waiter| waiter.waker).collect()
    }

    /// Stops to wait.
    #[inline]
    pub(super) fn leave(&mut self, ticket: Ticket) -> Left {
        self.losers -= usize::from(ticket.has_lost());
        if let Some(waiter) = self.waiting.remove(&ticket.number) {
            return Left::Waiting(waiter.waker);
        }
        self.woken -= 1;
        Left::Woken
    }
}
