//! [`JoinSet`]: many tasks, joined in the order in which they finish.
//!
//! The handles are in a [`FuturesUnordered`]: each has a waker of its own, which puts the one handle that is ready on a
//! list. So a join takes the same time among a hundred thousand tasks as among ten, where a set that polled all its
//! handles at each wake would take as long as it is large.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures::stream::{FuturesUnordered, Stream};

use super::{AbortHandle, Id, JoinError, JoinHandle, LocalSet};
use crate::runtime::Handle;

/// Tasks of one output type, to be joined in the order in which they finish.
///
/// Dropping the set aborts all of them.
///
/// ```
/// use reference_runtime::task::JoinSet;
///
/// reference_runtime::block_on(async {
///     let mut set = JoinSet::new();
///     for n in 1..=10 {
///         set.spawn(async move { n * n });
///     }
///     let mut sum = 0;
///     while let Some(square) = set.join_next().await {
///         sum += square.unwrap();
///     }
///     assert_eq!(sum, 385);
/// });
/// ```
pub struct JoinSet<T> {
    members: FuturesUnordered<Member<T>>,
}

/// A task of the set.
struct Member<T> {
    handle: JoinHandle<T>,
}

impl<T> Future for Member<T> {
    type Output = Result<(Id, T), JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let joined = ready!(self.handle.poll_output(context));
        Poll::Ready(joined.map(|output| (self.handle.id(), output)))
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    ///
    /// ```
    /// let set = reference_runtime::task::JoinSet::<()>::new();
    /// assert!(set.is_empty());
    /// ```
    pub fn new() -> JoinSet<T> {
        JoinSet { members: FuturesUnordered::new() }
    }

    /// How many tasks are in the set: those that have not been joined.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async {});
    /// assert_eq!(set.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether every task has been joined.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async {});
    /// assert!(!set.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.members.push(Member { handle });
        abort
    }

    /// Waits for a task to finish, and takes it out of the set. `None`: the set is empty.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn(async { 7 });
    ///     assert_eq!(set.join_next().await.unwrap().unwrap(), 7);
    ///     assert!(set.join_next().await.is_none());
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// Inside of `Some`, a [`JoinError`] if the task panicked or was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped: a task leaves the set when its output is returned.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|context| self.poll_join_next(context)).await
    }

    /// As [`JoinSet::join_next`], with the number of the task. That of a task that failed is in the error.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     let seven = set.spawn(async { 7 });
    ///     let (id, output) = set.join_next_with_id().await.unwrap().unwrap();
    ///     assert_eq!((id, output), (seven.id(), 7));
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// Inside of `Some`, a [`JoinError`] if the task panicked or was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if it is dropped.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|context| self.poll_join_next_with_id(context)).await
    }

    /// A task that has finished, if there is one, without waiting.
    ///
    /// ```
    /// use reference_runtime::task::{self, JoinSet};
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     assert!(set.try_join_next().is_none());
    ///     set.spawn(async { 7 });
    ///     let seven = loop {
    ///         match set.try_join_next() {
    ///             Some(joined) => break joined.unwrap(),
    ///             None => task::yield_now().await,
    ///         }
    ///     };
    ///     assert_eq!(seven, 7);
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// Inside of `Some`, a [`JoinError`] if the task panicked or was cancelled.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let joined = self.try_join_next_with_id()?;
        Some(joined.map(|(_, output)| output))
    }

    /// As [`JoinSet::try_join_next`], with the number of the task.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// let mut set = JoinSet::<()>::new();
    /// assert!(set.try_join_next_with_id().is_none());
    /// ```
    ///
    /// # Errors
    ///
    /// Inside of `Some`, a [`JoinError`] if the task panicked or was cancelled.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        match self.poll_join_next_with_id(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(joined) => joined,
            Poll::Pending => None,
        }
    }

    /// [`JoinSet::join_next`] for a future that is written by hand.
    ///
    /// [`Poll::Pending`] wakes the task of the last call when a task of the set may have finished.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn(async { 7 });
    ///     let joined = poll_fn(|context| set.poll_join_next(context)).await;
    ///     assert_eq!(joined.unwrap().unwrap(), 7);
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// As [`JoinSet::join_next`].
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let joined = ready!(self.poll_join_next_with_id(context));
        Poll::Ready(joined.map(|joined| joined.map(|(_, output)| output)))
    }

    /// [`JoinSet::join_next_with_id`] for a future that is written by hand.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     let seven = set.spawn(async { 7 }).id();
    ///     let joined = poll_fn(|context| set.poll_join_next_with_id(context)).await;
    ///     assert_eq!(joined.unwrap().unwrap(), (seven, 7));
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// As [`JoinSet::join_next`].
    pub fn poll_join_next_with_id(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        Pin::new(&mut self.members).poll_next(context)
    }

    /// Asks all tasks to end. They stay in the set, to be joined: as cancelled, if they had not finished.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn(std::future::pending::<()>());
    ///     set.abort_all();
    ///     assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn abort_all(&mut self) {
        self.members.iter().for_each(|member| member.handle.abort());
    }

    /// Asks all tasks to end and waits until their futures are gone. What they panicked with is dropped.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn(std::future::pending::<()>());
    ///     set.shutdown().await;
    ///     assert!(set.is_empty());
    /// });
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the tasks it has not seen the end of are in the set still, and asked to end.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all tasks, and gives the outputs in the order in which they finished.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let set: JoinSet<u32> = (1..=3).map(|n| async move { n * n }).collect();
    ///     let mut squares = set.join_all().await;
    ///     squares.sort();
    ///     assert_eq!(squares, [1, 4, 9]);
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// With the first panic of a task, or if one was cancelled. The others are aborted then.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, all tasks are aborted, and the outputs so far are gone. [`JoinSet::join_next`] keeps them.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(joined) = self.join_next().await {
            match joined.map_err(JoinError::try_into_panic) {
                Ok(output) => outputs.push(output),
                Err(Ok(payload)) => std::panic::resume_unwind(payload),
                Err(Err(error)) => {
                    panic!("{error}; `JoinSet::join_next` gives this as an error instead of a panic")
                }
            }
        }
        outputs
    }

    /// Takes all tasks out of the set, and lets them run on by themselves.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { println!("on my own") });
    /// set.detach_all();
    /// assert!(set.is_empty());
    /// ```
    pub fn detach_all(&mut self) {
        drop(mem::take(&mut self.members));
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// Spawns a task on the current runtime, or on the default one, and puts it into the set.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     let waits = set.spawn(std::future::pending::<()>());
    ///     waits.abort();
    ///     assert!(set.join_next().await.unwrap().is_err());
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the default runtime is needed and cannot be started.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(super::spawn(future))
    }

    /// Spawns a task on the runtime of `handle`, and puts it into the set.
    ///
    /// ```
    /// use reference_runtime::{Runtime, task::JoinSet};
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// set.spawn_on(async { 7 }, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [7]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(handle.spawn(future))
    }

    /// Runs a blocking closure as a task of the set. See [`spawn_blocking`](super::spawn_blocking()).
    ///
    /// One that has begun cannot be aborted.
    ///
    /// ```
    /// use reference_runtime::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// for path in ["Cargo.toml", "src/lib.rs"] {
    ///     set.spawn_blocking(move || std::fs::metadata(path).is_ok());
    /// }
    /// assert_eq!(reference_runtime::block_on(set.join_all()), [true, true]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the default runtime is needed and cannot be started.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(super::spawn_blocking(closure))
    }

    /// Runs a blocking closure on the runtime of `handle`, as a task of the set.
    ///
    /// ```
    /// use reference_runtime::{Runtime, task::JoinSet};
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// set.spawn_blocking_on(|| 7, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [7]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, closure: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(handle.spawn_blocking(closure))
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task that stays on this thread, and puts it into the set. See [`spawn_local`](super::spawn_local()).
    ///
    /// ```
    /// use std::rc::Rc;
    /// use reference_runtime::task::JoinSet;
    ///
    /// let sevens = reference_runtime::block_on(async {
    ///     let mut set = JoinSet::new();
    ///     set.spawn_local(async { Rc::new(7) });
    ///     set.join_all().await
    /// });
    /// assert_eq!(sevens, [Rc::new(7)]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](super::spawn_local()).
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(super::spawn_local(future))
    }

    /// Spawns a task into `local`, and puts it into the set.
    ///
    /// ```
    /// use reference_runtime::task::{JoinSet, LocalSet};
    ///
    /// let local = LocalSet::new();
    /// let mut set = JoinSet::new();
    /// set.spawn_local_on(async { 7 }, &local);
    /// assert_eq!(reference_runtime::block_on(local.run_until(set.join_all())), [7]);
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local.spawn_local(future))
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

/// Spawns each of the futures, see [`JoinSet::spawn`].
impl<T: Send + 'static, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> JoinSet<T> {
        let mut set = JoinSet::new();
        set.extend(futures);
        set
    }
}

/// Spawns each of the futures, see [`JoinSet::spawn`].
impl<T: Send + 'static, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| drop(self.spawn(future)));
    }
}
