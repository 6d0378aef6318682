//! The [`Builder`] of tasks with settings: so far, with a name.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::Arc;

use super::JoinHandle;
use super::local::spawn_local_named;
use crate::runtime::Handle;

/// Spawns a task with a name, as [`std::thread::Builder`] does a thread.
///
/// The name is part of reports and error messages, and [`current`](super::current()) tells it to the task itself. To
/// give one costs a spawn some 100 ns; a task without one pays nothing.
///
/// ```
/// use reference_runtime::task;
///
/// # fn main() -> std::io::Result<()> {
/// let handle = task::Builder::new()
///     .name("letters".to_string())
///     .spawn(async { task::current().name().map(String::from) })?;
/// assert_eq!(task::block_on(handle).as_deref(), Some("letters"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default, Clone)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// A builder without settings: what it spawns is what [`spawn`](super::spawn) spawns.
    ///
    /// ```
    /// let task = reference_runtime::task::Builder::new().spawn(async { 1 })?;
    /// assert_eq!(reference_runtime::block_on(task), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The name of the task. Several tasks may have the same.
    ///
    /// ```
    /// let task = reference_runtime::task::Builder::new().name("letters".to_string()).spawn(async {})?;
    /// assert_eq!(task.task().name(), Some("letters"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Spawns the task on the current runtime, or on the default one. See [`spawn`](super::spawn).
    ///
    /// ```
    /// let task = reference_runtime::task::Builder::new().name("sum".to_string()).spawn(async { 1 + 2 })?;
    /// assert_eq!(reference_runtime::block_on(task), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the default runtime is needed and cannot be started.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let location = Location::caller();
        Ok(match self.name {
            Some(name) => Handle::current_or_default()?.spawn_named(future, location, name.into()),
            None => Handle::current_or_default()?.spawn_located(future, location),
        })
    }

    /// Spawns the task on the runtime of `handle`.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let task = reference_runtime::task::Builder::new().spawn_on(async { 1 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None so far.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let location = Location::caller();
        Ok(match self.name {
            Some(name) => handle.spawn_named(future, location, name.into()),
            None => handle.spawn_located(future, location),
        })
    }

    /// Runs a blocking closure as a task. See [`spawn_blocking`](super::spawn_blocking).
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let name = || task::current().name().map(String::from);
    /// let task = task::Builder::new().name("scan".to_string()).spawn_blocking(name)?;
    /// assert_eq!(task::block_on(task).as_deref(), Some("scan"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the default runtime is needed and cannot be started.
    #[track_caller]
    pub fn spawn_blocking<F, T>(self, closure: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_blocking_on(closure, &Handle::current_or_default()?)
    }

    /// Runs a blocking closure as a task of the runtime of `handle`.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let task = reference_runtime::task::Builder::new().spawn_blocking_on(|| 1, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None so far.
    #[track_caller]
    pub fn spawn_blocking_on<F, T>(self, closure: F, handle: &Handle) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(match self.name {
            Some(name) => handle.spawn_blocking_named(closure, Location::caller(), name.into()),
            None => handle.spawn_blocking(closure),
        })
    }

    /// Spawns a task that stays on this thread. See [`spawn_local`](super::spawn_local()).
    ///
    /// ```
    /// use std::rc::Rc;
    /// use reference_runtime::task;
    ///
    /// let seven = task::block_on(async {
    ///     let builder = task::Builder::new().name("letters".to_string());
    ///     builder.spawn_local(async { Rc::new(7) }).unwrap().await
    /// });
    /// assert_eq!(*seven, 7);
    /// ```
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](super::spawn_local()).
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(spawn_local_named(future, Location::caller(), self.name.map(Arc::from)))
    }

    /// The same as [`Builder::spawn_local`], by the name it has in async-std.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let seven = task::block_on(async { task::Builder::new().local(async { 7 }).unwrap().await });
    /// assert_eq!(seven, 7);
    /// ```
    ///
    /// # Errors
    ///
    /// None so far.
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](super::spawn_local()).
    #[track_caller]
    pub fn local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_local(future)
    }

    /// Runs a future on this thread, as a task with this name. See [`block_on`](super::block_on).
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let builder = task::Builder::new().name("main".to_string());
    /// let name = builder.blocking(async { task::current().name().map(String::from) });
    /// assert_eq!(name.as_deref(), Some("main"));
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the future, or if the default runtime is needed and cannot be started.
    pub fn blocking<F: Future>(self, future: F) -> F::Output {
        let handle = Handle::current();
        match self.name {
            Some(name) => handle.block_on_named(future, Arc::from(name)),
            None => handle.block_on(future),
        }
    }
}
