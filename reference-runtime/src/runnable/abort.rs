//! The right to end a task, apart from the right to its output.

use std::fmt;

use super::pointers::TaskRef;
use super::{Id, Task};

/// Aborts a task. It comes from [`JoinHandle::abort_handle`](super::JoinHandle::abort_handle), and may be cloned.
///
/// It keeps the task's memory, also when the task has finished, but not its future and not its output.
///
/// ```
/// use reference_runtime::task;
///
/// reference_runtime::block_on(async {
///     let handle = task::spawn(std::future::pending::<()>());
///     let abort: task::AbortHandle = handle.abort_handle();
///     abort.abort();
///     assert!(handle.join().await.unwrap_err().is_cancelled());
///     assert!(abort.is_finished());
/// });
/// ```
#[derive(Clone)]
pub struct AbortHandle {
    task: TaskRef,
}

impl AbortHandle {
    pub(super) fn new(task: TaskRef) -> AbortHandle {
        AbortHandle { task }
    }

    /// Cancels the task, as [`JoinHandle::abort`](super::JoinHandle::abort) does.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let handle = task::spawn(std::future::pending::<()>());
    /// handle.abort_handle().abort();
    /// assert!(task::block_on(handle.join()).is_err());
    /// ```
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Whether the task has ended, in whatever way.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let handle = task::spawn(async {});
    /// let abort = handle.abort_handle();
    /// task::block_on(handle);
    /// assert!(abort.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The task's number.
    ///
    /// ```
    /// let handle = reference_runtime::task::spawn(async {});
    /// assert_eq!(handle.abort_handle().id(), handle.id());
    /// ```
    pub fn id(&self) -> Id {
        self.task.id()
    }

    /// The task's number and its name.
    ///
    /// ```
    /// let handle = reference_runtime::task::spawn(async {});
    /// assert_eq!(handle.abort_handle().task(), handle.task());
    /// ```
    pub fn task(&self) -> Task {
        Task::of(self.id())
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("task", &self.task())
            .field("location", &format_args!("{}", self.task.location()))
            .field("is_finished", &self.is_finished())
            .finish()
    }
}
