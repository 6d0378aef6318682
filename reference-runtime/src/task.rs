//! Tasks: futures that run beside each other, without a thread for each.
//!
//! [`spawn`] hands a future to the runtime and gives a [`JoinHandle`] for its output. Code that blocks may simply be
//! called in a task: the scheduler notices, and only that task waits. Where you know beforehand that a call will
//! block for long, [`spawn_blocking`] and [`block_in_place`] save the scheduler the time to find out.
//!
//! ```
//! use reference_runtime::{block_on, task};
//!
//! block_on(async {
//!     let squares: Vec<_> = (1..=3).map(|n| task::spawn(async move { n * n })).collect();
//!     let mut sum = 0;
//!     for square in squares {
//!         sum += square.await;
//!     }
//!     assert_eq!(sum, 14);
//! });
//! ```

mod builder;
mod current;
mod join_set;
mod local;
mod local_key;
mod scope;

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

pub use std::task::{Context, Poll, Waker, ready};

pub use self::builder::Builder;
pub use self::current::{current, id, try_current, try_id};
pub use self::join_set::JoinSet;
pub use self::local::spawn_local;
#[doc(hidden)]
pub use self::local_key::Slot;
pub use self::local_key::{AccessError, LocalKey};
pub use self::scope::TaskLocalFuture;
pub use crate::local::{LocalEnterGuard, LocalSet};
pub use crate::runnable::{AbortHandle, Cancel, Id, Join, JoinError, JoinHandle, Task};
pub use crate::runtime::block_on;
pub use crate::task_local;
pub use crate::time::sleep;

use crate::runtime::Handle;
use crate::scheduler;

/// Spawns a task on the current runtime, or on the default one.
///
/// The task runs whether or not the handle is awaited; dropping the handle detaches it. A panic in the task ends the
/// task and resumes where the handle is awaited.
///
/// ```
/// # reference_runtime::block_on(async {
/// let task = reference_runtime::task::spawn(async { 1 + 2 });
/// assert_eq!(task.await, 3);
/// # });
/// ```
///
/// # Panics
///
/// If the default runtime is needed and cannot be started.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Handle::spawn_on_current(future, Location::caller())
}

/// Runs a blocking closure on a thread of the runtime that polls no other task meanwhile.
///
/// At most [`max_threads`](crate::Builder::max_threads), less the workers and a few kept back for surprises, run at
/// once; others wait in line. A closure that has begun cannot be aborted.
///
/// ```
/// # reference_runtime::block_on(async {
/// let manifest = reference_runtime::task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
/// assert!(manifest.await.unwrap().contains("[package]"));
/// # });
/// ```
///
/// # Panics
///
/// If the default runtime is needed and cannot be started. A panic in the closure resumes where the handle is awaited.
#[track_caller]
pub fn spawn_blocking<F, T>(closure: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Handle::current().spawn_blocking(closure)
}

/// Runs a blocking closure right here, and lets another thread take over this worker's processor if it is needed.
///
/// The closure may borrow, and costs no hop to another thread: around a call that turns out short it costs some
/// nanoseconds. Other futures of the same task (the other branches of a `join!`) wait until it is done. Outside of a
/// task the closure simply runs.
///
/// ```
/// # reference_runtime::block_on(async {
/// let name = String::from("Cargo.toml");
/// let manifest = reference_runtime::task::block_in_place(|| std::fs::read_to_string(&name));
/// assert!(manifest.unwrap().contains("[package]"));
/// # });
/// ```
///
/// # Panics
///
/// With the panic of the closure.
pub fn block_in_place<F, R>(closure: F) -> R
where
    F: FnOnce() -> R,
{
    scheduler::block_in_place(closure)
}

/// Lets the other tasks that are ready run first: the current task goes to the back of the queue.
///
/// ```
/// # reference_runtime::block_on(async {
/// for step in 0..1000 {
///     // … a step of a long computation …
///     if step % 100 == 0 {
///         reference_runtime::task::yield_now().await;
///     }
/// }
/// # });
/// ```
///
/// # Cancel safety
///
/// Nothing is lost if it is dropped.
pub fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

/// The future of [`yield_now`].
///
/// ```
/// # reference_runtime::block_on(async {
/// let turn: reference_runtime::task::YieldNow = reference_runtime::task::yield_now();
/// turn.await;
/// # });
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.has_yielded {
            return Poll::Ready(());
        }
        self.has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
