//! What is under the lock of a [`broadcast`](super) channel. No code of users is called here.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::TryRecvError;
use crate::sync::waiters::Waiters;

pub(super) struct State<T> {
    /// Those that some receiver has still to get, the oldest first. `waits_for` never falls from one to the next, since a
    /// receiver gets them in order: so once it is 0, it is so at the front.
    queue: VecDeque<Message<T>>,
    /// How many messages were sent before the first in the queue.
    first: u64,
    capacity: usize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) waiting: Waiters,
}

struct Message<T> {
    message: Arc<T>,
    /// How many receivers have still to get it.
    waits_for: usize,
}

impl<T> State<T> {
    pub(super) fn new(capacity: usize) -> State<T> {
        State {
            queue: VecDeque::new(),
            first: 0,
            capacity,
            senders: 1,
            receivers: 0,
            waiting: Waiters::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// How many messages were sent.
    pub(super) fn sent(&self) -> u64 {
        // The queue is in memory, so its length is no more than a u64 holds.
        self.first + self.queue.len() as u64
    }

    /// Adds a message, for all receivers. Returns one that had to go for it.
    pub(super) fn push(&mut self, message: Arc<T>) -> Option<Arc<T>> {
        let oldest = if self.queue.len() == self.capacity { self.pop() } else { None };
        self.queue.push_back(Message { message, waits_for: self.receivers });
        oldest
    }

    fn pop(&mut self) -> Option<Arc<T>> {
        let oldest = self.queue.pop_front()?;
        self.first += 1;
        Some(oldest.message)
    }

    /// The message after the first `next` that were sent. The caller, who is a receiver, has got it then.
    pub(super) fn take(&mut self, next: &mut u64) -> Result<Arc<T>, TryRecvError> {
        if let Some(missed) = self.first.checked_sub(*next).filter(|missed| *missed > 0) {
            *next = self.first;
            return Err(TryRecvError::Lagged(missed));
        }
        let place = usize::try_from(*next - self.first).ok();
        let Some(found) = place.and_then(|place| self.queue.get_mut(place)) else {
            return Err(if self.senders == 0 { TryRecvError::Closed } else { TryRecvError::Empty });
        };
        *next += 1;
        found.waits_for -= 1;
        if found.waits_for > 0 {
            return Ok(Arc::clone(&found.message));
        }
        self.pop().ok_or(TryRecvError::Empty)
    }

    /// A receiver goes that has got, or missed, the first `next` messages. Returns those that nobody waits for now.
    pub(super) fn desert(&mut self, next: u64) -> Vec<Arc<T>> {
        self.receivers -= 1;
        let got = usize::try_from(next.saturating_sub(self.first)).unwrap_or(usize::MAX);
        for message in self.queue.iter_mut().skip(got) {
            message.waits_for -= 1;
        }
        let mut unwanted = Vec::new();
        while self.queue.front().is_some_and(|oldest| oldest.waits_for == 0) {
            unwanted.extend(self.pop());
        }
        unwanted
    }
}
