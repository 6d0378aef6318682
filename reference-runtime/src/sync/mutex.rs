//! A lock whose guard may be held across an `.await`.
//!
//! Taking and giving up a mutex that nobody else wants are one atomic operation each, on the [`Word`]. Who finds it
//! taken leaves a waker in the [`Queue`], under an ordinary lock, and marks the word, so that the holder looks there.
//!
//! The invariant: while somebody waits, the word is marked *or* somebody is woken and has not come back *or* the mutex
//! was handed to somebody who has not come back. In the first case the holder will look into the queue when done, in
//! the others whoever comes back (or is dropped) marks the word again or wakes the next. So no wake-up is lost.
//!
//! At most one future is woken at a time. Waking hands nothing over: whoever comes first takes the mutex, which is
//! what makes a mutex fast that many tasks share, as the task that runs goes on. Handing over to the longest waiting
//! each time makes every unlock a switch of tasks. (tokio's mutex does.) Against starvation, a future that was woken
//! [`LOSSES`] times in vain does get the mutex handed over.

mod guard;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
mod word;

pub use guard::{MutexGuard, MutexGuardArc};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
// Std's even under loom, whose cannot be what a method is called on.
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

#[cfg(not(reference_runtime_loom))]
use super::wait_here;
#[cfg(doc)]
use super::waiters::LOSSES;
use super::waiters::{First, Left, Ticket, Waiters};
use crate::primitive::{self, UnsafeCell, before_user_code};
use word::Word;

/// A lock that only one task at a time holds; the others wait without blocking their threads.
///
/// The guard may be held across an `.await`. Where it is not, and is held for a few instructions only,
/// [`std::sync::Mutex`] does as well, also in a task.
///
/// ```
/// use std::sync::Arc;
///
/// use reference_runtime::{block_on, sync::Mutex, task};
///
/// block_on(async {
///     let log = Arc::new(Mutex::new(Vec::new()));
///     let writers: Vec<_> = (0..3)
///         .map(|number| {
///             let log = log.clone();
///             task::spawn(async move {
///                 let mut log = log.lock().await;
///                 log.push(number);
///                 task::yield_now().await; // nobody gets in between
///                 log.push(number);
///             })
///         })
///         .collect();
///     for writer in writers {
///         writer.await;
///     }
///     assert!(log.lock().await.chunks(2).all(|pair| pair[0] == pair[1]));
/// });
/// ```
///
/// # Fairness
///
/// Whoever comes while the mutex is free takes it, even if others wait: the task that runs goes on, and a switch of
/// tasks is not paid for every lock. Those who wait are woken in the order in which they came, one at a time. One that
/// was woken four times, and came too late each time, gets the mutex handed over by whoever gives it up next. So nobody
/// waits for ever, as long as guards are dropped and tasks that were woken are polled.
///
/// # Panics
///
/// A panic while a guard is held unlocks the mutex; there is no poisoning. The value is as the panic left it.
pub struct Mutex<T: ?Sized> {
    word: Word,
    queue: primitive::Mutex<Queue>,
    /// For whoever has taken the word.
    value: UnsafeCell<T>,
}

/// Who waits for the mutex.
struct Queue {
    /// At most one of them is woken.
    waiters: Waiters,
    /// The number of the ticket that the mutex was handed to: a woken one.
    handed_to: Option<u64>,
}

impl<T> Mutex<T> {
    /// A mutex that is free.
    ///
    /// ```
    /// use reference_runtime::sync::Mutex;
    ///
    /// static COUNT: Mutex<u64> = Mutex::new(0);
    /// # reference_runtime::block_on(async { *COUNT.lock().await += 1 });
    /// ```
    #[cfg(not(reference_runtime_loom))]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            word: Word::free(),
            queue: primitive::Mutex::new(Queue::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// A mutex that is free.
    #[cfg(reference_runtime_loom)]
    pub fn new(value: T) -> Mutex<T> {
        Mutex {
            word: Word::free(),
            queue: primitive::Mutex::new(Queue::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// The value.
    ///
    /// ```
    /// let mutex = reference_runtime::sync::Mutex::new(1);
    /// assert_eq!(mutex.into_inner(), 1);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the mutex is free, and takes it.
    ///
    /// A task that waits for a mutex that it holds itself waits for ever.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mutex = reference_runtime::sync::Mutex::new(1);
    /// *mutex.lock().await += 1;
    /// assert_eq!(*mutex.lock().await, 2);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses its place in line and nothing else: if it was about to get the mutex, the next
    /// one does.
    #[inline]
    pub fn lock(&self) -> Lock<'_, T> {
        Lock { mutex: self, ticket: None }
    }

    /// As [`Mutex::lock`], with a guard that borrows nothing.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mutex = std::sync::Arc::new(reference_runtime::sync::Mutex::new(1));
    /// let mut guard = mutex.lock_arc().await;
    /// reference_runtime::task::spawn(async move { *guard += 1 }).await;
    /// assert_eq!(*mutex.lock().await, 2);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`Mutex::lock`].
    pub fn lock_arc(self: &Arc<Self>) -> LockArc<T> {
        LockArc { mutex: Arc::clone(self), ticket: None }
    }

    /// As [`Mutex::lock`], for code that is not asynchronous: this thread waits.
    ///
    /// In a task the scheduler is told, as by [`block_in_place`](crate::task::block_in_place).
    ///
    /// ```
    /// let mutex = reference_runtime::sync::Mutex::new(1);
    /// *mutex.lock_blocking() += 1;
    /// assert_eq!(*mutex.lock_blocking(), 2);
    /// ```
    #[cfg(not(reference_runtime_loom))]
    pub fn lock_blocking(&self) -> MutexGuard<'_, T> {
        self.try_lock().unwrap_or_else(|| wait_here(self.lock()))
    }

    /// As [`Mutex::lock_blocking`], with a guard that borrows nothing.
    ///
    /// ```
    /// let mutex = std::sync::Arc::new(reference_runtime::sync::Mutex::new(1));
    /// let guard = mutex.lock_arc_blocking();
    /// std::thread::spawn(move || drop(guard)).join().unwrap();
    /// assert!(mutex.try_lock().is_some());
    /// ```
    #[cfg(not(reference_runtime_loom))]
    pub fn lock_arc_blocking(self: &Arc<Self>) -> MutexGuardArc<T> {
        self.try_lock_arc().unwrap_or_else(|| wait_here(self.lock_arc()))
    }

    /// Takes the mutex if it is free.
    ///
    /// ```
    /// let mutex = reference_runtime::sync::Mutex::new(1);
    /// let guard = mutex.try_lock();
    /// assert!(guard.is_some());
    /// assert!(mutex.try_lock().is_none());
    /// ```
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.word.try_lock().then(|| MutexGuard::of_the_holder(self))
    }

    /// As [`Mutex::try_lock`], with a guard that borrows nothing.
    ///
    /// ```
    /// let mutex = std::sync::Arc::new(reference_runtime::sync::Mutex::new(1));
    /// let guard = mutex.try_lock_arc();
    /// assert!(guard.is_some());
    /// assert!(mutex.try_lock_arc().is_none());
    /// ```
    pub fn try_lock_arc(self: &Arc<Self>) -> Option<MutexGuardArc<T>> {
        self.word.try_lock().then(|| MutexGuardArc::of_the_holder(Arc::clone(self)))
    }

    /// Whether the caller has taken the mutex; if not, `context` is woken when it is worth another try.
    #[inline]
    fn poll_lock(&self, ticket: &mut Option<Ticket>, context: &mut Context<'_>) -> bool {
        (ticket.is_none() && self.word.try_lock()) || self.lock_or_wait(ticket, context.waker())
    }

    #[cold]
    fn lock_or_wait(&self, ticket: &mut Option<Ticket>, waker: &Waker) -> bool {
        // Cloned, and what is not needed dropped, outside of the lock.
        let waker = waker.clone();
        let mut queue = primitive::lock(&self.queue);
        let (is_ours, unused) = queue.lock_or_wait(&self.word, ticket, waker);
        drop(queue);
        before_user_code();
        drop(unused);
        is_ours
    }

    /// To be called by the holder, who is none any more.
    #[inline]
    fn unlock(&self) {
        if !self.word.try_unlock() {
            self.pass_on();
        }
    }

    #[cold]
    fn pass_on(&self) {
        let first = primitive::lock(&self.queue).pass_on(&self.word);
        before_user_code();
        if let Some(first) = first {
            first.waker.wake();
        }
    }

    /// A future that has waited is dropped before it got the mutex.
    #[cold]
    fn give_up(&self, ticket: Ticket) {
        let mut queue = primitive::lock(&self.queue);
        let (unused, first) = queue.give_up(&self.word, ticket);
        drop(queue);
        before_user_code();
        drop(unused);
        if let Some(first) = first {
            first.waker.wake();
        }
    }
}

impl Queue {
    const fn new() -> Queue {
        Queue { waiters: Waiters::new(), handed_to: None }
    }

    /// Whether the caller has the mutex now, and the wakers that are not needed any more.
    fn lock_or_wait(
        &mut self,
        word: &Word,
        ticket: &mut Option<Ticket>,
        waker: Waker,
    ) -> (bool, [Option<Waker>; 2]) {
        if !self.take_handed_over(ticket.as_ref())
            && !word.lock_or_await(self.waiters.has_others(ticket.as_ref()))
        {
            return (false, [self.waiters.wait(ticket, waker), None]);
        }
        let left = ticket.take().map(|ticket| self.waiters.leave(ticket));
        (true, [Some(waker), left.and_then(Left::waker)])
    }

    /// The holder gives the mutex up, or hands it over. Returns whom to wake.
    fn pass_on(&mut self, word: &Word) -> Option<First> {
        if self.waiters.woken() > 0 {
            // It is on its way and will look after the others.
            word.release();
            return None;
        }
        let is_handed_over = self.waiters.has_the_first_lost();
        let first = self.waiters.wake_first();
        if is_handed_over {
            self.handed_to = first.as_ref().map(|first| first.number);
            word.hand_over(!self.waiters.is_empty());
        } else {
            word.release();
        }
        first
    }

    /// Returns the waker that is not needed any more, and whom to wake instead.
    fn give_up(&mut self, word: &Word, ticket: Ticket) -> (Option<Waker>, Option<First>) {
        let was_handed_over = self.take_handed_over(Some(&ticket));
        match self.waiters.leave(ticket) {
            Left::Waiting(waker) => (Some(waker), None),
            // It was on its way, and was to look after the others: they are woken as if it had got the mutex and given
            // it up at once.
            Left::Woken if was_handed_over => (None, self.pass_on(word)),
            Left::Woken if !self.waiters.is_empty() && word.lock_or_await(true) => (None, self.pass_on(word)),
            Left::Woken => (None, None),
        }
    }

    fn take_handed_over(&mut self, ticket: Option<&Ticket>) -> bool {
        let is_to_us = ticket.is_some_and(|ticket| self.handed_to.is_some_and(|number| ticket.is(number)));
        if is_to_us {
            self.handed_to = None;
        }
        is_to_us
    }
}

/// The future of [`Mutex::lock`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Lock, Mutex};
///
/// let mutex = Mutex::new(1);
/// let lock: Lock<'_, i32> = mutex.lock();
/// assert!(mutex.try_lock().is_some()); // it was not polled yet
/// *lock.await += 1;
/// assert_eq!(mutex.into_inner(), 2);
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Lock<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

/// The future of [`Mutex::lock_arc`].
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::{sync::{Arc, LockArc, Mutex}, task};
///
/// let mutex = Arc::new(Mutex::new(1));
/// let lock: LockArc<i32> = mutex.lock_arc();
/// task::spawn(async move { *lock.await += 1 }).await;
/// assert_eq!(*mutex.lock().await, 2);
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct LockArc<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
    /// Once it has waited.
    ticket: Option<Ticket>,
}

impl<'a, T: ?Sized> Future for Lock<'a, T> {
    type Output = MutexGuard<'a, T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let mutex = self.mutex;
        if mutex.poll_lock(&mut self.ticket, context) {
            Poll::Ready(MutexGuard::of_the_holder(mutex))
        } else {
            Poll::Pending
        }
    }
}

impl<T: ?Sized> Future for LockArc<T> {
    type Output = MutexGuardArc<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<MutexGuardArc<T>> {
        let LockArc { mutex, ticket } = &mut *self;
        if mutex.poll_lock(ticket, context) {
            Poll::Ready(MutexGuardArc::of_the_holder(Arc::clone(mutex)))
        } else {
            Poll::Pending
        }
    }
}

impl<T: ?Sized> Drop for Lock<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.mutex.give_up(ticket);
        }
    }
}

impl<T: ?Sized> Drop for LockArc<T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.mutex.give_up(ticket);
        }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Mutex");
        match self.try_lock() {
            Some(guard) => fields.field("value", &&*guard),
            None => fields.field("value", &format_args!("<locked>")),
        };
        fields.finish_non_exhaustive()
    }
}

impl<T: ?Sized> fmt::Debug for Lock<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lock").finish_non_exhaustive()
    }
}

impl<T: ?Sized> fmt::Debug for LockArc<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LockArc").finish_non_exhaustive()
    }
}
