//! The book's chapters in running form: seven runtimes, each the next step from the one before, behind one
//! [`Front`].
//!
//! | Stage | New in it | Of that, mounted |
//! |---|---|---|
//! | [`s1_block_on`] | `block_on` | its own parker |
//! | `s2_executor` | `spawn`: one thread, one queue | tasks |
//! | `s3_stealing` | a thread and a queue per core | queues, the idle protocol |
//! | `s4_reactor` | `time` and `net` | the reactor |
//! | `s5_spawn_blocking` | `spawn_blocking` | the pool |
//! | `s6_block_in_place` | `block_in_place`, nested `block_on` | the finished runtime, its monitor off |
//! | `s7_adaptive` | blocking anywhere | the monitor |
//!
//! Stages 2 to 4 and `scheduler/worker.rs` have the same names in the same order: compare neighbours.
//!
//! This module is no part of the stable interface.

pub mod s1_block_on;
mod s2_executor;
mod s3_stealing;
mod s4_reactor;
mod s5_spawn_blocking;
mod threads;

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::primitive::Arc;
use crate::reactor::{Entered, Reactor};
use crate::runnable::JoinHandle;
use crate::runtime::{Builder, Handle, Runtime};
use crate::task;
use crate::trace;

/// A stage of the runtime, in the order of the book.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Waits for one future on the calling thread.
    S1BlockOn,
    /// Polls tasks on one thread.
    S2Executor,
    /// Polls tasks on several threads, which steal from each other.
    S3Stealing,
    /// Waits for sockets and timers, too.
    S4Reactor,
    /// Has a pool of threads for closures that block: the classic design.
    S5SpawnBlocking,
    /// Lets a task block where it stands, if it says so.
    S6BlockInPlace,
    /// Notices by itself.
    S7Adaptive,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 7] = [
        Stage::S1BlockOn,
        Stage::S2Executor,
        Stage::S3Stealing,
        Stage::S4Reactor,
        Stage::S5SpawnBlocking,
        Stage::S6BlockInPlace,
        Stage::S7Adaptive,
    ];

    /// The name of the stage's module in the book, such as `s3_stealing`.
    ///
    /// ```
    /// # #[cfg(feature = "stages")] {
    /// use reference_runtime::stages::Stage;
    ///
    /// assert_eq!(Stage::S3Stealing.name(), "s3_stealing");
    /// assert_eq!("s3_stealing".parse(), Ok(Stage::S3Stealing));
    /// # }
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Stage::S1BlockOn => "s1_block_on",
            Stage::S2Executor => "s2_executor",
            Stage::S3Stealing => "s3_stealing",
            Stage::S4Reactor => "s4_reactor",
            Stage::S5SpawnBlocking => "s5_spawn_blocking",
            Stage::S6BlockInPlace => "s6_block_in_place",
            Stage::S7Adaptive => "s7_adaptive",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Stage, UnknownStage> {
        let named = Stage::ALL.into_iter().find(|stage| stage.name() == name);
        named.ok_or_else(|| UnknownStage { name: name.to_owned() })
    }
}

/// There is no stage of that name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownStage {
    name: String,
}

impl fmt::Display for UnknownStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no stage {:?}; the stages are", self.name)?;
        Stage::ALL.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

impl std::error::Error for UnknownStage {}

/// A running stage, whichever it is: a demo, a benchmark or a test takes the stage as a parameter.
///
/// Tasks that spawn get a clone of it; `task::spawn` and its siblings know nothing of stages before
/// [`Stage::S6BlockInPlace`] and would reach the default runtime. Sleeps and sockets made in a task, in a
/// blocking closure or within [`Front::block_on`] belong to the stage.
///
/// A clone does not keep the stage running. What [`Front::new`] returned owns it, and dropping that
///
/// - cancels every task that waits: their handles' [`join`](JoinHandle::join) says so;
/// - waits for polls and blocking closures that run, however long the user's code blocks them;
/// - and ends the threads.
///
/// Dropped on one of the stage's own threads, it does not wait.
///
/// ```
/// # #[cfg(feature = "stages")] {
/// use reference_runtime::stages::{Front, Stage};
///
/// for stage in Stage::ALL {
///     let front = Front::new(stage, 2).unwrap();
///     let spawning = front.clone();
///     let sum = front.block_on(async move {
///         if stage < Stage::S2Executor {
///             return 3;
///         }
///         spawning.spawn(async { 1 }).await + spawning.spawn(async { 2 }).await
///     });
///     assert_eq!(sum, 3);
/// }
/// # }
/// ```
pub struct Front {
    stage: Stage,
    workers: usize,
    executor: Executor,
    owned: Owned,
}

/// What runs the tasks of a [`Front`].
#[derive(Clone)]
enum Executor {
    /// Stage 1 has none.
    CallingThread,
    OneThread(Arc<s2_executor::Scheduler>),
    Stealing(Arc<s3_stealing::Scheduler>),
    Reactor(Arc<s4_reactor::Scheduler>),
    Pool(Arc<s5_spawn_blocking::Scheduler>),
    Finished(Handle),
}

/// What the drop of a [`Front`] ends.
enum Owned {
    /// It is a clone, or has been shut down.
    Nothing,
    Executor,
    Runtime(Runtime),
}

impl Front {
    /// Starts `stage` with so many workers. Stages 1 and 2 take no notice of the number.
    ///
    /// # Errors
    ///
    /// If the system gives no threads or no poller.
    ///
    /// # Panics
    ///
    /// If `workers` is 0.
    pub fn new(stage: Stage, workers: usize) -> io::Result<Front> {
        assert!(workers > 0, "a stage needs a worker: give `Front::new` at least 1");
        let executor = match stage {
            Stage::S1BlockOn => Executor::CallingThread,
            Stage::S2Executor => Executor::OneThread(s2_executor::Scheduler::start()?),
            Stage::S3Stealing => Executor::Stealing(s3_stealing::Scheduler::start(workers)?),
            Stage::S4Reactor => Executor::Reactor(s4_reactor::Scheduler::start(stage, workers)?),
            Stage::S5SpawnBlocking => Executor::Pool(Arc::new(s5_spawn_blocking::Scheduler::start(workers)?)),
            Stage::S6BlockInPlace => {
                return Front::of_runtime(stage, Builder::new().handoff_after(None), workers);
            }
            Stage::S7Adaptive => return Front::of_runtime(stage, &mut Builder::new(), workers),
        };
        Ok(Front { stage, workers, executor, owned: Owned::Executor })
    }

    /// Stages 6 and 7 are the finished runtime.
    fn of_runtime(stage: Stage, builder: &mut Builder, workers: usize) -> io::Result<Front> {
        let runtime = builder.worker_threads(workers).thread_name(stage.name()).build()?;
        let executor = Executor::Finished(runtime.handle().clone());
        Ok(Front { stage, workers, executor, owned: Owned::Runtime(runtime) })
    }

    /// Which stage this is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Runs a future on this thread, which sleeps while the future waits. What the future spawns runs on the
    /// stage's threads.
    ///
    /// # Panics
    ///
    /// With the panic of the future. And inside a task of stages 2 to 5, whose worker it would block; later
    /// stages put another thread in its place.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if let Some(stage) = threads::works_for() {
            panic!(
                "`block_on` inside a task of {stage} would block the worker that polls the task, and with it \
                 whatever the future waits for; `.await` the future instead, or use {} or later, where nested \
                 `block_on` works",
                Stage::S6BlockInPlace,
            );
        }
        if let Executor::Finished(handle) = &self.executor {
            return handle.block_on(future);
        }
        let _entered = self.enter_reactor();
        s1_block_on::block_on(future)
    }

    /// Spawns a task, from [`Stage::S2Executor`] on. See [`task::spawn`].
    ///
    /// # Panics
    ///
    /// On an earlier stage.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let location = Location::caller();
        match &self.executor {
            Executor::CallingThread => self.lacks("spawn", Stage::S2Executor),
            Executor::OneThread(scheduler) => scheduler.spawn(future, location),
            Executor::Stealing(scheduler) => scheduler.spawn(future, location),
            Executor::Reactor(scheduler) => scheduler.spawn(future, location),
            Executor::Pool(scheduler) => scheduler.workers.spawn(future, location),
            Executor::Finished(handle) => handle.spawn(future),
        }
    }

    /// As [`Front::spawn`], with a name that traces show.
    ///
    /// # Panics
    ///
    /// On a stage before [`Stage::S2Executor`].
    #[track_caller]
    pub fn spawn_named<F>(&self, name: String, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if let Executor::Finished(handle) = &self.executor {
            return handle.spawn_named(future, Location::caller(), name.into());
        }
        let task = self.spawn(future);
        trace::named(task.id().number(), &name);
        task
    }

    /// Runs a blocking closure on another thread, from [`Stage::S5SpawnBlocking`] on. See
    /// [`task::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// On an earlier stage.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match &self.executor {
            Executor::Pool(scheduler) => scheduler.spawn_blocking(closure, Location::caller()),
            Executor::Finished(handle) => handle.spawn_blocking(closure),
            _ => self.lacks("spawn_blocking", Stage::S5SpawnBlocking),
        }
    }

    /// Runs a blocking closure right here, and lets another thread poll tasks meanwhile, from
    /// [`Stage::S6BlockInPlace`] on. See [`task::block_in_place`].
    ///
    /// # Panics
    ///
    /// On an earlier stage. And with the panic of the closure.
    pub fn block_in_place<F, R>(&self, closure: F) -> R
    where
        F: FnOnce() -> R,
    {
        if !matches!(self.executor, Executor::Finished(_)) {
            self.lacks("block_in_place", Stage::S6BlockInPlace);
        }
        task::block_in_place(closure)
    }

    /// How many threads there were at most, the monitor's and those of callers aside.
    pub fn peak_threads(&self) -> usize {
        match &self.executor {
            Executor::CallingThread => 0,
            Executor::OneThread(_) => 1,
            Executor::Stealing(_) | Executor::Reactor(_) => self.workers,
            Executor::Pool(scheduler) => self.workers + scheduler.pool.peak_threads(),
            Executor::Finished(handle) => handle.metrics().peak_threads(),
        }
    }

    /// Ends the stage as dropping it does, but waits no longer than `timeout`. A clone has nothing to end.
    ///
    /// # Errors
    ///
    /// [`Stuck`] names what did not come back. Its threads end when it does.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Result<(), Stuck> {
        match std::mem::replace(&mut self.owned, Owned::Nothing) {
            Owned::Nothing => Ok(()),
            Owned::Executor => self.executor.close(Instant::now().checked_add(timeout)),
            Owned::Runtime(runtime) => {
                let shut_down = runtime.shutdown_timeout(timeout);
                shut_down.map_err(|stuck| Stuck { spawned_at: stuck.spawned_at().to_vec() })
            }
        }
    }

    /// Makes the stage's reactor that of this thread. Stages without one get one that is closed: better a
    /// panic that says so than a sleep that silently works through the default runtime.
    fn enter_reactor(&self) -> Entered {
        match &self.executor {
            Executor::Reactor(scheduler) => scheduler.reactor.enter(),
            Executor::Pool(scheduler) => scheduler.workers.reactor.enter(),
            _ => no_reactor().enter(),
        }
    }

    fn lacks(&self, what: &str, first: Stage) -> ! {
        panic!("{} has no `{what}`: the first stage that has it is {first}", self.stage);
    }
}

impl Executor {
    fn close(&self, deadline: Option<Instant>) -> Result<(), Stuck> {
        let (all_ended, spawned_at) = match self {
            // The drop of its runtime ends a finished one.
            Executor::CallingThread | Executor::Finished(_) => return Ok(()),
            Executor::OneThread(scheduler) => (scheduler.close(deadline), scheduler.stuck()),
            Executor::Stealing(scheduler) => (scheduler.close(deadline), scheduler.stuck()),
            Executor::Reactor(scheduler) => (scheduler.close(deadline), scheduler.stuck()),
            Executor::Pool(scheduler) => (scheduler.close(deadline), scheduler.stuck()),
        };
        if all_ended {
            return Ok(());
        }
        Err(Stuck { spawned_at })
    }
}

impl Clone for Front {
    /// Another way to the same stage, which does not keep it running.
    fn clone(&self) -> Front {
        Front { executor: self.executor.clone(), owned: Owned::Nothing, ..*self }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Owned::Executor = self.owned {
            // Without a deadline it is stuck only on its own threads, where nobody waits.
            let _ = self.executor.close(None);
        }
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// Some tasks or closures were still running when the time of [`Front::shutdown_timeout`] was up.
#[derive(Debug, Clone)]
pub struct Stuck {
    spawned_at: Vec<&'static Location<'static>>,
}

impl Stuck {
    /// Where they were spawned.
    pub fn spawned_at(&self) -> &[&'static Location<'static>] {
        &self.spawned_at
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stage was shut down while these did not come back from a poll: spawned at")?;
        self.spawned_at.iter().try_for_each(|location| write!(f, " {location}"))
    }
}

impl std::error::Error for Stuck {}

/// The reactor of stages that have none.
fn no_reactor() -> &'static Arc<Reactor> {
    static NO_REACTOR: OnceLock<Arc<Reactor>> = OnceLock::new();
    NO_REACTOR.get_or_init(|| {
        let reactor =
            Reactor::new().expect("a stage without a reactor borrows a closed one, which needs a poller");
        reactor.refuse();
        reactor
    })
}
