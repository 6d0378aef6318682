//! The finished runtime: a scheduler with its reactor, its builder and its handles.
//!
//! *Entering* a runtime makes it the current one of a thread: `spawn`, sockets and timers belong to it. Its own
//! threads have entered it; [`Runtime::block_on`] and [`Handle::enter`] do so for others. A thread that has entered
//! none gets the default runtime, which starts on first use.

mod builder;
mod handle;
mod metrics;
mod observe;
mod spawn;
mod table;

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use self::builder::Builder;
pub use self::handle::{Entered, Handle, TryCurrentError};
pub use self::metrics::Metrics;
pub use crate::scheduler::histogram::Histogram;
pub use crate::scheduler::report::{BlockedPoll, Verdict};
pub use crate::scheduler::returned::ReturnedPoll;
pub use crate::scheduler::system_call::SystemCall;

use crate::primitive::Arc;
use crate::reactor::Reactor;
use crate::runnable::{JoinHandle, Task};
use crate::trace;

/// An async runtime of its own, for programs that want more than the default one.
///
/// Most programs need none: [`task::spawn`](crate::task::spawn), [`time`](crate::time) and [`net`](crate::net) work on
/// any thread, on a default runtime that starts on first use.
///
/// Dropping a runtime cancels every task that waits, waits for polls and `spawn_blocking` closures that run, without
/// limit, and ends its threads. [`Runtime::shutdown_timeout`] sets a limit. A drop inside one of its own tasks does
/// not wait.
///
/// ```
/// let runtime = reference_runtime::Runtime::new()?;
/// let answer = runtime.block_on(async {
///     reference_runtime::task::spawn(async { 6 * 7 }).await
/// });
/// assert_eq!(answer, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Runtime {
    handle: Handle,
    /// Whether a drop has nothing left to do.
    is_shut_down: bool,
}

impl Runtime {
    /// Starts a runtime with the defaults of [`Builder`].
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// assert_eq!(runtime.block_on(async { 42 }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new() -> io::Result<Self> {
        Builder::new().build()
    }

    /// The same as [`Builder::new`].
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(1).build()?;
    /// assert_eq!(runtime.metrics().workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A handle to this runtime, which may be cloned and sent to other threads, and does not keep it running.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let thread = std::thread::spawn(move || handle.block_on(async { "from another thread" }));
    /// assert_eq!(thread.join().unwrap(), "from another thread");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs a future on this thread, while the runtime's threads run what it spawns. See [`Handle::block_on`].
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// assert_eq!(runtime.block_on(async { 1 + 1 }), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the future.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Spawns a task. See [`task::spawn`](crate::task::spawn).
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let task = runtime.spawn(async { 42 });
    /// assert_eq!(runtime.block_on(task), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a blocking closure on a thread of its own. See [`task::spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let sum = runtime.spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(runtime.block_on(sum), 55);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle.spawn_blocking(closure)
    }

    /// Makes this the current runtime of the thread until the guard is dropped. See [`Handle::enter`].
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let _entered = runtime.enter();
    /// reference_runtime::task::spawn(async { /* runs on `runtime` */ });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> Entered {
        self.handle.enter()
    }

    /// What the scheduler has counted so far.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::builder().worker_threads(2).build()?;
    /// assert_eq!(runtime.metrics().workers(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn metrics(&self) -> Metrics {
        self.handle.metrics()
    }

    /// Ends the runtime as a drop does, but waits no longer than `timeout` for what runs.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = reference_runtime::Runtime::new()?;
    /// runtime.spawn(std::future::pending::<()>());
    /// // A task that waits holds nothing up.
    /// runtime.shutdown_timeout(Duration::from_secs(10)).expect("nothing is stuck");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Stuck`] names the tasks whose polls have not come back. Their threads end when they do.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Result<(), Stuck> {
        self.is_shut_down = true;
        if self.close(Some(timeout)) {
            return Ok(());
        }
        let (tasks, spawned_at) = self.handle.scheduler.stuck().into_iter().unzip();
        Err(Stuck { tasks, spawned_at })
    }

    /// Ends the runtime as a drop does, but waits for nothing.
    ///
    /// ```
    /// let runtime = reference_runtime::Runtime::new()?;
    /// runtime.spawn_blocking(|| std::thread::sleep(std::time::Duration::from_millis(50)));
    /// runtime.shutdown_background();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(mut self) {
        self.is_shut_down = true;
        self.close(Some(Duration::ZERO));
    }

    fn close(&self, timeout: Option<Duration>) -> bool {
        let all_ended = self.handle.scheduler.close(timeout);
        trace::runtime_ends();
        all_ended
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.is_shut_down {
            return;
        }
        self.close(None);
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("metrics", &self.metrics()).finish()
    }
}

/// Some tasks were still in a poll when the time of [`Runtime::shutdown_timeout`] was up.
///
/// ```
/// use std::time::Duration;
/// let runtime = reference_runtime::Runtime::new()?;
/// let (started, has_started) = std::sync::mpsc::channel();
/// let (end, ends) = std::sync::mpsc::channel::<()>();
/// runtime.spawn(async move {
///     started.send(()).unwrap();
///     ends.recv() // blocks its thread
/// });
/// has_started.recv().unwrap();
/// let stuck: reference_runtime::Stuck = runtime.shutdown_timeout(Duration::from_millis(10)).unwrap_err();
/// assert!(stuck.to_string().contains("1 of its tasks"));
/// # drop(end);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stuck {
    /// Both in the same order.
    tasks: Vec<Task>,
    spawned_at: Vec<&'static Location<'static>>,
}

impl Stuck {
    /// Where those tasks were spawned.
    ///
    /// ```
    /// use std::time::Duration;
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let (started, has_started) = std::sync::mpsc::channel();
    /// let (end, ends) = std::sync::mpsc::channel::<()>();
    /// runtime.spawn(async move {
    ///     started.send(()).unwrap();
    ///     ends.recv() // blocks its thread
    /// });
    /// has_started.recv().unwrap();
    /// let stuck = runtime.shutdown_timeout(Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(stuck.spawned_at().len(), 1);
    /// # drop(end);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawned_at(&self) -> &[&'static Location<'static>] {
        &self.spawned_at
    }

    /// Which tasks they are, in the order of [`Stuck::spawned_at`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let runtime = reference_runtime::Runtime::new()?;
    /// let (started, has_started) = std::sync::mpsc::channel();
    /// let (end, ends) = std::sync::mpsc::channel::<()>();
    /// let task = runtime.spawn(async move {
    ///     started.send(()).unwrap();
    ///     ends.recv() // blocks its thread
    /// });
    /// has_started.recv().unwrap();
    /// let stuck = runtime.shutdown_timeout(Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(stuck.tasks(), [task.task()]);
    /// # drop(end);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the runtime was shut down while {} of its tasks did not come back from a poll",
            self.spawned_at.len()
        )?;
        for (index, (task, location)) in self.tasks.iter().zip(&self.spawned_at).enumerate() {
            write!(f, "{}{task}, spawned at {location}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Stuck {}

/// Runs a future on this thread, on the current runtime or the default one. See [`Handle::block_on`].
///
/// ```
/// let five = reference_runtime::block_on(async { 2 + 3 });
/// assert_eq!(five, 5);
/// ```
///
/// # Panics
///
/// With the panic of the future, or if the default runtime cannot be started.
pub fn block_on<F: Future>(future: F) -> F::Output {
    Handle::current().block_on(future)
}

/// The reactor that a socket or timer made on this thread belongs to.
pub(crate) fn reactor() -> Arc<Reactor> {
    // One that was closed while its last tasks were still running waits for nothing any more.
    let current = Reactor::current().filter(|reactor| !reactor.is_closed());
    current.unwrap_or_else(|| Arc::clone(&default_runtime().handle.scheduler.reactor))
}

/// The runtime of threads that have entered none. It lives as long as the process.
fn default_runtime() -> &'static Runtime {
    match try_default_runtime() {
        Ok(runtime) => runtime,
        Err(error) => panic!("the default runtime cannot be started: {error}"),
    }
}

/// The same; a start that failed is tried again by whoever asks next.
fn try_default_runtime() -> io::Result<&'static Runtime> {
    static DEFAULT: OnceLock<Runtime> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = DEFAULT.get() {
        return Ok(runtime);
    }
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if DEFAULT.get().is_none() {
        let runtime = Runtime::new()?;
        DEFAULT.set(runtime).unwrap_or_else(|_| unreachable!("it is set by who holds the lock"));
    }
    Ok(DEFAULT.get().expect("it was there, or was just set"))
}
