//! Local tasks: those whose futures stay on the thread that spawned them, and so need not be [`Send`].
//!
//! A [`LocalSet`] holds local tasks of its thread. Two kinds of *drivers* poll them between polls of a future of their
//! own: [`LocalSet::run_until`], and every `block_on`, which drives the set that belongs to its thread ([`block_on`]).
//!
//! Wakers go anywhere. A wake on whatever thread puts the task on the set's queue, and wakes the drivers that sleep; so
//! the queue is all that is shared between threads, under a lock. A driver registers while the queue is empty, under the
//! same lock, so no wake is lost between the two.
//!
//! A local task is polled, and its future dropped, on its own thread only. For that the set lists every task that
//! sleeps, and its end cancels them all where it is dropped. Should another thread be about to queue one of them at that
//! moment, the end waits for it.

mod block_on;
mod queue;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::task::{LocalFutureObj, LocalSpawn, SpawnError};
use pin_project_lite::pin_project;

pub(crate) use self::block_on::{Blocking, InTurn};
use self::queue::{Origin, Queue, Turn};
use crate::runnable::{JoinHandle, local_task};

/// So many local tasks are polled before the driver's own future has its turn again, and its thread other futures.
const TURNS: usize = 64;

/// LocalTasks that stay on this thread, and may hold what cannot be sent to another: an [`Rc`], a guard, a handle of a
/// library.
///
/// They are polled while [`run_until`](LocalSet::run_until) runs, or while the set itself is awaited. Most programs need
/// no set: within [`block_on`](crate::block_on()), [`spawn_local`](crate::task::spawn_local) does the same.
///
/// Local tasks and the future of `run_until` take turns. A local task that blocks holds up its thread, and so all of
/// them: the scheduler lends its threads to tasks that can move. Dropping the set cancels its tasks on the spot.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use reference_runtime::task::{self, LocalSet};
///
/// let set = LocalSet::new();
/// let counter = Rc::new(Cell::new(0));
/// reference_runtime::block_on(set.run_until(async {
///     let tasks: Vec<_> = (0..10)
///         .map(|_| {
///             let counter = Rc::clone(&counter);
///             task::spawn_local(async move { counter.set(counter.get() + 1) })
///         })
///         .collect();
///     for task in tasks {
///         task.await;
///     }
/// }));
/// assert_eq!(counter.get(), 10);
/// ```
pub struct LocalSet {
    tasks: Rc<LocalTasks>,
}

/// The part of a set that its drivers and guards share.
pub(crate) struct LocalTasks {
    queue: Arc<Queue>,
    /// The number of the next driver.
    drivers: Cell<u64>,
    /// Polls of the set's tasks that this thread is in.
    running: Cell<usize>,
}

thread_local! {
    /// [`Id::number`](crate::runnable::Id::number) of the local task that this thread polls, or 0.
    static POLLED: Cell<u64> = const { Cell::new(0) };
    /// The set that [`LocalSet::enter`] entered, or whose task is being polled. `None`: that of the thread.
    static ENTERED: RefCell<Option<Rc<LocalTasks>>> = const { RefCell::new(None) };
}

impl LocalSet {
    /// An empty set.
    ///
    /// ```
    /// let set = reference_runtime::task::LocalSet::new();
    /// assert_eq!(reference_runtime::block_on(set.run_until(async { 7 })), 7);
    /// ```
    pub fn new() -> LocalSet {
        let tasks =
            LocalTasks { queue: Arc::new(Queue::new()), drivers: Cell::new(0), running: Cell::new(0) };
        LocalSet { tasks: Rc::new(tasks) }
    }

    /// Spawns a task into this set. It runs when the set is driven next.
    ///
    /// ```
    /// use reference_runtime::task::LocalSet;
    ///
    /// let set = LocalSet::new();
    /// let task = set.spawn_local(async { std::rc::Rc::new(7) });
    /// assert_eq!(*reference_runtime::block_on(set.run_until(task)), 7);
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.tasks.spawn(future, Location::caller(), None)
    }

    /// Runs a future, and the tasks of the set in turn with it, until the future is done.
    ///
    /// Within the future and the tasks, [`spawn_local`](crate::task::spawn_local) spawns into this set. What has not
    /// finished when the future is done stays in the set: it goes on when the set is driven again, and is cancelled when
    /// the set is dropped.
    ///
    /// ```
    /// use reference_runtime::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let seven = set.run_until(async { task::spawn_local(async { 7 }).await });
    /// assert_eq!(reference_runtime::block_on(seven), 7);
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the future is dropped, and the tasks stay in the set.
    pub fn run_until<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        RunUntil { driver: Driver::new(Rc::clone(&self.tasks)), set: PhantomData::<&LocalSet>, future }
    }

    /// Makes this the set that [`spawn_local`](crate::task::spawn_local) on this thread spawns into, until the guard is
    /// dropped.
    ///
    /// ```
    /// use reference_runtime::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let entered = set.enter();
    /// let task = task::spawn_local(async { 7 });
    /// drop(entered);
    /// assert_eq!(reference_runtime::block_on(set.run_until(task)), 7);
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { _entered: Entered::enter(Some(Rc::clone(&self.tasks))) }
    }
}

pin_project! {
    /// The future of [`LocalSet::run_until`].
    struct RunUntil<'a, F> {
        #[pin]
        future: F,
        driver: Driver,
        // A set in use is not dropped.
        set: PhantomData<&'a LocalSet>,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let entered = Entered::enter(Some(Rc::clone(&this.driver.tasks)));
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(output);
        }
        drop(entered);
        this.driver.drive(context);
        Poll::Pending
    }
}

/// Runs the tasks of the set until all have finished.
///
/// ```
/// use reference_runtime::task::LocalSet;
///
/// let set = LocalSet::new();
/// let task = set.spawn_local(async { 7 });
/// reference_runtime::block_on(set);
/// assert!(task.is_finished());
/// ```
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // As a driver for one poll, which stays registered in the name of the set itself.
        self.tasks.drive(SET, context);
        if self.tasks.queue.is_all_done() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// For libraries that spawn through the trait of the crate `futures`.
///
/// ```
/// use futures::task::LocalSpawnExt;
/// use reference_runtime::task::LocalSet;
///
/// let set = LocalSet::new();
/// let seven = set.spawn_local_with_handle(async { std::rc::Rc::new(7) }).unwrap();
/// assert_eq!(*reference_runtime::block_on(set.run_until(seven)), 7);
/// ```
impl LocalSpawn for LocalSet {
    #[track_caller]
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.spawn_local(future).detach();
        Ok(())
    }
}

/// The number of the set as a driver of itself.
const SET: u64 = u64::MAX;

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.tasks.close();
    }
}

impl Default for LocalSet {
    fn default() -> LocalSet {
        LocalSet::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").field("unfinished", &self.tasks.queue.unfinished()).finish()
    }
}

/// A [`LocalSet`] is entered, see [`LocalSet::enter`]. Guards are to be dropped in the reverse order of their making.
///
/// ```
/// let set = reference_runtime::task::LocalSet::new();
/// let entered: reference_runtime::task::LocalEnterGuard = set.enter();
/// reference_runtime::task::spawn_local(async {});
/// # drop(entered);
/// ```
#[must_use = "dropping the guard leaves the set again"]
pub struct LocalEnterGuard {
    _entered: Entered,
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}

/// A set, or that of the thread, is the entered one.
struct Entered {
    previous: Option<Rc<LocalTasks>>,
}

impl Entered {
    fn enter(tasks: Option<Rc<LocalTasks>>) -> Entered {
        // Where the locals of a thread that ends are gone, there is nothing to enter and nothing to restore.
        Entered { previous: ENTERED.try_with(|entered| entered.replace(tasks)).ok().flatten() }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let previous = self.previous.take();
        drop(ENTERED.try_with(|entered| entered.replace(previous)));
    }
}

/// The set that [`LocalSet::enter`] entered or whose task is being polled, if there is one.
pub(crate) fn entered() -> Option<Rc<LocalTasks>> {
    ENTERED.try_with(|entered| entered.borrow().clone()).ok().flatten()
}

/// A local task is being polled.
struct Polled {
    outer: u64,
}

impl Polled {
    fn begin(task: u64) -> Polled {
        Polled { outer: POLLED.replace(task) }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        POLLED.set(self.outer);
    }
}

/// The number of the innermost local task that this thread polls, or 0: what runs under the same answer, runs on behalf
/// of the same task, if in a `block_on` within it.
pub(crate) fn polled() -> u64 {
    POLLED.get()
}

impl LocalTasks {
    /// Makes a local task and queues it. After the end of the set this cancels it.
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        location: &'static Location<'static>,
        name: Option<Arc<str>>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runnable, handle) = local_task(future, Origin(Arc::clone(&self.queue)), location, name);
        self.queue.spawned(runnable);
        handle
    }

    /// Polls the tasks that are ready, and sees to it that the driver is woken for the next.
    fn drive(self: &Rc<Self>, driver: u64, context: &mut Context<'_>) {
        let _entered = Entered::enter(Some(Rc::clone(self)));
        for _ in 0..TURNS {
            let Some(runnable) = self.queue.pop() else { break };
            let _turn = Turn::begin(&self.running);
            let _polled = Polled::begin(runnable.number());
            if let Some(again) = runnable.poll() {
                self.queue.push_back(again);
            }
        }
        if !self.queue.wait(driver, context.waker()) {
            context.waker().wake_by_ref();
        }
    }

    /// Cancels all tasks, here and now.
    fn close(&self) {
        self.queue.close(&self.running);
    }
}

/// Whoever polls the tasks of a set for as long as it lives.
struct Driver {
    tasks: Rc<LocalTasks>,
    number: u64,
}

impl Driver {
    fn new(tasks: Rc<LocalTasks>) -> Driver {
        let number = tasks.drivers.get();
        tasks.drivers.set(number + 1);
        Driver { tasks, number }
    }

    fn drive(&self, context: &mut Context<'_>) {
        self.tasks.drive(self.number, context);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.queue.forget(self.number);
    }
}
