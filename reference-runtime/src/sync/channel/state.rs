//! What is under a channel's lock. No code of users is called here: wakers and messages that are done with go back to
//! the caller.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use super::SendError;
use crate::sync::waiters::{Left, Ticket, Waiters};

/// The capacity of a channel without a bound. Memory ends before that many messages.
pub(super) const UNBOUNDED: usize = usize::MAX;

/// Room for so many messages is not given back: it is little, and will be needed again.
const ROOM_TO_KEEP: usize = 64;

pub(super) struct State<T> {
    messages: VecDeque<T>,
    /// How many messages there may be; [`UNBOUNDED`] if any number.
    capacity: usize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) is_closed: bool,
    /// Wait for room.
    sending: Waiters,
    /// Wait for messages.
    receiving: Waiters,
    /// Wait for the end.
    closing: Waiters,
}

/// Wakers that are left over once the lock is given up.
#[derive(Default)]
#[must_use]
pub(super) struct Afterwards {
    /// A sender to wake.
    pub(super) sender: Option<Waker>,
    /// A receiver to wake.
    pub(super) receiver: Option<Waker>,
    /// Of one who does not wait any more.
    pub(super) unused: Option<Waker>,
}

/// Who comes to send or to receive.
pub(super) enum Caller<'a> {
    /// It does not wait, and takes what there is.
    InPassing,
    /// A future, with the place it has in line if it has waited.
    Future(&'a mut Option<Ticket>),
}

impl<T> State<T> {
    pub(super) fn new(capacity: usize) -> State<T> {
        State {
            messages: VecDeque::new(),
            capacity,
            senders: 1,
            receivers: 1,
            is_closed: false,
            sending: Waiters::new(),
            receiving: Waiters::new(),
            closing: Waiters::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// For how many messages there is room; `None`: for any number.
    pub(super) fn capacity(&self) -> Option<usize> {
        (self.capacity != UNBOUNDED).then_some(self.capacity)
    }

    /// For how many messages there is memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.messages.capacity()
    }

    fn room(&self) -> usize {
        self.capacity - self.messages.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.messages.len() >= self.capacity
    }

    /// Sends the message, or says why not. `None`: not now, and the message stays where it is.
    #[inline]
    pub(super) fn try_send(
        &mut self,
        message: &mut Option<T>,
        caller: Caller<'_>,
    ) -> Option<(Result<(), SendError<T>>, Afterwards)> {
        if !self.is_closed && (self.is_full() || caller.has_to_queue(&self.sending)) {
            return None;
        }
        let message = message.take().expect("a future is not polled after it was ready");
        let unused = caller.leave(&mut self.sending);
        if self.is_closed {
            return Some((Err(SendError(message)), Afterwards { unused, ..Afterwards::default() }));
        }
        self.messages.push_back(message);
        Some((Ok(()), self.afterwards(unused)))
    }

    /// Receives a message, or learns that there will be none. `None`: there may be one later.
    #[inline]
    pub(super) fn try_recv(&mut self, caller: Caller<'_>) -> Option<(Option<T>, Afterwards)> {
        if !self.is_closed && (self.messages.is_empty() || caller.has_to_queue(&self.receiving)) {
            return None;
        }
        let unused = caller.leave(&mut self.receiving);
        let message = self.messages.pop_front();
        if self.capacity == UNBOUNDED {
            self.shrink();
        }
        Some((message, self.afterwards(unused)))
    }

    /// Whether this sender waits already, to be woken through this waker.
    pub(super) fn has_sender(&self, ticket: Option<&Ticket>, waker: &Waker) -> bool {
        self.sending.has(ticket, waker)
    }

    /// Whether this receiver waits already, to be woken through this waker.
    pub(super) fn has_receiver(&self, ticket: Option<&Ticket>, waker: &Waker) -> bool {
        self.receiving.has(ticket, waker)
    }

    /// A sender waits, from now on or again. Returns a waker that is not needed any more.
    pub(super) fn wait_to_send(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.sending.wait(ticket, waker)
    }

    /// A receiver waits, from now on or again. Returns a waker that is not needed any more.
    pub(super) fn wait_to_receive(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.receiving.wait(ticket, waker)
    }

    /// Somebody waits for the end, from now on or still. Returns a waker that is not needed any more.
    #[cold]
    pub(super) fn wait_to_close(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.closing.wait(ticket, waker)
    }

    /// It does not wait for the end any more. Returns a waker that is not needed any more.
    #[cold]
    pub(super) fn stop_closing(&mut self, ticket: Ticket) -> Option<Waker> {
        self.closing.leave(ticket).waker()
    }

    /// A sender gives up. If it was woken, another one is to use the room.
    pub(super) fn stop_sending(&mut self, ticket: Ticket) -> Afterwards {
        let unused = self.sending.leave(ticket).waker();
        self.afterwards(unused)
    }

    /// A receiver gives up. If it was woken, another one is to take the message.
    pub(super) fn stop_receiving(&mut self, ticket: Ticket) -> Afterwards {
        let unused = self.receiving.leave(ticket).waker();
        self.afterwards(unused)
    }

    /// Closes the channel. Returns all who wait.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.is_closed = true;
        let mut all = self.sending.wake_all();
        all.append(&mut self.receiving.wake_all());
        all.append(&mut self.closing.wake_all());
        all
    }

    /// The messages that nobody will receive.
    pub(super) fn take_messages(&mut self) -> VecDeque<T> {
        mem::take(&mut self.messages)
    }

    /// Gives memory back when three quarters of it are unused.
    ///
    /// Half of what is kept is room. So as many messages as are moved here have come or gone since the last time, and
    /// each pays for a constant part of a move. With a bound there is no need: the bound is one of the memory.
    #[cold]
    fn shrink(&mut self) {
        let (used, owned) = (self.messages.len(), self.messages.capacity());
        if owned > ROOM_TO_KEEP && used < owned / 4 {
            self.messages.shrink_to((2 * used).max(ROOM_TO_KEEP));
        }
    }

    /// After every change: one more at each end, if there is something for it. This is what keeps the invariant.
    #[inline]
    fn afterwards(&mut self, unused: Option<Waker>) -> Afterwards {
        Afterwards {
            sender: self.sending.wake_first_for(self.room()),
            receiver: self.receiving.wake_first_for(self.messages.len()),
            unused,
        }
    }
}

impl Caller<'_> {
    /// Whether to get in line, although there is something, since others there have lost too often.
    #[inline]
    fn has_to_queue(&self, waiters: &Waiters) -> bool {
        matches!(self, Caller::Future(None)) && waiters.has_anybody_lost()
    }

    #[inline]
    fn leave(self, waiters: &mut Waiters) -> Option<Waker> {
        let Caller::Future(ticket) = self else { return None };
        ticket.take().map(|ticket| waiters.leave(ticket)).and_then(Left::waker)
    }
}
