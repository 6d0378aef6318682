//! A queue of messages with a bound: who sends waits for room, who receives for messages.
//!
//! Everything is under one lock, in [`State`]: the messages, and who waits at either end. It is held for a few dozen
//! nanoseconds, and no code of users (wakers, destructors of messages) runs meanwhile.
//!
//! The invariant, at either end: while somebody waits, as many are woken and have not come back as there is something
//! for (messages, or places). So no wake-up is lost: each woken one that comes back has taken something, or found that
//! others took all of it, or gives up, and then the next is woken. And there is no herd: nobody is woken for nothing
//! that could have been foreseen.
//!
//! Waking hands nothing over: whoever comes first gets the place or the message. A sender that runs while there is room
//! so fills it in one go, and its receiver empties it in one go, where a switch of tasks for each message would cost
//! many times the message.

mod error;
mod state;

pub use error::{RecvError, SendError, TryRecvError, TrySendError};

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::stream::{FusedStream, Stream};

use super::waiters::Ticket;
use crate::primitive::{Arc, Locked, Mutex, before_user_code, lock};
use state::{Afterwards, Caller, State};

/// A channel with room for `capacity` messages.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel has room for at least one message");
    let channel = Arc::new(Channel { state: Mutex::new(State::new(capacity)) });
    (Sender { channel: Arc::clone(&channel) }, Receiver { channel, ticket: None })
}

/// What the two sides share.
struct Channel<T> {
    state: Mutex<State<T>>,
}

/// The side of a channel that sends. Clones send into the same channel.
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

/// The side of a channel that receives. Of several clones, one gets each message.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    /// Of the stream, once it has waited.
    ticket: Option<Ticket>,
}

impl<T> Channel<T> {
    fn lock(&self) -> Locked<'_, State<T>> {
        lock(&self.state)
    }

    #[inline]
    fn poll_send(
        &self,
        message: &mut Option<T>,
        ticket: &mut Option<Ticket>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        let mut state = self.lock();
        if let Some((result, afterwards)) = state.try_send(message, Caller::Future(ticket)) {
            drop(state);
            afterwards.run();
            return Poll::Ready(result);
        }
        if state.has_sender(ticket.as_ref(), context.waker()) {
            return Poll::Pending;
        }
        drop(state);
        self.wait_to_send(message, ticket, context.waker())
    }

    /// A second look, with a waker to leave behind: it is not cloned under the lock.
    #[cold]
    fn wait_to_send(
        &self,
        message: &mut Option<T>,
        ticket: &mut Option<Ticket>,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        before_user_code();
        let waker = waker.clone();
        let mut state = self.lock();
        if let Some((result, afterwards)) = state.try_send(message, Caller::Future(ticket)) {
            drop(state);
            afterwards.run();
            return Poll::Ready(result);
        }
        let replaced = state.wait_to_send(ticket, waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    #[inline]
    fn poll_recv(
        &self,
        ticket: &mut Option<Ticket>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, RecvError>> {
        let mut state = self.lock();
        if let Some((message, afterwards)) = state.try_recv(Caller::Future(ticket)) {
            drop(state);
            afterwards.run();
            return Poll::Ready(message.ok_or(RecvError));
        }
        if state.has_receiver(ticket.as_ref(), context.waker()) {
            return Poll::Pending;
        }
        drop(state);
        self.wait_to_receive(ticket, context.waker())
    }

    /// As [`Channel::wait_to_send`].
    #[cold]
    fn wait_to_receive(&self, ticket: &mut Option<Ticket>, waker: &Waker) -> Poll<Result<T, RecvError>> {
        before_user_code();
        let waker = waker.clone();
        let mut state = self.lock();
        if let Some((message, afterwards)) = state.try_recv(Caller::Future(ticket)) {
            drop(state);
            afterwards.run();
            return Poll::Ready(message.ok_or(RecvError));
        }
        let replaced = state.wait_to_receive(ticket, waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Whether it was open.
    fn close(&self) -> bool {
        let mut state = self.lock();
        if state.is_closed {
            return false;
        }
        let waiting = state.close();
        drop(state);
        wake_all(waiting);
        true
    }
}

impl Afterwards {
    #[inline]
    fn run(self) {
        before_user_code();
        // Dropped in the opposite order, each even if one before it panics.
        let _unused = self.unused;
        let _receiver = self.receiver.map(WokenWhenDropped::from);
        let _sender = self.sender.map(WokenWhenDropped::from);
    }
}

struct WokenWhenDropped(Option<Waker>);

impl From<Waker> for WokenWhenDropped {
    fn from(waker: Waker) -> Self {
        WokenWhenDropped(Some(waker))
    }
}

impl Drop for WokenWhenDropped {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

/// Wakes all of them, even if a waker panics. The first panic goes on afterwards.
fn wake_all(wakers: Vec<Waker>) {
    before_user_code();
    let mut panic = None;
    for waker in wakers {
        // Unwind safe: nothing of ours is in there.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}

impl<T> Sender<T> {
    /// Sends a message, waiting for room.
    #[inline]
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send { channel: &self.channel, message: Some(message), ticket: None }
    }

    /// Sends a message if there is room.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let mut message = Some(message);
        let sent = self.channel.lock().try_send(&mut message, Caller::InPassing);
        match (sent, message) {
            (Some((result, afterwards)), _) => {
                afterwards.run();
                result.map_err(|SendError(message)| TrySendError::Closed(message))
            }
            (None, Some(message)) => Err(TrySendError::Full(message)),
            (None, None) => unreachable!("a message that is not sent stays where it is"),
        }
    }
}

impl<T> Receiver<T> {
    /// Receives a message, waiting for one.
    #[inline]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv { channel: &self.channel, ticket: None }
    }

    /// Receives a message if there is one.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.channel.lock().try_recv(Caller::InPassing);
        let Some((message, afterwards)) = received else { return Err(TryRecvError::Empty) };
        afterwards.run();
        message.ok_or(TryRecvError::Closed)
    }
}

/// The future of [`Sender::send`].
#[must_use = "futures do nothing unless awaited"]
pub struct Send<'a, T> {
    channel: &'a Channel<T>,
    /// Until it is sent.
    message: Option<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

/// The future of [`Receiver::recv`].
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    channel: &'a Channel<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

// The message is never pinned.
impl<T> Unpin for Send<'_, T> {}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Send { channel, message, ticket } = &mut *self;
        channel.poll_send(message, ticket, context)
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Recv { channel, ticket } = &mut *self;
        channel.poll_recv(ticket, context)
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Receiver { channel, ticket } = &mut *self;
        channel.poll_recv(ticket, context).map(Result::ok)
    }
}

impl<T> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        let state = self.channel.lock();
        state.is_closed && state.len() == 0
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let afterwards = self.channel.lock().stop_sending(ticket);
            afterwards.run();
        }
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let afterwards = self.channel.lock().stop_receiving(ticket);
            afterwards.run();
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.lock().senders += 1;
        Sender { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.channel.lock().receivers += 1;
        Receiver { channel: Arc::clone(&self.channel), ticket: None }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.senders -= 1;
        let is_last = state.senders == 0;
        drop(state);
        if is_last {
            self.channel.close();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        let afterwards = self.ticket.take().map(|ticket| state.stop_receiving(ticket));
        state.receivers -= 1;
        if state.receivers > 0 {
            drop(state);
            afterwards.map(Afterwards::run);
            return;
        }
        let waiting = state.close();
        let messages = state.take_messages();
        drop(state);
        before_user_code();
        wake_all(waiting);
        drop(messages);
    }
}
