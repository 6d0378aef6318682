//! A queue, and for each thing that somebody can wait for a place in which its waker is found.
//!
//! The events are few, and the mistakes are all of one kind: an event that forgets somebody. So here is the whole
//! list.
//!
//! | Event | Who may wait for it | Where it is told |
//! |---|---|---|
//! | an item comes | the receiver | `Sending::poll` |
//! | an item goes, so there is room | the first sender | `poll_recv` |
//! | the last sender goes | the receiver | `Sender::drop` |
//! | the receiver goes | all senders | `Receiver::drop` |
//! | a sender that was woken goes | the next sender | `Sending::drop` |
//!
//! Three of five are destructors, and no compiler asks for them. The fourth wakes *all*, the only one that does: room
//! is for one, the end is for everybody.
//!
//! > If there is room and a sender waits, then a sender that has been woken is still to be polled.
//!
//! That is the invariant of `async-mutex` with *room* in place of *the value*, and it holds by the same four steps.
//!
//! An item is with its sender or in the queue, and in no third place. A channel that gives it to a waiting `recv`
//! directly saves a step, and loses the item when that `recv` is in a `select!` whose other branch wins. Here `recv`
//! takes it out in the very poll that returns it, which is what *cancel safe* means in the documentation of such
//! functions.
//!
//! `recv` looks at the items before it asks for senders. The other way round, what was sent last is lost whenever the
//! sender is faster.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

/// A channel in which at most `capacity` items wait.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        items: VecDeque::new(),
        receiver: None,
        has_receiver: true,
        senders: 1,
        waiting: VecDeque::new(),
        next_number: 0,
    };
    let channel = Arc::new(Channel { state: Mutex::new(state), capacity });
    (Sender { channel: channel.clone() }, Receiver { channel })
}

#[derive(Debug)]
struct Channel<T> {
    state: Mutex<State<T>>,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// The receiver, if it waits. One that is left by a dropped `recv` is woken for nothing, once.
    receiver: Option<Waker>,
    has_receiver: bool,
    senders: usize,
    /// Senders that wait for room, the longest first. One that has been woken is not in here.
    waiting: VecDeque<Waiting>,
    next_number: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    waker: Waker,
}

impl<T> Channel<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no holder panics")
    }
}

impl<T> State<T> {
    fn place_of(&self, number: u64) -> Option<usize> {
        self.waiting.iter().position(|sender| sender.number == number)
    }
}

/// The end into which items go.
#[derive(Debug)]
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// Puts an item into the channel, once there is room.
    pub fn send(&self, item: T) -> Sending<'_, T> {
        Sending { channel: &self.channel, item: Some(item), number: None }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.state().senders += 1;
        Sender { channel: self.channel.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.state();
        state.senders -= 1;
        let receiver = if state.senders == 0 { state.receiver.take() } else { None };
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }
}

/// The future of [`Sender::send`].
#[derive(Debug)]
pub struct Sending<'a, T> {
    channel: &'a Channel<T>,
    /// Until it is in the channel.
    item: Option<T>,
    /// Its number, once it has waited. If the queue does not know it, it has been woken.
    number: Option<u64>,
}

// The item is moved, and never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T>> {
        let channel = self.channel;
        let mut state = channel.state();
        let place = self.number.and_then(|number| state.place_of(number));
        if !state.has_receiver || state.items.len() < channel.capacity {
            if let Some(place) = place {
                state.waiting.remove(place);
            }
            self.number = None;
            let item = self.item.take().expect("a future that was ready is not polled again");
            if !state.has_receiver {
                return Poll::Ready(Err(item));
            }
            state.items.push_back(item);
            let receiver = state.receiver.take();
            drop(state);
            receiver.into_iter().for_each(Waker::wake);
            return Poll::Ready(Ok(()));
        }
        match (self.number, place) {
            (_, Some(place)) => state.waiting[place].waker.clone_from(cx.waker()),
            // Overtaken since its wake: it waits where it was.
            (Some(number), None) => state.waiting.push_front(Waiting { number, waker: cx.waker().clone() }),
            (None, None) => {
                let number = state.next_number;
                state.next_number += 1;
                state.waiting.push_back(Waiting { number, waker: cx.waker().clone() });
                self.number = Some(number);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.channel.state();
        let next = match state.place_of(number) {
            Some(place) => {
                state.waiting.remove(place);
                None
            }
            // It has been woken: if there is room, the wake was for that.
            None if state.items.len() < self.channel.capacity => state.waiting.pop_front(),
            None => None,
        };
        drop(state);
        next.into_iter().for_each(|sender| sender.waker.wake());
    }
}

/// The end at which items come out, in the order in which they went in.
#[derive(Debug)]
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    /// The next item, once there is one. `None`: all senders are gone, and so is everything that they have sent.
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.channel.state();
        if let Some(item) = state.items.pop_front() {
            let next = state.waiting.pop_front();
            drop(state);
            next.into_iter().for_each(|sender| sender.waker.wake());
            return Poll::Ready(Some(item));
        }
        if state.senders == 0 {
            return Poll::Ready(None);
        }
        state.receiver = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.state();
        state.has_receiver = false;
        let waiting = std::mem::take(&mut state.waiting);
        // Dropped below, when the lock is let go: an item's destructor may be anything, also one that sends.
        let _items = std::mem::take(&mut state.items);
        drop(state);
        waiting.into_iter().for_each(|sender| sender.waker.wake());
    }
}
