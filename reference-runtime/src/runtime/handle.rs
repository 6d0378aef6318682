//! Handles: how a thread reaches a runtime.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::{Metrics, default_runtime, try_default_runtime};
use crate::block_on;
use crate::local::{Blocking, InTurn};
use crate::primitive::Arc;
use crate::reactor;
use crate::runnable::{Current, Id, JoinHandle, Name};
use crate::scheduler::{self, BLOCKING, NO_TAG, Scheduler, worker};

/// A way to a runtime, for other threads and for libraries. Cheap to clone.
///
/// A handle does not keep the runtime running: once the [`Runtime`](crate::Runtime) is dropped, tasks spawned through
/// its handles are cancelled at once.
///
/// ```
/// let runtime = reference_runtime::Runtime::new()?;
/// let handle = runtime.handle().clone();
/// let task = std::thread::spawn(move || handle.spawn(async { 5 })).join().unwrap();
/// assert_eq!(runtime.block_on(task), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    pub(super) scheduler: Arc<Scheduler>,
}

thread_local! {
    /// Counted apart from the scheduler's own count, which all threads share.
    static ENTERED: RefCell<Option<Rc<Handle>>> = const { RefCell::new(None) };
}

impl Handle {
    /// The runtime that this thread has entered or works for, else the default one, started if need be.
    ///
    /// ```
    /// let handle = reference_runtime::Handle::current();
    /// assert_eq!(handle.block_on(async { 7 }), 7);
    /// ```
    ///
    /// # Panics
    ///
    /// If the default runtime cannot be started.
    pub fn current() -> Handle {
        Self::try_current().unwrap_or_else(|_| default_runtime().handle.clone())
    }

    /// The same, with an error where that one panics.
    pub(crate) fn current_or_default() -> io::Result<Handle> {
        match Self::try_current() {
            Ok(current) => Ok(current),
            Err(_) => Ok(try_default_runtime()?.handle.clone()),
        }
    }

    /// The runtime that this thread has entered or works for.
    ///
    /// Most programs need no such look: [`Handle::current`] gives the default runtime where there is none.
    ///
    /// ```
    /// use reference_runtime::Handle;
    ///
    /// assert!(Handle::try_current().is_err());
    /// assert!(reference_runtime::block_on(async { Handle::try_current().is_ok() }));
    /// ```
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        let own = || worker::with_current(|context| Handle { scheduler: Arc::clone(&context.scheduler) });
        let entered = Self::entered().map(|entered| Handle::clone(&entered));
        entered.or_else(own).ok_or(TryCurrentError { _private: () })
    }

    /// The runtime that this thread has entered, if any. `None` while the thread's locals are being destroyed, too.
    #[inline]
    fn entered() -> Option<Rc<Handle>> {
        ENTERED.try_with(|entered| entered.borrow().clone()).ok().flatten()
    }

    /// Spawns on [`Handle::current`], without making a handle: its count is shared by all threads, and a change of it
    /// costs more than the rest of a spawn while they all spawn.
    pub(crate) fn spawn_on_current<F>(
        future: F,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if let Some(entered) = Self::entered() {
            return entered.scheduler.spawn(future, NO_TAG, location);
        }
        let mut future = Some(future);
        let mut take = || future.take().expect("it is spawned here or below");
        worker::with_current(|context| context.scheduler.spawn(take(), NO_TAG, location))
            .unwrap_or_else(|| default_runtime().handle.scheduler.spawn(take(), NO_TAG, location))
    }

    /// Runs a future to its end on this thread, which sleeps while the future waits. What the future spawns runs on
    /// the runtime's threads.
    ///
    /// Inside a task it works, too: the thread then counts as blocked, and another one takes its place. Still, every
    /// task in between waits, so an `.await` is better where one can stand.
    ///
    /// What [`spawn_local`](crate::task::spawn_local) spawned on this thread runs in turn with the future.
    ///
    /// ```
    /// use reference_runtime::{Handle, task};
    ///
    /// let nested = Handle::current().block_on(async {
    ///     task::spawn(async { Handle::current().block_on(async { "nested" }) }).await
    /// });
    /// assert_eq!(nested, "nested");
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the future.
    // ANCHOR: block_on
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on_as(Id::new(), future)
    }
    // ANCHOR_END: block_on

    /// As [`Handle::block_on`], under a name.
    pub(crate) fn block_on_named<F: Future>(&self, future: F, name: Arc<str>) -> F::Output {
        let id = Id::new();
        let _name = Name::give(id, name);
        self.block_on_as(id, future)
    }

    fn block_on_as<F: Future>(&self, id: Id, future: F) -> F::Output {
        let _current = Current::enter(id);
        let _entered = self.enter();
        let is_lent = worker::with_current(|_| ()).is_some();
        scheduler::block_in_place(|| {
            let _blocking = Blocking::begin(is_lent);
            block_on::block_on(InTurn::new(future))
        })
    }

    /// Spawns a task on this runtime. See [`task::spawn`](crate::task::spawn).
    ///
    /// ```
    /// let handle = reference_runtime::Handle::current();
    /// let task = handle.spawn(async { "done" });
    /// assert_eq!(handle.block_on(task), "done");
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.scheduler.spawn(future, NO_TAG, Location::caller())
    }

    /// Runs a blocking closure on a thread of this runtime. See [`task::spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// ```
    /// let handle = reference_runtime::Handle::current();
    /// let length = handle.spawn_blocking(|| std::fs::metadata("Cargo.toml").map(|file| file.len()));
    /// assert!(handle.block_on(length).unwrap() > 0);
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.scheduler.spawn(Closure(Some(closure)), BLOCKING, Location::caller())
    }

    /// As [`Handle::spawn`], with what that one finds out from its caller.
    pub(crate) fn spawn_located<F>(
        &self,
        future: F,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.scheduler.spawn(future, NO_TAG, location)
    }

    /// As [`Handle::spawn`], under a name.
    pub(crate) fn spawn_named<F>(
        &self,
        future: F,
        location: &'static Location<'static>,
        name: Arc<str>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.scheduler.spawn_named(future, NO_TAG, location, name)
    }

    /// As [`Handle::spawn_blocking`], under a name.
    pub(crate) fn spawn_blocking_named<F, T>(
        &self,
        closure: F,
        location: &'static Location<'static>,
        name: Arc<str>,
    ) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.scheduler.spawn_named(Closure(Some(closure)), BLOCKING, location, name)
    }

    /// Makes this the current runtime of the thread until the guard is dropped: what is spawned, connected or timed on
    /// this thread belongs to it.
    ///
    /// ```
    /// let handle = reference_runtime::Handle::current();
    /// let _entered = handle.enter();
    /// reference_runtime::task::spawn(async { /* runs on `handle` */ });
    /// ```
    pub fn enter(&self) -> Entered {
        let reactor = self.scheduler.reactor.enter();
        // In the destructor of a thread-local ours may be gone: then the default runtime serves.
        let previous =
            ENTERED.try_with(|entered| entered.replace(Some(Rc::new(self.clone())))).ok().flatten();
        Entered { previous, _reactor: reactor, stays_on_its_thread: PhantomData }
    }

    /// What the scheduler has counted so far. See [`Metrics`].
    ///
    /// ```
    /// assert!(reference_runtime::Handle::current().metrics().workers() > 0);
    /// ```
    pub fn metrics(&self) -> Metrics {
        Metrics::read(&self.scheduler)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// The thread has entered no runtime and works for none, see [`Handle::try_current`].
///
/// ```
/// let error: reference_runtime::TryCurrentError = reference_runtime::Handle::try_current().unwrap_err();
/// assert!(error.to_string().contains("Handle::current"));
/// ```
#[derive(Clone, Debug)]
pub struct TryCurrentError {
    _private: (),
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread has entered no runtime; `Handle::current` gives the default one then")
    }
}

impl std::error::Error for TryCurrentError {}

/// The thread has entered a runtime, see [`Handle::enter`]. Guards are to be dropped in the reverse order of their
/// making.
///
/// ```
/// let runtime = reference_runtime::Runtime::new()?;
/// let entered = runtime.enter();
/// let task = reference_runtime::task::spawn(async { 3 });
/// drop(entered);
/// assert_eq!(runtime.block_on(task), 3);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the guard leaves the runtime again"]
pub struct Entered {
    previous: Option<Rc<Handle>>,
    _reactor: reactor::Entered,
    stays_on_its_thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let previous = self.previous.take();
        // At the end of a thread its locals may be gone; then there is nothing to restore.
        let entered = ENTERED.try_with(|entered| entered.replace(previous));
        drop(entered);
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// A blocking closure as a future: ready at its first poll.
struct Closure<F>(Option<F>);

// The closure is moved out before it runs; nothing points into this.
impl<F> Unpin for Closure<F> {}

impl<F: FnOnce() -> T, T> Future for Closure<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let closure = self.0.take().expect("a task is not polled after it has finished");
        Poll::Ready(closure())
    }
}
