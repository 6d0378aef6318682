//! Waiting for a notification, but not for ever.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{Condvar, MutexGuard, Notice, Waiting};
use crate::primitive::before_user_code;
use crate::time;

/// Whether a wait on a [`Condvar`] ended because its time was over.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::{Condvar, Mutex, WaitTimeoutResult};
/// use std::time::Duration;
///
/// let (mutex, condvar) = (Mutex::new(()), Condvar::new());
/// let wait = condvar.wait_timeout(mutex.lock().await, Duration::from_millis(1));
/// let (_guard, result): (_, WaitTimeoutResult) = wait.await;
/// assert!(result.timed_out(), "nobody notifies");
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    /// let (_guard, result) = condvar.wait_timeout(mutex.lock().await, Duration::from_millis(1)).await;
    /// assert!(result.timed_out());
    /// # });
    /// ```
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// As [`wait`](Self::wait), for `duration` at most, counted from the first poll.
    ///
    /// The mutex is taken again in any case, and however long that takes. The timer is one of the thread's runtime, or of
    /// the default one.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(7), Condvar::new());
    /// let (guard, result) = condvar.wait_timeout(mutex.lock().await, Duration::from_millis(1)).await;
    /// assert_eq!((*guard, result.timed_out()), (7, true));
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`wait`](Self::wait). A notification that comes when the time is over goes to the next in line.
    pub async fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult) {
        let deadline = time::sleep(duration).deadline();
        self.wait_to(guard, deadline).await
    }

    /// As [`wait_until`](Self::wait_until), for `duration` at most, counted from the first poll.
    ///
    /// The result is a time-out only if `condition` is still false then.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(7), Condvar::new());
    /// let time = Duration::from_millis(1);
    /// let (guard, result) = condvar.wait_timeout_until(mutex.lock().await, time, |value| *value == 8).await;
    /// assert!(result.timed_out());
    /// let (_, result) = condvar.wait_timeout_until(guard, time, |value| *value == 7).await;
    /// assert!(!result.timed_out());
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`wait_timeout`](Self::wait_timeout).
    pub async fn wait_timeout_until<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult)
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        let deadline = time::sleep(duration).deadline();
        let mut result = WaitTimeoutResult(false);
        loop {
            if condition(&mut *guard) {
                return (guard, WaitTimeoutResult(false));
            }
            if result.timed_out() {
                return (guard, result);
            }
            (guard, result) = self.wait_to(guard, deadline).await;
        }
    }

    /// As [`wait_while`](Self::wait_while), for `duration` at most: std's form of
    /// [`wait_timeout_until`](Self::wait_timeout_until).
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(7), Condvar::new());
    /// let time = Duration::from_millis(1);
    /// let (_guard, result) = condvar.wait_timeout_while(mutex.lock().await, time, |value| *value == 7).await;
    /// assert!(result.timed_out());
    /// # });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As for [`wait_timeout`](Self::wait_timeout).
    pub async fn wait_timeout_while<'a, T, F>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult)
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        self.wait_timeout_until(guard, duration, |value| !condition(value)).await
    }

    async fn wait_to<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> (MutexGuard<'a, T>, WaitTimeoutResult) {
        let mutex = MutexGuard::source(&guard);
        let mut waiting = Waiting::new(self, guard);
        let mut sleep = time::sleep_until(deadline);
        let is_told = poll_fn(|context| match Pin::new(&mut waiting).poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => Pin::new(&mut sleep).poll(context).map(|()| false),
        })
        .await;
        let is_told = is_told || !waiting.give_up();
        let guard = mutex.lock().await;
        waiting.finish();
        (guard, WaitTimeoutResult(!is_told))
    }
}

impl<T: ?Sized> Waiting<'_, '_, T> {
    /// Gets out of line, so that notifications from now on go to others. False: there is one already, which it keeps.
    fn give_up(&mut self) -> bool {
        let mut notices = crate::primitive::lock(&self.condvar.notices);
        if self.ticket.as_ref().is_some_and(|ticket| notices.is_told(ticket)) {
            return false;
        }
        let notice = self.ticket.take().map(|ticket| notices.leave(ticket));
        drop(notices);
        before_user_code();
        // The waker.
        drop::<Option<Notice>>(notice);
        true
    }
}
