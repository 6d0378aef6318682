//! The public face of a task: [`JoinHandle`], which waits for its output.

use std::fmt;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::abort::AbortHandle;
use super::pointers::{JoinSide, TaskRef};
use super::{Id, JoinError, Task};

/// Waits for a spawned task, as [`std::thread::JoinHandle`] does for a thread.
///
/// Awaiting the handle gives the task's output. Dropping it detaches the task, which then runs on by itself.
///
/// ```
/// use reference_runtime::task;
///
/// reference_runtime::block_on(async {
///     let handle = task::spawn(async { 1 + 2 });
///     assert_eq!(handle.await, 3);
/// });
/// ```
///
/// # Panics
///
/// Awaiting the handle panics
///
/// - with the task's own panic, if it panicked;
/// - if the task was cancelled: by [`abort`](JoinHandle::abort), or because its runtime was shut down;
/// - if the output was taken before, that is when it is polled again after it was ready.
///
/// [`join`](JoinHandle::join) gives the first two as errors.
///
/// # Cancel safety
///
/// A handle may be awaited by reference, as `&mut handle`, beside other futures: when another one is ready first, the
/// task runs on and the handle can be awaited again.
pub struct JoinHandle<T> {
    side: JoinSide<T>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(side: JoinSide<T>) -> JoinHandle<T> {
        JoinHandle { side }
    }

    /// Waits for the task and gives a panic or a cancellation as an error.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(async { if true { panic!("out of luck") } });
    ///     let error = handle.join().await.unwrap_err();
    ///     assert!(error.is_panic());
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// A [`JoinError`] if the task panicked or was cancelled.
    ///
    /// # Panics
    ///
    /// If the output was taken before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future detaches the task.
    pub fn join(self) -> Join<T> {
        Join { handle: self }
    }

    /// Cancels the task: its future is dropped at its next `.await` that has to wait.
    ///
    /// A task that does not wait (or that blocks its thread) goes on until it does. One that finishes before it
    /// notices has finished: its output, or its panic, is what the handle gives. Aborting a finished task does
    /// nothing. To wait until the future is gone, use [`cancel`](JoinHandle::cancel).
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(std::future::pending::<()>());
    ///     handle.abort();
    ///     assert!(handle.join().await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn abort(&self) {
        self.side.task().abort();
    }

    /// Cancels the task and waits until its future is gone. Gives the output of a task that finished all the same.
    ///
    /// The task is asked to end at once, not when the returned future is first polled.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let waits = task::spawn(std::future::pending::<()>());
    ///     assert_eq!(waits.cancel().await, None);
    ///
    ///     let mut done = task::spawn(async { 1 + 2 });
    ///     while !done.is_finished() {
    ///         task::yield_now().await;
    ///     }
    ///     assert_eq!(done.cancel().await, Some(3));
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// The returned future panics with the task's own panic, if it panicked, and if the output was taken before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future takes nothing back: the task ends by itself.
    pub fn cancel(self) -> Cancel<T> {
        self.abort();
        Cancel { handle: self }
    }

    /// Another way to abort the task, which may be cloned and kept apart from the handle.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(std::future::pending::<()>());
    ///     let abort = handle.abort_handle();
    ///     task::spawn(async move { abort.abort() });
    ///     assert!(handle.join().await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(TaskRef::clone(&self.side.task()))
    }

    /// Whether the task has ended, in whatever way; if so, awaiting the handle does not wait.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut handle = task::spawn(async {});
    ///     (&mut handle).await;
    ///     assert!(handle.is_finished());
    /// });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.side.task().is_finished()
    }

    /// The task's number.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(async { task::current().id() });
    ///     let id = handle.id();
    ///     assert_eq!(handle.await, id);
    /// });
    /// ```
    pub fn id(&self) -> Id {
        self.side.task().id()
    }

    /// The task's number and its name.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let handle = task::Builder::new().name("letters".to_string()).spawn(async {})?;
    /// assert_eq!(handle.task().name(), Some("letters"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn task(&self) -> Task {
        Task::of(self.id())
    }

    /// Lets the task run on by itself; dropping the handle does the same, only less visibly.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     task::spawn(async { println!("on my own") }).detach();
    /// });
    /// ```
    pub fn detach(self) {
        drop(self);
    }

    /// The same as [`JoinHandle::join`], for who has the handle in a place of its own.
    pub(crate) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        assert!(!self.side.is_taken(), "a `JoinHandle` was polled again after it had given its output");
        ready!(self.side.poll_finished(cx.waker()));
        Poll::Ready(self.side.take_output())
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match ready!(self.poll_output(cx)) {
            Ok(output) => Poll::Ready(output),
            Err(error) => match error.try_into_panic() {
                Ok(payload) => resume_unwind(payload),
                Err(error) => panic!("{error}; `JoinHandle::join` gives this as an error instead of a panic"),
            },
        }
    }
}

// The task is reached through a pointer that nobody pins, and its output is moved out.
impl<T> Unpin for JoinHandle<T> {}

// A panic leaves no task in between: its own goes to the joiner, and ours do not happen.
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.side.task().location();
        f.debug_struct("JoinHandle")
            .field("task", &self.task())
            .field("location", &format_args!("{location}"))
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// The future that [`JoinHandle::join`] returns.
///
/// ```
/// use reference_runtime::task::{self, Join};
///
/// reference_runtime::block_on(async {
///     let join: Join<u32> = task::spawn(async { 7 }).join();
///     assert_eq!(join.await.ok(), Some(7));
/// });
/// ```
///
/// # Cancel safety
///
/// Dropping it detaches the task. Awaiting it by reference, as `&mut join`, loses nothing.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Join<T> {
    handle: JoinHandle<T>,
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.handle.poll_output(cx)
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("handle", &self.handle).finish()
    }
}

/// The future that [`JoinHandle::cancel`] returns.
///
/// ```
/// use reference_runtime::task::{self, Cancel};
///
/// reference_runtime::block_on(async {
///     let cancel: Cancel<()> = task::spawn(std::future::pending()).cancel();
///     assert_eq!(cancel.await, None);
/// });
/// ```
///
/// # Cancel safety
///
/// Dropping it takes nothing back. Awaiting it by reference, as `&mut cancel`, loses nothing.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Cancel<T> {
    handle: JoinHandle<T>,
}

impl<T> Future for Cancel<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let output = ready!(self.handle.poll_output(cx));
        let panic = output.map_err(JoinError::try_into_panic);
        Poll::Ready(match panic {
            Ok(output) => Some(output),
            Err(Ok(payload)) => resume_unwind(payload),
            Err(Err(_cancelled)) => None,
        })
    }
}

impl<T> fmt::Debug for Cancel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("handle", &self.handle).finish()
    }
}
