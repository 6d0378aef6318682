//! Chapter 3, exercise `join-handle`: the two ends of a task.
//!
//! Write [`joinable`] and [`JoinHandle`]. The one end runs on some executor and ends with `()`; the other one is awaited
//! by somebody, or by nobody. No executor is needed here: the cases poll both ends by hand.
//!
//! Grade it with `cargo test -p join-handle`.

use std::{
    any::Any,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

/// The end that an executor runs. It knows nothing of outputs, so tasks of all kinds fit in one queue.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why there is no output.
#[derive(Debug)]
pub enum JoinError {
    /// The future panicked, in a poll or in its destructor, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// The task was dropped before it was done, as at a shutdown.
    Cancelled,
}

/// Splits `future` into a task and the handle of its output. It promises that
///
/// - the task is ready when the future is, and never panics: a panic goes to the handle,
/// - the handle gives the output, or says why there is none, and calls the waker of its last poll for it,
/// - the future is dropped before the handle is told,
/// - a handle that is dropped leaves its task running, and
/// - an output that nobody can ask for any more is dropped at once.
pub fn joinable<F>(future: F) -> (Task, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let _ = &future;
    todo!("two ends that share a place for the output")
}

/// What a task gives when it is done, once.
pub struct JoinHandle<T>(PhantomData<T>);

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let _ = cx;
        todo!("the output, or a promise to wake the waker of this poll")
    }
}
