//! The workloads, each written once and generic over the [`Runtime`].

mod chain;
mod channel;
mod heartbeat;
mod http;
mod idle;
mod light;
mod memory;
mod mixed;
mod mutex;
mod ping_pong;
mod report_cost;
mod spawn;
mod storm;
mod timers;
mod yields;

pub(crate) mod hog;

use std::{
    future::{Future, poll_fn},
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use futures::task::AtomicWaker;
use serde::{Deserialize, Serialize};

use crate::{child::Plan, runtimes::Runtime};

/// What is measured, with what tells variants of it apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Workload {
    SpawnOutside,
    SpawnInside,
    Yields,
    PingPong,
    Chain,
    Mutex { tasks: usize, locks: usize },
    Channel { senders: usize, receivers: usize },
    Timers,
    TimersCancelled,
    Memory,
    Http { load: Load, handler: Handler },
    Storm { is_offloaded: bool },
    Light,
    LightOffloaded,
    BlockInPlace,
    Heartbeat { hogs: usize, kind: hog::Kind },
    Mixed { one_in: u64 },
    Idle,
    AlmostIdle,
    ReportCost,
}

/// What the load generator does, in wrk's terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Load {
    pub(crate) threads: usize,
    pub(crate) connections: usize,
}

/// What the handler of a request does before it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Handler {
    /// Nothing.
    Plain,
    /// Sleeps the thread in one request of ten, right in the task.
    Sleeps,
    /// The same through `spawn_blocking`.
    SleepsOffloaded,
}

/// Runs the plan's workload on a runtime that has been started.
pub(crate) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    match plan.row.workload {
        Workload::SpawnOutside => spawn::from_outside(runtime, plan),
        Workload::SpawnInside => spawn::from_inside(runtime, plan),
        Workload::Yields => yields::run(runtime, plan),
        Workload::PingPong => ping_pong::run(runtime, plan),
        Workload::Chain => chain::run(runtime, plan),
        Workload::Mutex { tasks, locks } => mutex::run(runtime, plan, tasks, locks),
        Workload::Channel { senders, receivers } => channel::run(runtime, plan, senders, receivers),
        Workload::Timers => timers::run(runtime, plan),
        Workload::TimersCancelled => timers::run_cancelled(runtime, plan),
        Workload::Memory => memory::run(runtime, plan),
        Workload::Http { load, handler } => http::run(runtime, plan, load, handler),
        Workload::Storm { is_offloaded } => storm::run(runtime, plan, is_offloaded),
        Workload::Light => light::run(runtime, plan),
        Workload::LightOffloaded => light::run_offloaded(runtime, plan),
        Workload::BlockInPlace => light::run_in_place(runtime, plan),
        Workload::Heartbeat { hogs, kind } => heartbeat::run(runtime, plan, hogs, kind),
        Workload::Mixed { one_in } => mixed::run(runtime, plan, one_in),
        Workload::Idle => idle::run(runtime, plan),
        Workload::AlmostIdle => idle::run_almost(runtime, plan),
        Workload::ReportCost => report_cost::run(runtime, plan),
    }
}

/// Which way a figure should go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    Less,
    More,
    /// It explains another figure.
    Neither,
}

/// One figure of a workload, as often as it was measured in one process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
    pub(crate) samples: Vec<f64>,
}

impl Metric {
    pub(crate) fn new(name: &str, unit: &str, better: Better, samples: Vec<f64>) -> Metric {
        Metric { name: name.to_owned(), unit: unit.to_owned(), better, samples }
    }

    /// A figure that was measured once.
    pub(crate) fn one(name: &str, unit: &str, better: Better, sample: f64) -> Metric {
        Metric::new(name, unit, better, vec![sample])
    }
}

/// Repeats `once` until the caches, the queues and the threads are warm, then takes the plan's samples. Returns
/// nanoseconds per unit of work, of which one call of `once` does `units`.
fn samples(plan: &Plan, units: usize, mut once: impl FnMut() -> Duration) -> Vec<f64> {
    let began = Instant::now();
    for repetition in 0.. {
        if repetition >= plan.scale.of(3, 2, 1)
            && began.elapsed() >= plan.scale.of(WARM_UP, WARM_UP / 2, Duration::ZERO)
        {
            break;
        }
        once();
    }
    (0..plan.samples).map(|_| once().as_nanos() as f64 / units as f64).collect()
}

/// Runs a future as a task of the runtime and waits for it on the main thread. What the future measures leaves out the
/// way there and back.
fn in_a_task<R: Runtime, T: Send + 'static>(
    runtime: &R,
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { R::spawn(future).await })
}

/// Long enough for the scheduler of the system to have spread the threads over the cores.
const WARM_UP: Duration = Duration::from_millis(100);

/// Waits for a number of tasks to arrive, with one atomic operation for each, on every runtime the same.
///
/// Leaked, so that tasks hold a plain reference: a count of owners would be paid for in every spawn.
pub(crate) struct Countdown {
    left: AtomicUsize,
    waker: AtomicWaker,
}

impl Countdown {
    pub(crate) fn from(count: usize) -> &'static Countdown {
        Box::leak(Box::new(Countdown { left: AtomicUsize::new(count), waker: AtomicWaker::new() }))
    }

    /// # Panics
    ///
    /// If more arrive than were waited for: a task ran twice.
    pub(crate) fn arrive(&self) {
        // AcqRel: the one that ends the wait has seen what the others did before, and so has whoever it wakes.
        let left = self.left.fetch_sub(1, Ordering::AcqRel);
        assert!(left > 0, "a task has run twice");
        if left == 1 {
            self.waker.wake();
        }
    }

    pub(crate) async fn wait(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            // Acquire: pairs with `arrive`; registered first, so that an arrival in between wakes.
            if self.left.load(Ordering::Acquire) == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await
    }
}

/// Is over after `time`, on any runtime, with or without timers: a plain thread keeps the time.
async fn until(time: Duration) {
    let (over, is_over) = futures::channel::oneshot::channel();
    thread::spawn(move || {
        thread::sleep(time);
        // Nobody waits any more only if the process is about to end.
        let _ = over.send(());
    });
    is_over.await.expect("the thread sends before it ends");
}

/// Turns a wrong outcome of a workload into its error.
pub(crate) fn check(is_right: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
    if is_right { Ok(()) } else { Err(complaint()) }
}
