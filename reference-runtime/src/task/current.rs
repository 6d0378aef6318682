//! Which task the caller is part of.

use super::{Id, Task};
use crate::runnable::current_id;

/// The task that the caller is part of.
///
/// What [`block_on`](super::block_on) runs is a task, too, with a number of its own. So is what runs in a
/// [`spawn_blocking`](super::spawn_blocking) closure.
///
/// ```
/// use reference_runtime::task;
///
/// task::block_on(async {
///     let handle = task::spawn(async { task::current() });
///     assert_eq!(handle.id(), handle.await.id());
/// });
/// ```
///
/// # Panics
///
/// Outside of a task; [`try_current`] gives `None` there.
#[track_caller]
pub fn current() -> Task {
    try_current().expect(
        "`task::current` was called outside of a task: call it within `block_on` or a spawned future, \
         or use `task::try_current`",
    )
}

/// The task that the caller is part of, if it is part of one.
///
/// ```
/// use reference_runtime::task;
///
/// assert_eq!(task::try_current(), None);
/// assert!(task::block_on(async { task::try_current().is_some() }));
/// ```
pub fn try_current() -> Option<Task> {
    current_id().map(Task::of)
}

/// The number of the task that the caller is part of: that of [`current`], without a look for its name.
///
/// ```
/// use reference_runtime::task;
///
/// let handle = task::spawn(async { task::id() });
/// let id = handle.id();
/// assert_eq!(task::block_on(handle), id);
/// ```
///
/// # Panics
///
/// Outside of a task; [`try_id`] gives `None` there.
#[track_caller]
pub fn id() -> Id {
    try_id().expect(
        "`task::id` was called outside of a task: call it within `block_on` or a spawned future, or use `task::try_id`",
    )
}

/// The number of the task that the caller is part of, if it is part of one.
///
/// ```
/// use reference_runtime::task;
///
/// assert_eq!(task::try_id(), None);
/// assert!(task::block_on(async { task::try_id().is_some() }));
/// ```
pub fn try_id() -> Option<Id> {
    current_id()
}
