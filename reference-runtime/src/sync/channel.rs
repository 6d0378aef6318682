//! A queue of messages: who sends waits for room, if there is a bound, and who receives for messages.
//!
//! Everything is under one lock, in [`State`]: the messages, and who waits at either end. It is held for a few dozen
//! nanoseconds, and no code of users (wakers, destructors of messages) runs meanwhile.
//!
//! The invariant, at either end: while somebody waits and there is something for it (a message, or room), somebody is
//! woken and has not come back. So no wake-up is lost: a woken one that comes back has taken something, or gives up, and
//! then the next is woken if anything is left; or it found that others had taken all of it. Nor is there a herd: no more
//! are woken than there is something for.
//!
//! To wake one at a time would be a third cheaper where many wait at both ends. It was tried and taken back: a future
//! that was woken and is kept without being polled, as by a `select!` that goes on with another branch, then holds up
//! all behind it, and not only for as long as it takes the next message to come.
//!
//! Waking hands nothing over: whoever comes first gets the place or the message. A sender that runs while there is room
//! so fills it in one go, and its receiver empties it in one go, where a switch of tasks for each message would cost
//! many times the message.
//!
//! Without a bound there is always room; nothing else differs, but that memory is given back (see [`State::shrink`]).

#[cfg(not(reference_runtime_loom))]
mod blocking;
mod closed;
mod error;
mod handles;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
mod state;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
mod weak;

pub use closed::Closed;
pub use error::{RecvError, SendError, TryRecvError, TrySendError};
pub use weak::{WeakReceiver, WeakSender};

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::stream::{FusedStream, Stream};

use super::waiters::Ticket;
use super::wake_all;
use crate::primitive::{Arc, Locked, Mutex, before_user_code, lock};
use state::{Afterwards, Caller, State, UNBOUNDED};

/// Makes a channel with room for `capacity` messages, of which any number of tasks send and receive.
///
/// The memory for the messages grows as it is needed and is freed with the last handle.
///
/// ```
/// use reference_runtime::{block_on, sync::channel, task};
///
/// block_on(async {
///     let (sender, receiver) = channel(2);
///     let workers: Vec<_> = (0..3)
///         .map(|_| {
///             let receiver = receiver.clone();
///             task::spawn(async move {
///                 let mut done = 0;
///                 while let Ok(job) = receiver.recv().await {
///                     done += job;
///                 }
///                 done
///             })
///         })
///         .collect();
///     for job in 1..=10 {
///         sender.send(job).await.unwrap();
///     }
///     drop(sender); // ends the channel once it is empty
///     let mut done = 0;
///     for worker in workers {
///         done += worker.await;
///     }
///     assert_eq!(done, 55);
/// });
/// ```
///
/// # Fairness
///
/// Messages are received in the order in which they were sent. Who waits is woken in the order in which it came, but
/// whoever comes first gets the room or the message, even if others wait. When one of them was woken four times, and
/// came too late each time, newcomers queue up behind it. So nobody waits for ever, as long as tasks that were woken are
/// polled, and others do not take everything by `try_send` and `try_recv`.
///
/// For each message one receiver is woken, and for each place one sender. A future that was woken and is neither polled
/// nor dropped keeps one message, or one place, from the others until it is: drop the futures that lost a `select!`
/// before something long.
///
/// # Panics
///
/// If `capacity` is 0.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel has room for at least one message: give it a capacity of 1 or more");
    open(capacity)
}

/// Makes a channel without a bound.
pub(crate) fn without_bound<T>() -> (Sender<T>, Receiver<T>) {
    open(UNBOUNDED)
}

fn open<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel { state: Mutex::new(State::new(capacity)) });
    (Sender { channel: Arc::clone(&channel) }, Receiver { channel, ticket: None })
}

/// What the two sides share.
struct Channel<T> {
    state: Mutex<State<T>>,
}

/// The side of a channel that sends. Clones send into the same channel.
///
/// ```
/// # reference_runtime::block_on(async {
/// let (sender, receiver) = reference_runtime::sync::channel(2);
/// let other = sender.clone();
/// sender.send("from one").await.unwrap();
/// other.send("from another").await.unwrap();
/// assert_eq!(receiver.recv().await, Ok("from one"));
/// assert_eq!(receiver.recv().await, Ok("from another"));
/// # });
/// ```
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

/// The side of a channel that receives. Of several clones, one gets each message.
///
/// It is also a [`Stream`], which ends where [`Receiver::recv`] gives an error.
///
/// ```
/// # reference_runtime::block_on(async {
/// use futures::StreamExt;
///
/// let (sender, receiver) = reference_runtime::sync::channel(2);
/// sender.send(1).await.unwrap();
/// sender.send(2).await.unwrap();
/// drop(sender);
/// assert_eq!(receiver.collect::<Vec<_>>().await, [1, 2]);
/// # });
/// ```
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
        before_user_code();
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
        before_user_code();
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

impl<T> Sender<T> {
    /// Sends a message, waiting for room.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{SendError, channel};
    ///
    /// let (sender, receiver) = channel(1);
    /// assert_eq!(sender.send("one").await, Ok(()));
    /// drop(receiver);
    /// assert_eq!(sender.send("two").await, Err(SendError("two")));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If the channel is closed, or all its receivers are dropped, before there is room. The message comes back.
    ///
    /// # Cancel safety
    ///
    /// The message of a future that is dropped before it was ready is not sent, and is dropped with it. If the future
    /// was about to get room, the next sender does.
    #[inline]
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send { channel: &self.channel, message: Some(message), ticket: None }
    }

    /// Sends a message if there is room.
    ///
    /// ```
    /// use reference_runtime::sync::{TrySendError, channel};
    ///
    /// let (sender, _receiver) = channel(1);
    /// assert_eq!(sender.try_send("one"), Ok(()));
    /// assert_eq!(sender.try_send("two"), Err(TrySendError::Full("two")));
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no room, or the channel is closed. The message comes back.
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
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{RecvError, channel};
    ///
    /// let (sender, receiver) = channel(1);
    /// sender.send("one").await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Ok("one"));
    /// assert_eq!(receiver.recv().await, Err(RecvError));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// If the channel is empty, and closed or without senders.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it was ready has received nothing. If it was about to get a message, the next
    /// receiver does.
    #[inline]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv { channel: &self.channel, ticket: None }
    }

    /// Receives a message if there is one.
    ///
    /// ```
    /// use reference_runtime::sync::{TryRecvError, channel};
    ///
    /// let (sender, receiver) = channel(1);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.try_send("one").unwrap();
    /// assert_eq!(receiver.try_recv(), Ok("one"));
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none, and whether there can be one later.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.channel.lock().try_recv(Caller::InPassing);
        let Some((message, afterwards)) = received else { return Err(TryRecvError::Empty) };
        afterwards.run();
        message.ok_or(TryRecvError::Closed)
    }
}

/// The future of [`Sender::send`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Send, channel};
///
/// let (sender, receiver) = channel(1);
/// let first: Send<'_, u8> = sender.send(1);
/// assert!(receiver.is_empty()); // nothing is sent before the future is polled
/// first.await.unwrap();
/// assert_eq!(receiver.recv().await, Ok(1));
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Send<'a, T> {
    channel: &'a Channel<T>,
    /// Until it is sent.
    message: Option<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

/// The future of [`Receiver::recv`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Recv, channel};
///
/// let (sender, receiver) = channel(1);
/// let next: Recv<'_, u8> = receiver.recv();
/// sender.send(1).await.unwrap();
/// assert_eq!(next.await, Ok(1));
/// # });
/// ```
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
