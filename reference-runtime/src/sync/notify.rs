//! One word from one task to another, without a value.
//!
//! Everything is under one lock: who waits, and the word that is kept if nobody does. It is either: while somebody waits
//! nothing is kept. A future takes the kept word or gets in line under the same lock, so a word is either kept for it or
//! finds it in line, and none is lost.

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
// Std's even under loom, whose cannot be what a method is called on.
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::notices::{Notice, Notices};
use super::waiters::Ticket;
use super::wake_all;
use crate::primitive::{self, Locked, before_user_code};

/// Lets one task tell another, or all others, to go on. It remembers one word that nobody waited for.
///
/// ```
/// use reference_runtime::sync::{Arc, Notify};
/// use reference_runtime::{block_on, task};
///
/// block_on(async {
///     let notify = Arc::new(Notify::new());
///     let other = notify.clone();
///     let task = task::spawn(async move { other.notified().await });
///     notify.notify_one(); // before or after the task waits
///     task.await;
/// });
/// ```
///
/// Names and behaviour are those of `tokio::sync::Notify`. [`Event`](super::Event) is an alternative that remembers
/// nothing and can wait without a task.
///
/// # Fairness
///
/// Who waits is notified in the order in which it came, that is in which it was first polled.
pub struct Notify {
    state: primitive::Mutex<State>,
}

struct State {
    notices: Notices,
    /// A word for the next that comes. Only while nobody waits.
    is_kept: bool,
    /// How often all were notified.
    rounds: u64,
}

impl Notify {
    /// One that nobody waits for, and that remembers nothing.
    ///
    /// ```
    /// use reference_runtime::sync::Notify;
    ///
    /// static SHUTDOWN: Notify = Notify::new();
    /// # SHUTDOWN.notify_waiters();
    /// ```
    #[cfg(not(reference_runtime_loom))]
    pub const fn new() -> Notify {
        Notify { state: primitive::Mutex::new(State::new()) }
    }

    /// One that nobody waits for, and that remembers nothing.
    #[cfg(reference_runtime_loom)]
    pub fn new() -> Notify {
        Notify { state: primitive::Mutex::new(State::new()) }
    }

    /// Waits for a notification.
    ///
    /// A word that is remembered is taken at once. Otherwise the future is in line from its first poll on, or from
    /// [`Notified::enable`]. A [`notify_waiters`](Self::notify_waiters) reaches it from this call on, polled or not: so
    /// make the future, look whether there is still something to wait for, and await it.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let notify = reference_runtime::sync::Notify::new();
    /// let notified = notify.notified();
    /// notify.notify_waiters();
    /// notified.await;
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses its place in line. If [`notify_one`](Self::notify_one) had chosen it, the next in
    /// line gets that word, or it is remembered.
    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, place: Place::new(self) }
    }

    /// As [`notified`](Self::notified), with a future that borrows nothing.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{sync::{Arc, Notify}, task};
    ///
    /// let notify = Arc::new(Notify::new());
    /// let task = task::spawn(notify.clone().notified_owned());
    /// notify.notify_one();
    /// task.await;
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`notified`](Self::notified).
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified { place: Place::new(&self), notify: self }
    }

    /// Notifies the one that has waited longest. If nobody waits, that is remembered for the next; once, however often it
    /// was called.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let notify = reference_runtime::sync::Notify::new();
    /// notify.notify_one();
    /// notify.notify_one();
    /// notify.notified().await;
    /// assert!(futures::poll!(std::pin::pin!(notify.notified())).is_pending());
    /// # });
    /// ```
    pub fn notify_one(&self) {
        let first = self.lock().tell_one();
        before_user_code();
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// Notifies all who wait, and the futures made before. Nothing is remembered for those that are made later.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let notify = reference_runtime::sync::Notify::new();
    /// let (first, second) = (notify.notified(), notify.notified());
    /// notify.notify_waiters();
    /// first.await;
    /// second.await;
    /// assert!(futures::poll!(std::pin::pin!(notify.notified())).is_pending()); // it came later
    /// # });
    /// ```
    pub fn notify_waiters(&self) {
        let mut state = self.lock();
        state.rounds += 1;
        let all = state.notices.tell_all();
        drop(state);
        wake_all(all);
    }

    fn lock(&self) -> Locked<'_, State> {
        primitive::lock(&self.state)
    }
}

impl State {
    const fn new() -> State {
        State { notices: Notices::new(), is_kept: false, rounds: 0 }
    }

    fn tell_one(&mut self) -> Option<Waker> {
        let first = self.notices.tell_one();
        self.is_kept |= first.is_none();
        first
    }
}

/// The future of [`Notify::notified`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Notified, Notify};
///
/// let notify = Notify::new();
/// let notified: Notified<'_> = notify.notified();
/// notify.notify_waiters(); // reaches it, although it was not polled yet
/// notified.await;
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Notified<'a> {
    notify: &'a Notify,
    place: Place,
}

/// The future of [`Notify::notified_owned`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Arc, Notify, OwnedNotified};
///
/// let notify = Arc::new(Notify::new());
/// let notified: OwnedNotified = notify.clone().notified_owned();
/// notify.notify_one();
/// drop(notify); // the future has a reference of its own
/// notified.await;
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct OwnedNotified {
    notify: Arc<Notify>,
    place: Place,
}

/// Where one future stands.
struct Place {
    /// [`State::rounds`] when it was made.
    round: u64,
    /// While it is in line, or was notified and has not noticed.
    ticket: Option<Ticket>,
    is_over: bool,
}

impl Place {
    fn new(notify: &Notify) -> Place {
        Place { round: notify.lock().rounds, ticket: None, is_over: false }
    }

    fn poll(&mut self, notify: &Notify, waker: &Waker) -> Poll<()> {
        if self.is_over {
            return Poll::Ready(());
        }
        let waker = waker.clone();
        let mut state = notify.lock();
        let unused = match &self.ticket {
            None if state.rounds != self.round => Some(waker),
            None if state.is_kept => {
                state.is_kept = false;
                Some(waker)
            }
            Some(ticket) if state.notices.is_told(ticket) => {
                if let Some(ticket) = self.ticket.take() {
                    // Told, so there is no waker to drop, and the notice is used.
                    let _ = state.notices.leave(ticket);
                }
                Some(waker)
            }
            _ => {
                let replaced = state.notices.queue_up(&mut self.ticket, waker);
                drop(state);
                before_user_code();
                drop(replaced);
                return Poll::Pending;
            }
        };
        drop(state);
        before_user_code();
        drop(unused);
        self.is_over = true;
        Poll::Ready(())
    }

    fn give_up(&mut self, notify: &Notify) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut state = notify.lock();
        let notice = state.notices.leave(ticket);
        let next = if let Notice::One = notice { state.tell_one() } else { None };
        drop(state);
        before_user_code();
        drop(notice);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

impl Notified<'_> {
    /// Gets in line without waiting. True: there is a notification already, and the future is ready.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let notify = reference_runtime::sync::Notify::new();
    /// let mut first = std::pin::pin!(notify.notified());
    /// assert!(!first.as_mut().enable());
    /// notify.notify_one(); // for the first, which is in line
    /// assert!(futures::poll!(std::pin::pin!(notify.notified())).is_pending());
    /// first.await;
    /// # });
    /// ```
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let Notified { notify, place } = &mut *self;
        place.poll(notify, Waker::noop()).is_ready()
    }
}

impl OwnedNotified {
    /// As [`Notified::enable`].
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Arc, Notify};
    ///
    /// let notify = Arc::new(Notify::new());
    /// let mut notified = Box::pin(notify.clone().notified_owned());
    /// assert!(!notified.as_mut().enable());
    /// notify.notify_one();
    /// assert!(notified.as_mut().enable());
    /// # });
    /// ```
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let OwnedNotified { notify, place } = &mut *self;
        place.poll(notify, Waker::noop()).is_ready()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Notified { notify, place } = &mut *self;
        place.poll(notify, context.waker())
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let OwnedNotified { notify, place } = &mut *self;
        place.poll(notify, context.waker())
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        self.place.give_up(self.notify);
    }
}

impl Drop for OwnedNotified {
    fn drop(&mut self) {
        self.place.give_up(&self.notify);
    }
}

impl Default for Notify {
    fn default() -> Notify {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Notify").finish_non_exhaustive()
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Notified").finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnedNotified").finish_non_exhaustive()
    }
}
