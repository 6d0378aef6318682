//! The public face of a task: [`JoinHandle`], which waits for its output, and [`JoinError`], why there is none.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use super::pointers::JoinSide;

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
    /// `None` once the output has been taken.
    side: Option<JoinSide<T>>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(side: JoinSide<T>) -> JoinHandle<T> {
        JoinHandle { side: Some(side) }
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
    /// nothing.
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
        if let Some(side) = &self.side {
            side.task().abort();
        }
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
        match &self.side {
            Some(side) => side.task().is_finished(),
            None => true,
        }
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

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let side = self.side.as_mut().expect("a `JoinHandle` was polled again after it had given its output");
        ready!(side.poll_finished(cx.waker()));
        let side = self.side.take().expect("it was there a moment ago");
        Poll::Ready(side.take_output())
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match ready!(self.poll_output(cx)) {
            Ok(output) => Poll::Ready(output),
            Err(JoinError { panic: Some(panic), .. }) => resume_unwind(panic.into_payload()),
            Err(error) => panic!("{error}; `JoinHandle::join` gives this as an error instead of a panic"),
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
        let mut debug = f.debug_struct("JoinHandle");
        if let Some(side) = &self.side {
            debug.field("location", &format_args!("{}", side.task().location()));
        }
        debug.field("is_finished", &self.is_finished()).finish()
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

/// Why a task has no output: it panicked, or it was cancelled.
///
/// ```
/// use reference_runtime::task;
///
/// reference_runtime::block_on(async {
///     let handle = task::spawn(async { if true { panic!("out of luck") } });
///     let error = handle.join().await.unwrap_err();
///     assert!(error.to_string().ends_with("panicked: out of luck"));
/// });
/// ```
pub struct JoinError {
    /// Where the task was spawned.
    location: &'static Location<'static>,
    /// `None`: it was cancelled. In a box, to keep the outputs of tasks small.
    panic: Option<Box<Panic>>,
}

/// What a task panicked with. The lock is never contended; it makes of a payload that can only be sent to another
/// thread an error that can be shared by several, as [`io::Error`] wants it.
struct Panic(Mutex<Box<dyn Any + Send>>);

impl Panic {
    fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `panic!` was given, if it was a text.
    fn message(&self) -> Option<String> {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
        text.or_else(|| payload.downcast_ref::<String>().cloned())
    }
}

impl JoinError {
    pub(super) fn cancelled(location: &'static Location<'static>) -> JoinError {
        JoinError { location, panic: None }
    }

    pub(super) fn panic(location: &'static Location<'static>, payload: Box<dyn Any + Send>) -> JoinError {
        JoinError { location, panic: Some(Box::new(Panic(Mutex::new(payload)))) }
    }

    /// Whether the task was cancelled: aborted, or dropped with its runtime.
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
    pub fn is_cancelled(&self) -> bool {
        self.panic.is_none()
    }

    /// Whether the task panicked.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(async { if true { panic!() } });
    ///     assert!(handle.join().await.unwrap_err().is_panic());
    /// });
    /// ```
    pub fn is_panic(&self) -> bool {
        self.panic.is_some()
    }

    /// What the task panicked with, for [`resume_unwind`] or for a look at it.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(async { if true { panic!("out of luck") } });
    ///     let payload = handle.join().await.unwrap_err().into_panic();
    ///     assert_eq!(payload.downcast_ref(), Some(&"out of luck"));
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the task was cancelled; [`is_panic`](JoinError::is_panic) tells.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(error) => panic!("{error}, so it has no panic to give; ask `is_panic` first"),
        }
    }

    /// What the task panicked with, or the error itself if the task was cancelled.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(std::future::pending::<()>());
    ///     handle.abort();
    ///     let error = handle.join().await.unwrap_err();
    ///     assert!(error.try_into_panic().unwrap_err().is_cancelled());
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// The error itself, if the task was cancelled.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.panic {
            Some(panic) => Ok(panic.into_payload()),
            None => Err(self),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the task spawned at {} ", self.location)?;
        match &self.panic {
            None => f.write_str("was cancelled before it finished"),
            Some(panic) => match panic.message() {
                Some(message) => write!(f, "panicked: {message}"),
                None => f.write_str("panicked"),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {}

/// For functions that return [`io::Result`]; the kind is [`io::ErrorKind::Other`].
impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}
