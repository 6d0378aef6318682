//! Why a task has no output: [`JoinError`].

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
#[cfg(doc)]
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

use super::{Id, Task};

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
    /// In a box, so that a `Result` of an output and this is hardly larger than the output.
    details: Box<Details>,
}

struct Details {
    task: Task,
    /// Where the task was spawned.
    location: &'static Location<'static>,
    failure: Failure,
}

/// Why there is no output, as the task keeps it: what else a [`JoinError`] says is in the task's header.
pub(super) enum Failure {
    /// Aborted, or dropped with its runtime.
    Cancelled,
    /// In a box, to keep the outputs of tasks small.
    Panicked(Box<Panic>),
}

/// What a task panicked with. The lock is never contended; it makes of a payload that can only be sent to another
/// thread an error that can be shared by several, as [`io::Error`] wants it.
pub(super) struct Panic(Mutex<Box<dyn Any + Send>>);

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

impl Failure {
    pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Failure {
        Failure::Panicked(Box::new(Panic(Mutex::new(payload))))
    }
}

impl JoinError {
    #[cold]
    pub(super) fn new(failure: Failure, task: Task, location: &'static Location<'static>) -> JoinError {
        JoinError { details: Box::new(Details { task, location, failure }) }
    }

    /// The number of the task.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// reference_runtime::block_on(async {
    ///     let handle = task::spawn(async { if true { panic!() } });
    ///     let id = handle.id();
    ///     assert_eq!(handle.join().await.unwrap_err().id(), id);
    /// });
    /// ```
    pub fn id(&self) -> Id {
        self.details.task.id()
    }

    /// The number and the name of the task.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let handle = task::Builder::new().name("letters".to_string()).spawn(std::future::pending::<()>())?;
    /// handle.abort();
    /// let error = reference_runtime::block_on(handle.join()).unwrap_err();
    /// assert_eq!(error.task().name(), Some("letters"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn task(&self) -> &Task {
        &self.details.task
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
        matches!(self.details.failure, Failure::Cancelled)
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
        matches!(self.details.failure, Failure::Panicked(_))
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
        if self.is_cancelled() {
            return Err(self);
        }
        match self.details.failure {
            Failure::Panicked(panic) => Ok(panic.into_payload()),
            Failure::Cancelled => unreachable!("that was asked above"),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, spawned at {}, ", self.details.task, self.details.location)?;
        match &self.details.failure {
            Failure::Cancelled => f.write_str("was cancelled before it finished"),
            Failure::Panicked(panic) => match panic.message() {
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
