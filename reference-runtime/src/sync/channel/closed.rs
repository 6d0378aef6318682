//! Waiting for the end of a channel.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Channel, Sender};
use crate::primitive::before_user_code;
use crate::sync::waiters::Ticket;

impl<T> Sender<T> {
    /// Waits until the channel is closed, by [`close`](Self::close) or because all receivers are dropped: for work that
    /// is not worth doing any more then.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let (sender, receiver) = reference_runtime::channel::unbounded::<u8>();
    /// reference_runtime::task::spawn(async move { drop(receiver) });
    /// sender.closed().await;
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped.
    pub fn closed(&self) -> Closed<'_, T> {
        Closed { channel: &self.channel, ticket: None }
    }
}

/// The future of [`Sender::closed`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::channel::{Closed, bounded};
///
/// let (sender, receiver) = bounded::<u8>(1);
/// let closed: Closed<'_, u8> = sender.closed();
/// drop(receiver);
/// closed.await;
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Closed<'a, T> {
    channel: &'a Channel<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Closed { channel, ticket } = &mut *self;
        let waker = context.waker().clone();
        let mut state = channel.lock();
        let is_closed = state.is_closed;
        let unused = if is_closed { Some(waker) } else { state.wait_to_close(ticket, waker) };
        drop(state);
        before_user_code();
        drop(unused);
        if is_closed { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        // All who wait are woken, so there is nothing to pass on.
        let unused = self.channel.lock().stop_closing(ticket);
        before_user_code();
        drop(unused);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Closed").finish_non_exhaustive()
    }
}
