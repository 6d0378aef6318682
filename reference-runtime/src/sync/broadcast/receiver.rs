//! The side that receives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::error::{RecvError, TryRecvError};
use super::{Channel, State};
use crate::primitive::{self, before_user_code};
use crate::sync::waiters::{Left, Ticket};

/// Receives every message that is sent into a [`broadcast`](super) channel while it exists.
///
/// It is not `Clone`: [`resubscribe`](Self::resubscribe) says what it does.
///
/// ```
/// # reference_runtime::block_on(async {
/// let (sender, mut first) = reference_runtime::sync::broadcast::channel(16);
/// let mut second = sender.subscribe();
/// sender.send("hello").unwrap();
/// assert_eq!(first.recv().await, Ok("hello"));
/// assert_eq!(second.recv().await, Ok("hello"));
/// # });
/// ```
pub struct Receiver<T> {
    channel: primitive::Arc<Channel<T>>,
    /// How many of all messages were sent before it came, received, or missed.
    next: u64,
}

impl<T> Receiver<T> {
    pub(super) fn of(channel: primitive::Arc<Channel<T>>) -> Receiver<T> {
        let mut state = channel.lock();
        state.receivers += 1;
        let next = state.sent();
        drop(state);
        Receiver { channel, next }
    }

    /// Another receiver. It gets what is sent from now on, not what this one has still to receive.
    ///
    /// ```
    /// let (sender, first) = reference_runtime::sync::broadcast::channel(16);
    /// sender.send("old").unwrap();
    /// let mut second = first.resubscribe();
    /// sender.send("new").unwrap();
    /// assert_eq!(second.try_recv(), Ok("new"));
    /// ```
    pub fn resubscribe(&self) -> Receiver<T> {
        Receiver::of(primitive::Arc::clone(&self.channel))
    }

    /// How many messages were sent and not received yet, with those that are lost.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::broadcast::channel(1);
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!((receiver.len(), sender.len()), (2, 1));
    /// ```
    pub fn len(&self) -> usize {
        usize::try_from(self.channel.lock().sent() - self.next).unwrap_or(usize::MAX)
    }

    /// Whether every message was received.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::broadcast::channel(16);
    /// assert!(receiver.is_empty());
    /// sender.send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// receiver.try_recv().unwrap();
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all senders are gone. There may be messages left to receive.
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::broadcast::channel(16);
    /// sender.send("last").unwrap();
    /// drop(sender);
    /// assert!(receiver.is_closed() && receiver.try_recv().is_ok());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.channel.lock().senders == 0
    }

    /// Whether both are of the same channel.
    ///
    /// ```
    /// let (_sender, receiver) = reference_runtime::sync::broadcast::channel::<u8>(16);
    /// assert!(receiver.same_channel(&receiver.resubscribe()));
    /// let (_sender, other) = reference_runtime::sync::broadcast::channel(16);
    /// assert!(!receiver.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        primitive::Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T: Clone> Receiver<T> {
    /// Receives the next message, waiting for it.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::broadcast::{self, error::RecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// sender.send("one").unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Ok("one"));
    /// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// [`RecvError::Lagged`] if messages were lost, because the channel keeps no more than its capacity; the next call
    /// gives the oldest that is left. [`RecvError::Closed`] if all were received and all senders are gone.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it was ready has received nothing.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { receiver: self, ticket: None }
    }

    /// Receives the next message if there is one.
    ///
    /// ```
    /// use reference_runtime::sync::broadcast::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(7).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv), and [`TryRecvError::Empty`] if there may be one later.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let taken = self.channel.lock().take(&mut self.next);
        taken.map(unshare)
    }

    /// Receives the next message in code that is not asynchronous: this thread waits for it.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// let (sender, mut receiver) = reference_runtime::sync::broadcast::channel(16);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send("hello").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("hello"));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv).
    #[cfg(not(reference_runtime_loom))]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        crate::sync::wait_here(self.recv())
    }
}

/// The message itself if nobody else has still to clone it. Not to be called under the lock.
fn unshare<T: Clone>(message: Arc<T>) -> T {
    before_user_code();
    Arc::try_unwrap(message).unwrap_or_else(|message| T::clone(&message))
}

/// A message that others may have still to clone, or why there is none.
type Taken<T> = Result<Arc<T>, RecvError>;

/// The future of [`Receiver::recv`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::broadcast::{self, Recv};
///
/// let (sender, mut receiver) = broadcast::channel(16);
/// let next: Recv<'_, u8> = receiver.recv();
/// sender.send(1).unwrap();
/// assert_eq!(next.await, Ok(1));
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

impl<T> Recv<'_, T> {
    /// Takes a message or the reason for none, and gets out of line; or gets in line with the waker. Returns a waker that
    /// is to be dropped when no lock is held.
    fn take_or_wait(&mut self, state: &mut State<T>, waker: Waker) -> (Poll<Taken<T>>, [Option<Waker>; 2]) {
        let taken = match state.take(&mut self.receiver.next) {
            Ok(message) => Ok(message),
            Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
            Err(TryRecvError::Empty) => {
                return (Poll::Pending, [state.waiting.wait(&mut self.ticket, waker), None]);
            }
        };
        let left = self.ticket.take().map(|ticket| state.waiting.leave(ticket));
        (Poll::Ready(taken), [Some(waker), left.and_then(Left::waker)])
    }
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let channel = primitive::Arc::clone(&self.receiver.channel);
        let mut state = channel.lock();
        let (taken, unused) = self.take_or_wait(&mut state, waker);
        drop(state);
        before_user_code();
        drop(unused);
        taken.map(|taken| taken.map(unshare))
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        // What it was woken for, all others were, too.
        let left = self.ticket.take().map(|ticket| self.receiver.channel.lock().waiting.leave(ticket));
        before_user_code();
        drop(left);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        let unwanted = state.desert(self.next);
        let is_last = state.receivers == 0;
        drop(state);
        if is_last {
            self.channel.deserted.notify_waiters();
        }
        before_user_code();
        drop(unwanted);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recv").finish_non_exhaustive()
    }
}
