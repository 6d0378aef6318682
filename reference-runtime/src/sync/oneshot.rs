//! A channel for one message from one sender to one receiver.
//!
//! Names and behaviour are those of `tokio::sync::oneshot`, under one ordinary lock that is held for a few instructions.
//! Of the other choices, the crate `oneshot` is faster (60 ns for a channel and its message where this takes 100), but
//! cannot tell a sender that nobody waits any more ([`Sender::closed`]); the channel of the crate `futures` takes 160 ns.
//!
//! ```
//! use reference_runtime::{block_on, sync::oneshot, task};
//!
//! block_on(async {
//!     let (sender, receiver) = oneshot::channel();
//!     task::spawn(async move { sender.send(6 * 7) });
//!     assert_eq!(receiver.await, Ok(42));
//! });
//! ```

pub mod error;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::future::FusedFuture;

use crate::primitive::{self, Arc, Locked, Mutex, before_user_code};
use error::{RecvError, TryRecvError};

/// Makes a channel for one message.
///
/// ```
/// # reference_runtime::block_on(async {
/// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
/// assert_eq!(sender.send("hello"), Ok(()));
/// assert_eq!(receiver.await, Ok("hello"));
/// # });
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state =
        State { message: None, is_sender_gone: false, is_closed: false, receiver: None, sender: None };
    let channel = Arc::new(Channel { state: Mutex::new(state) });
    (Sender { channel: Some(Arc::clone(&channel)) }, Receiver { channel, has_waited: false, is_over: false })
}

/// What both sides share.
struct Channel<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    /// From when it is sent until it is received.
    message: Option<T>,
    /// It has sent, or was dropped.
    is_sender_gone: bool,
    /// By the receiver, or because it was dropped.
    is_closed: bool,
    /// Waits for the message.
    receiver: Option<Waker>,
    /// Waits until it is closed.
    sender: Option<Waker>,
}

/// Sends the one message. Made by [`channel`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::oneshot;
///
/// let (sender, receiver) = oneshot::channel::<u8>();
/// drop(sender); // without having sent
/// assert!(receiver.await.is_err());
/// # });
/// ```
pub struct Sender<T> {
    /// [`None`] only once it has sent.
    channel: Option<Arc<Channel<T>>>,
}

/// A future that is ready with the message. Made by [`channel`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::{sync::oneshot, task};
///
/// let (sender, mut receiver) = oneshot::channel();
/// task::spawn(async move { sender.send("hello") });
/// assert_eq!((&mut receiver).await, Ok("hello"));
/// assert!(receiver.await.is_err(), "there was one message");
/// # });
/// ```
///
/// # Errors
///
/// If the sender is dropped without having sent, or the message was received before.
///
/// # Cancel safety
///
/// Awaiting `&mut receiver` loses nothing when it is dropped. Dropping the receiver itself drops a message that was sent.
#[must_use = "futures do nothing unless awaited"]
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    has_waited: bool,
    /// The message was received, or will not come. Then nobody needs to be told that this side goes.
    is_over: bool,
}

impl<T> Channel<T> {
    fn lock(&self) -> Locked<'_, State<T>> {
        primitive::lock(&self.state)
    }

    /// No message is sent from now on. Returns one that was.
    fn close(&self) -> Option<T> {
        let mut state = self.lock();
        state.is_closed = true;
        let (sender, receiver) = (state.sender.take(), state.receiver.take());
        let message = state.message.take();
        drop(state);
        before_user_code();
        drop(receiver);
        if let Some(waker) = sender {
            waker.wake();
        }
        message
    }
}

impl<T> State<T> {
    /// The sender has sent or goes. Returns whom to wake, and a waker that is not needed any more.
    fn end(&mut self, message: Option<T>) -> (Option<Waker>, Option<Waker>) {
        self.message = message;
        self.is_sender_gone = true;
        (self.receiver.take(), self.sender.take())
    }

    /// The message, or that there is none. [`None`]: it may still come.
    fn take(&mut self) -> Option<Result<T, RecvError>> {
        match self.message.take() {
            Some(message) => Some(Ok(message)),
            None if self.is_sender_gone || self.is_closed => Some(Err(RecvError(()))),
            None => None,
        }
    }
}

impl<T> Sender<T> {
    /// Sends the message. It never waits.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(7), Err(7));
    /// ```
    ///
    /// # Errors
    ///
    /// If the receiver is closed or dropped. The message comes back. A message that was sent may still not be received,
    /// if the receiver is dropped then.
    pub fn send(mut self, message: T) -> Result<(), T> {
        let channel = self.channel.take().expect("a sender sends once");
        let mut state = channel.lock();
        if state.is_closed {
            let unused = state.sender.take();
            drop(state);
            before_user_code();
            drop(unused);
            return Err(message);
        }
        let (receiver, unused) = state.end(Some(message));
        drop(state);
        before_user_code();
        drop(unused);
        if let Some(waker) = receiver {
            waker.wake();
        }
        Ok(())
    }

    /// Waits until the receiver is closed or dropped: for work that is not worth doing any more then.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (mut sender, receiver) = reference_runtime::sync::oneshot::channel::<u8>();
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped.
    pub async fn closed(&mut self) {
        poll_fn(|context| self.poll_closed(context)).await;
    }

    /// As [`closed`](Self::closed), for a future written by hand.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use std::future::poll_fn;
    ///
    /// let (mut sender, receiver) = reference_runtime::sync::oneshot::channel::<u8>();
    /// assert!(futures::poll!(poll_fn(|context| sender.poll_closed(context))).is_pending());
    /// drop(receiver);
    /// poll_fn(|context| sender.poll_closed(context)).await;
    /// # });
    /// ```
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut state = self.channel().lock();
        let is_closed = state.is_closed;
        let unused = if is_closed { Some(waker) } else { state.sender.replace(waker) };
        drop(state);
        before_user_code();
        drop(unused);
        if is_closed { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether the receiver is closed or dropped.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel::<u8>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.channel().lock().is_closed
    }

    fn channel(&self) -> &Channel<T> {
        self.channel.as_ref().expect("a sender has its channel until it sends")
    }
}

impl<T> Receiver<T> {
    /// Lets no message be sent any more. One that was can still be received.
    ///
    /// ```
    /// use reference_runtime::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(7), Err(7));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        let mut state = self.channel.lock();
        state.is_closed = true;
        let sender = state.sender.take();
        drop(state);
        before_user_code();
        if let Some(waker) = sender {
            waker.wake();
        }
    }

    /// Receives the message if it is there.
    ///
    /// ```
    /// use reference_runtime::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(7).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not, and whether it can still come.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let taken = self.channel.lock().take();
        self.is_over |= taken.is_some();
        match taken {
            Some(Ok(message)) => Ok(message),
            Some(Err(RecvError(()))) => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Receives the message in code that is not asynchronous: this thread waits.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
    /// std::thread::spawn(move || sender.send(7));
    /// assert_eq!(receiver.blocking_recv(), Ok(7));
    /// ```
    ///
    /// # Errors
    ///
    /// As for the future.
    #[cfg(not(reference_runtime_loom))]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        super::wait_here(self)
    }

    /// Whether no message waits to be received.
    ///
    /// ```
    /// let (sender, receiver) = reference_runtime::sync::oneshot::channel();
    /// assert!(receiver.is_empty());
    /// sender.send(7).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.channel.lock().message.is_none()
    }

    /// Whether the message was received, or it was found out that none will come.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, mut receiver) = reference_runtime::sync::oneshot::channel();
    /// sender.send(7).unwrap();
    /// assert!(!receiver.is_terminated());
    /// assert_eq!((&mut receiver).await, Ok(7));
    /// assert!(receiver.is_terminated());
    /// # });
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.is_over
    }

    /// A look with a waker to leave behind: it is not cloned under the lock.
    fn take_or_wait(&mut self, waker: &Waker) -> Option<Result<T, RecvError>> {
        let waker = waker.clone();
        let mut state = self.channel.lock();
        let taken = state.take();
        let unused = if taken.is_some() { Some(waker) } else { state.receiver.replace(waker) };
        drop(state);
        before_user_code();
        drop(unused);
        self.has_waited = true;
        taken
    }

    /// A look for one that has left a waker. The second says whether that is the same one.
    fn take_or_see(&mut self, waker: &Waker) -> (Option<Result<T, RecvError>>, bool) {
        let mut state = self.channel.lock();
        let taken = state.take();
        let will_wake = state.receiver.as_ref().is_some_and(|receiver| receiver.will_wake(waker));
        (taken, will_wake)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_over {
            return Poll::Ready(Err(RecvError(())));
        }
        if self.has_waited {
            let (taken, will_wake) = self.take_or_see(context.waker());
            self.is_over = taken.is_some();
            match taken {
                Some(taken) => return Poll::Ready(taken),
                None if will_wake => return Poll::Pending,
                None => {}
            }
        }
        let taken = self.take_or_wait(context.waker());
        self.is_over = taken.is_some();
        taken.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> FusedFuture for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let Some(channel) = self.channel.take() else { return };
        let (receiver, unused) = channel.lock().end(None);
        before_user_code();
        drop(unused);
        if let Some(waker) = receiver {
            waker.wake();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if !self.is_over {
            drop(self.channel.close());
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
