//! Waiting until what a mutex guards has changed.
//!
//! No notification is lost between the look at the value and the wait: a future gets in line *before* it gives the
//! mutex up. Whoever changes the value does so with the mutex, so after that, and notifies later still; then the future
//! is in line.
//!
//! Nor is one lost that goes to a future which is dropped. It keeps its [`Ticket`] until it has the mutex again, and
//! until then passes the notification on to the next in line when it is dropped.

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
#[cfg(not(reference_runtime_loom))]
mod timeout;

#[cfg(not(reference_runtime_loom))]
pub use timeout::WaitTimeoutResult;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::notices::{Notice, Notices};
use super::waiters::Ticket;
use super::{MutexGuard, wake_all};
use crate::primitive::{self, before_user_code};

/// Tasks wait here until what a [`Mutex`](super::Mutex) guards has changed.
///
/// ```
/// use reference_runtime::sync::{Arc, Condvar, Mutex};
/// use reference_runtime::{block_on, task};
///
/// block_on(async {
///     let pair = Arc::new((Mutex::new(false), Condvar::new()));
///     let other = pair.clone();
///     task::spawn(async move {
///         *other.0.lock().await = true;
///         other.1.notify_one();
///     });
///     let (is_ready, condvar) = &*pair;
///     let guard = condvar.wait_until(is_ready.lock().await, |is_ready| *is_ready).await;
///     assert!(*guard);
/// });
/// ```
///
/// # Fairness
///
/// Who waits is notified in the order in which it came. Whether it then is the first to get the mutex is up to the mutex.
pub struct Condvar {
    notices: primitive::Mutex<Notices>,
}

impl Condvar {
    /// A condition variable that nobody waits for.
    ///
    /// ```
    /// use reference_runtime::sync::Condvar;
    ///
    /// static CHANGED: Condvar = Condvar::new();
    /// CHANGED.notify_all(); // nobody waits
    /// ```
    #[cfg(not(reference_runtime_loom))]
    pub const fn new() -> Condvar {
        Condvar { notices: primitive::Mutex::new(Notices::new()) }
    }

    /// A condition variable that nobody waits for.
    #[cfg(reference_runtime_loom)]
    pub fn new() -> Condvar {
        Condvar { notices: primitive::Mutex::new(Notices::new()) }
    }

    /// Gives the mutex up, waits for a notification, and takes the mutex again.
    ///
    /// Others may have taken the mutex between the notification and that, so look at the value again, in a loop;
    /// [`wait_until`](Self::wait_until) is that loop.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{sync::{Arc, Condvar, Mutex}, task};
    ///
    /// let pair = Arc::new((Mutex::new(0), Condvar::new()));
    /// let other = pair.clone();
    /// task::spawn(async move {
    ///     *other.0.lock().await += 1;
    ///     other.1.notify_one();
    /// });
    /// let mut guard = pair.0.lock().await;
    /// while *guard == 0 {
    ///     guard = pair.1.wait(guard).await;
    /// }
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped passes a notification that it got on to the next in line, as long as it had not
    /// finished. The guard is gone: dropped before the first poll, it gives the mutex up as any guard does.
    pub async fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let mutex = MutexGuard::source(&guard);
        let mut waiting = Waiting::new(self, guard);
        (&mut waiting).await;
        let guard = mutex.lock().await;
        waiting.finish();
        guard
    }

    /// Waits until `condition` is true of the value; at once if it is true already.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    ///
    /// let (mutex, condvar) = (Mutex::new(vec![1]), Condvar::new());
    /// let queue = condvar.wait_until(mutex.lock().await, |queue| !queue.is_empty()).await;
    /// assert_eq!(*queue, [1]);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`wait`](Self::wait).
    pub async fn wait_until<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> MutexGuard<'a, T>
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        while !condition(&mut *guard) {
            guard = self.wait(guard).await;
        }
        guard
    }

    /// Waits while `condition` is true of the value: std's form of [`wait_until`](Self::wait_until).
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    ///
    /// let (mutex, condvar) = (Mutex::new(vec![1]), Condvar::new());
    /// let queue = condvar.wait_while(mutex.lock().await, |queue| queue.is_empty()).await;
    /// assert_eq!(*queue, [1]);
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`wait`](Self::wait).
    pub async fn wait_while<'a, T, F>(&self, guard: MutexGuard<'a, T>, mut condition: F) -> MutexGuard<'a, T>
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        self.wait_until(guard, |value| !condition(value)).await
    }

    /// Notifies the one that has waited longest, if any. It is not remembered for those who come later.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{sync::{Arc, Condvar, Mutex}, task};
    ///
    /// let pair = Arc::new((Mutex::new(None), Condvar::new()));
    /// let other = pair.clone();
    /// let task = task::spawn(async move {
    ///     let guard = other.1.wait_until(other.0.lock().await, |value| value.is_some()).await;
    ///     *guard
    /// });
    /// *pair.0.lock().await = Some(7);
    /// pair.1.notify_one();
    /// assert_eq!(task.await, Some(7));
    /// # });
    /// ```
    pub fn notify_one(&self) {
        let first = primitive::lock(&self.notices).tell_one();
        before_user_code();
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// Notifies all who wait.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{sync::{Arc, Condvar, Mutex}, task};
    ///
    /// let pair = Arc::new((Mutex::new(false), Condvar::new()));
    /// let waiting: Vec<_> = (0..3)
    ///     .map(|_| {
    ///         let pair = pair.clone();
    ///         task::spawn(async move {
    ///             pair.1.wait_until(pair.0.lock().await, |is_open| *is_open).await;
    ///         })
    ///     })
    ///     .collect();
    /// *pair.0.lock().await = true;
    /// pair.1.notify_all();
    /// for task in waiting {
    ///     task.await;
    /// }
    /// # });
    /// ```
    pub fn notify_all(&self) {
        let all = primitive::lock(&self.notices).tell_all();
        wake_all(all);
    }
}

/// Waits for a notification, and holds on to it.
struct Waiting<'a, 'b, T: ?Sized> {
    condvar: &'a Condvar,
    /// Until it is in line.
    guard: Option<MutexGuard<'b, T>>,
    /// From when it is in line until the mutex is its own again.
    ticket: Option<Ticket>,
}

impl<'a, 'b, T: ?Sized> Waiting<'a, 'b, T> {
    fn new(condvar: &'a Condvar, guard: MutexGuard<'b, T>) -> Self {
        Waiting { condvar, guard: Some(guard), ticket: None }
    }

    /// It has the mutex again: what it was notified of is its to deal with.
    fn finish(mut self) {
        self.leave();
    }

    fn leave(&mut self) -> Option<Notice> {
        let ticket = self.ticket.take()?;
        Some(primitive::lock(&self.condvar.notices).leave(ticket))
    }
}

impl<T: ?Sized> Future for Waiting<'_, '_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Waiting { condvar, guard, ticket } = &mut *self;
        let waker = context.waker().clone();
        let mut notices = primitive::lock(&condvar.notices);
        let (is_told, unused) = match ticket {
            Some(told) if notices.is_told(told) => (true, Some(waker)),
            _ => (false, notices.queue_up(ticket, waker)),
        };
        drop(notices);
        before_user_code();
        drop(unused);
        // In line by now, so the mutex can go.
        *guard = None;
        if is_told { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<T: ?Sized> Drop for Waiting<'_, '_, T> {
    fn drop(&mut self) {
        let notice = self.leave();
        before_user_code();
        if let Some(Notice::One) = notice {
            self.condvar.notify_one();
        }
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Condvar").finish_non_exhaustive()
    }
}
