//! What is under a channel's lock. No code of users is called here: wakers and messages that are done with go back to
//! the caller.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use super::{RecvError, SendError};
use crate::sync::waiters::{First, Left, Ticket, Waiters};

pub(super) struct State<T> {
    messages: VecDeque<T>,
    pub(super) capacity: usize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) is_closed: bool,
    /// Wait for room.
    sending: Waiters,
    /// Wait for messages.
    receiving: Waiters,
}

/// What is left to do once the lock is given up.
#[derive(Default)]
#[must_use]
pub(super) struct Afterwards {
    pub(super) wake: Option<Waker>,
    pub(super) drop: Option<Waker>,
}

/// A message that is sent, or not, and why.
pub(super) type Sent<T> = (Result<(), SendError<T>>, Afterwards);
/// A message, or that there will be none.
pub(super) type Received<T> = (Result<T, RecvError>, Afterwards);

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
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Sends the message, or says why not. `None`: there is no room, and the message stays where it is.
    #[inline]
    pub(super) fn try_send(
        &mut self,
        message: &mut Option<T>,
        ticket: &mut Option<Ticket>,
    ) -> Option<Sent<T>> {
        if !self.is_closed && self.messages.len() >= self.capacity {
            return None;
        }
        let message = message.take()?;
        let drop = ticket.take().and_then(|ticket| self.sending.leave(ticket).waker());
        if self.is_closed {
            return Some((Err(SendError(message)), Afterwards { wake: None, drop }));
        }
        self.messages.push_back(message);
        Some((Ok(()), Afterwards { wake: self.receiver_to_wake(), drop }))
    }

    /// Receives a message, or learns that there will be none. `None`: there may be one later.
    #[inline]
    pub(super) fn try_recv(&mut self, ticket: &mut Option<Ticket>) -> Option<Received<T>> {
        if !self.is_closed && self.messages.is_empty() {
            return None;
        }
        let drop = ticket.take().and_then(|ticket| self.receiving.leave(ticket).waker());
        let Some(message) = self.messages.pop_front() else {
            return Some((Err(RecvError), Afterwards { wake: None, drop }));
        };
        Some((Ok(message), Afterwards { wake: self.sender_to_wake(), drop }))
    }

    /// Whether this sender waits already, to be woken through this waker.
    pub(super) fn has_sender(&self, ticket: Option<&Ticket>, waker: &Waker) -> bool {
        self.sending.has(ticket, waker)
    }

    pub(super) fn has_receiver(&self, ticket: Option<&Ticket>, waker: &Waker) -> bool {
        self.receiving.has(ticket, waker)
    }

    /// Returns a waker that is not needed any more.
    pub(super) fn wait_to_send(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.sending.wait(ticket, waker)
    }

    pub(super) fn wait_to_receive(&mut self, ticket: &mut Option<Ticket>, waker: Waker) -> Option<Waker> {
        self.receiving.wait(ticket, waker)
    }

    /// A sender gives up. If it was woken, another one is to use the room.
    pub(super) fn stop_sending(&mut self, ticket: Ticket) -> Afterwards {
        match self.sending.leave(ticket) {
            Left::Waiting(waker) => Afterwards { wake: None, drop: Some(waker) },
            Left::Woken => Afterwards { wake: self.sender_to_wake(), drop: None },
        }
    }

    /// A receiver gives up. If it was woken, another one is to take the message.
    pub(super) fn stop_receiving(&mut self, ticket: Ticket) -> Afterwards {
        match self.receiving.leave(ticket) {
            Left::Waiting(waker) => Afterwards { wake: None, drop: Some(waker) },
            Left::Woken => Afterwards { wake: self.receiver_to_wake(), drop: None },
        }
    }

    /// Closes the channel. Returns all who wait.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.is_closed = true;
        let mut all = self.sending.wake_all();
        all.append(&mut self.receiving.wake_all());
        all
    }

    /// The messages that nobody will receive.
    pub(super) fn take_messages(&mut self) -> VecDeque<T> {
        mem::take(&mut self.messages)
    }

    #[inline]
    fn sender_to_wake(&mut self) -> Option<Waker> {
        let room = self.capacity - self.messages.len();
        if self.sending.is_empty() || self.sending.woken() >= room {
            return None;
        }
        self.sending.wake_first().map(|First { waker, .. }| waker)
    }

    #[inline]
    fn receiver_to_wake(&mut self) -> Option<Waker> {
        if self.receiving.is_empty() || self.receiving.woken() >= self.messages.len() {
            return None;
        }
        self.receiving.wake_first().map(|First { waker, .. }| waker)
    }
}
