//! Who waits to be told something, once: one in line, or all.
//!
//! A notice that went to *one* is worth something to the others: should that one give up, it has to be passed on. A
//! notice that went to *all* is not. So those who got one of the first kind are written down until they come back.
//!
//! As with [`Waiters`], the caller has a lock, and no code of users is called here.

use std::collections::BTreeSet;
use std::task::Waker;

use super::waiters::{Left, Ticket, Waiters};

pub(super) struct Notices {
    waiters: Waiters,
    /// The tickets of those who were told as the only ones and have not come back.
    told_alone: BTreeSet<u64>,
}

/// What a ticket that is given back had got.
#[must_use]
pub(super) enum Notice {
    /// None. The waker is to be dropped when no lock is held.
    None(#[expect(dead_code, reason = "it is only carried out of the lock")] Waker),
    /// One that is for one: the caller passes it on, or has used it.
    One,
    /// One that went to all.
    All,
}

impl Notices {
    pub(super) const fn new() -> Notices {
        Notices { waiters: Waiters::new(), told_alone: BTreeSet::new() }
    }

    /// Tells the first in line. `None`: nobody waits.
    pub(super) fn tell_one(&mut self) -> Option<Waker> {
        let first = self.waiters.wake_first()?;
        self.told_alone.insert(first.number);
        Some(first.waker)
    }

    /// Tells all who wait.
    pub(super) fn tell_all(&mut self) -> Vec<Waker> {
        self.waiters.wake_all()
    }

    /// Whether this one has got its notice.
    pub(super) fn is_told(&self, ticket: &Ticket) -> bool {
        !self.waiters.is_waiting(ticket)
    }

    /// Waits, from now on or still. Returns the waker that this one replaces. Not for one that was told.
    pub(super) fn queue_up(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.waiters.wait(ticket, waker)
    }

    /// Gives the ticket back.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Notice {
        let number = ticket.number();
        match self.waiters.leave(ticket) {
            Left::Waiting(waker) => Notice::None(waker),
            Left::Woken if self.told_alone.remove(&number) => Notice::One,
            Left::Woken => Notice::All,
        }
    }
}
