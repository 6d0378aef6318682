//! hyper's background work as tasks.

use std::future::Future;

use crate::task;

/// Runs what hyper spawns, such as the streams of an HTTP/2 connection, as tasks of the current runtime.
///
/// That is the runtime of the task which polls the connection, or the one that the thread has entered, or the default
/// one: see [`task::spawn`].
///
/// ```
/// use hyper::rt::Executor as _;
/// use reference_runtime::hyper::Executor;
///
/// let (tell, told) = std::sync::mpsc::channel();
/// Executor.execute(async move { tell.send("ran") });
/// assert_eq!(told.recv(), Ok("ran"));
/// ```
///
/// # Panics
///
/// If the default runtime is needed and cannot be started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F> ::hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        task::spawn(future).detach();
    }
}
