//! Spawning tasks that stay on this thread.

use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::{JoinHandle, LocalSet};
use crate::local::{Blocking, LocalTasks, entered};
use crate::runtime::Runtime;
use crate::scheduler::worker;

/// Spawns a task that stays on this thread, so that its future may hold what cannot be sent to another.
///
/// It runs in turn with the future of [`block_on`](super::block_on()), if that is what runs here: on any thread, also
/// in a `block_on` inside of a task. Within [`LocalSet::run_until`](super::LocalSet::run_until) it runs in that set. On
/// a thread of the program's own it may be called outside of both, and the task then runs in the next `block_on` of
/// this thread.
///
/// A task that has not finished when `block_on` returns goes on in the next `block_on` of this thread, and is
/// cancelled when the thread ends. On a thread of a runtime it is cancelled when the outermost `block_on` returns. Await
/// the handle, or use a [`LocalSet`], to be sure that a task comes to its end.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use reference_runtime::task;
///
/// task::block_on(async {
///     let log = Rc::new(RefCell::new(Vec::new()));
///     let task = task::spawn_local({
///         let log = Rc::clone(&log);
///         async move { log.borrow_mut().push("from a local task") }
///     });
///     task.await;
///     assert_eq!(*log.borrow(), ["from a local task"]);
/// });
/// ```
///
/// # Panics
///
/// In a task that may move to another thread, that is on a thread of a runtime outside of `block_on` and of
/// `LocalSet::run_until`; and at the very end of a thread, when its thread-locals are gone.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    current_tasks().spawn(future, Location::caller(), None)
}

/// As [`spawn_local`], under a name.
pub(super) fn spawn_local_named<F>(
    future: F,
    location: &'static Location<'static>,
    name: Option<Arc<str>>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    current_tasks().spawn(future, location, name)
}

/// Where a local task goes that is spawned here.
#[track_caller]
fn current_tasks() -> Rc<LocalTasks> {
    if let Some(entered) = entered() {
        return entered;
    }
    if !Blocking::is_any() && worker::with_current(|_| ()).is_some() {
        panic!(
            "`spawn_local` was called in a task that may move to another thread, where nothing runs local tasks: call \
             it within `block_on` or `LocalSet::run_until`, or use `task::spawn`"
        );
    }
    LocalTasks::of_this_thread()
        .expect("`spawn_local` was called when the thread-locals of its thread were gone")
}

impl LocalSet {
    /// [`LocalSet::run_until`] on this thread, in a [`block_on`](crate::Runtime::block_on) of `runtime`.
    ///
    /// ```
    /// use reference_runtime::{Runtime, task::{self, LocalSet}};
    ///
    /// let runtime = Runtime::new()?;
    /// let set = LocalSet::new();
    /// let seven = set.block_on(&runtime, async { task::spawn_local(async { 7 }).await });
    /// assert_eq!(seven, 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the future.
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }
}
