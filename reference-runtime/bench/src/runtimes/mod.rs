//! One small file per runtime, all behind the trait [`Runtime`], so that each workload is written once.
//!
//! Nothing is boxed and nothing is dispatched at run time: each workload is compiled once per runtime, and calls what
//! a user of that runtime would call: its own `spawn`, `yield_now`, `sleep`, sockets, locks and channels.

mod async_std;
mod futures_pool;
mod ours;
mod smol;
mod smol_one;
mod stage;
mod tokio;
mod tokio_current;

use std::{future::Future, io, net::SocketAddr, time::Duration};

use crate::{
    child::{self, Plan},
    primitives::{Channel, Lock, Oneshot},
    workloads::Metric,
};

/// What a workload needs of a runtime.
///
/// Tasks reach their runtime through functions without a receiver: what has no such function of its own is kept in a
/// static, as there is one runtime per process.
pub(crate) trait Runtime: Sized + 'static {
    /// What [`Runtime::spawn`] gives.
    type Task<T: Send + 'static>: Future<Output = T> + Send + 'static;
    /// Its own mutex, or the one its users take.
    type Mutex: Lock;
    /// Its own bounded channel with one receiver, or the one its users take.
    type Channel: Channel;
    /// A bounded channel with many receivers.
    type Shared: Channel<Receiver: Clone>;
    /// Its own channel for a single value, or the one its users take.
    type Oneshot: Oneshot;
    type Listener: Listener;

    fn start(contender: &Contender, workers: usize) -> io::Result<Self>;

    /// Runs a future on the calling thread, which is none of the runtime's.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Spawns from the main thread, outside of [`Runtime::block_on`], a task that nobody joins.
    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F);

    /// Spawns from inside a task one that will be joined.
    fn spawn<F>(future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Spawns from inside a task one that nobody joins.
    fn detach<F: Future<Output = ()> + Send + 'static>(future: F);

    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Only called if [`Offers::timers`].
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;

    /// Only called if [`Offers::blocking`].
    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Only called if [`Offers::in_place`].
    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T;

    /// The most threads there were, if it counts them itself.
    fn peak_threads(&self) -> Option<usize> {
        None
    }
}

/// A TCP listener. Only used if [`Offers::net`].
pub(crate) trait Listener: Sized + Send + 'static {
    type Stream: Stream;

    fn bind_any_port() -> impl Future<Output = io::Result<(Self, SocketAddr)>> + Send;
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A TCP stream, read and written through its runtime's own methods: an adapter to foreign traits would be a handicap
/// for those that have others.
pub(crate) trait Stream: Sized + Send + 'static {
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// The sockets of a runtime that has none.
pub(crate) enum NoSockets {}

impl Listener for NoSockets {
    type Stream = NoSockets;

    async fn bind_any_port() -> io::Result<(Self, SocketAddr)> {
        Err(io::Error::other("this runtime has no sockets"))
    }

    async fn accept(&self) -> io::Result<NoSockets> {
        match *self {}
    }
}

impl Stream for NoSockets {
    async fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }

    async fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        match *self {}
    }
}

/// What a runtime has beyond tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Offers {
    pub(crate) timers: bool,
    pub(crate) net: bool,
    pub(crate) blocking: bool,
    pub(crate) in_place: bool,
}

impl Offers {
    const TASKS: Offers = Offers { timers: false, net: false, blocking: false, in_place: false };
    const REACTOR: Offers = Offers { timers: true, net: true, ..Offers::TASKS };
    const POOL: Offers = Offers { blocking: true, ..Offers::REACTOR };
    const ALL: Offers = Offers { in_place: true, ..Offers::POOL };
}

/// A runtime in one of its flavours, as a row of results names it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// For `list` and for the tables of the book.
    pub(crate) about: &'static str,
    pub(crate) offers: Offers,
    pub(crate) kind: Kind,
}

/// Which file of this module runs a contender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// With the monitor, and with what it learned.
    Ours {
        detects: bool,
        learns: bool,
    },
    #[cfg(feature = "trace")]
    OursTraced,
    /// With a part left out.
    #[cfg(feature = "ablation")]
    OursWithout(reference_runtime::Part),
    /// By time alone: without the kernel's word of what a thread does.
    #[cfg(feature = "ablation")]
    OursUnasked,
    /// With all polls measured.
    OursMeasured,
    /// With hooks for reports, which have backtraces, and without learning: each poll that blocks is found.
    OursReporting,
    /// By the number that the book gives it.
    Stage(u8),
    Tokio,
    TokioCurrent,
    Smol,
    SmolOne,
    AsyncStd,
    FuturesPool,
}

/// Everything that can be measured. The first is what the others are compared with.
pub(crate) const CONTENDERS: &[Contender] = &[
    Contender {
        name: "ours",
        about: "reference-runtime with its defaults",
        offers: Offers::ALL,
        kind: Kind::Ours { detects: true, learns: true },
    },
    Contender {
        name: "ours-nolearn",
        about: "the same with learn(false)",
        offers: Offers::ALL,
        kind: Kind::Ours { detects: true, learns: false },
    },
    Contender {
        name: "ours-off",
        about: "the same with handoff_after(None): no monitor",
        offers: Offers::ALL,
        kind: Kind::Ours { detects: false, learns: true },
    },
    #[cfg(feature = "trace")]
    Contender {
        name: "ours-traced",
        about: "ours while it records a trace",
        offers: Offers::ALL,
        kind: Kind::OursTraced,
    },
    Contender {
        name: "ours-measured",
        about: "ours with measure_polls(true)",
        offers: Offers::ALL,
        kind: Kind::OursMeasured,
    },
    Contender {
        name: "ours-reporting",
        about: "ours with hooks for blocked polls, backtraces, and learn(false)",
        offers: Offers::ALL,
        kind: Kind::OursReporting,
    },
    #[cfg(feature = "ablation")]
    without("ours-noslot", "ours without the next-task slot", reference_runtime::Part::NextTask),
    #[cfg(feature = "ablation")]
    without("ours-noreactor", "ours with a thread for the reactor", reference_runtime::Part::Reactor),
    #[cfg(feature = "ablation")]
    without("ours-nohandoff", "ours without the monitor's hand-off", reference_runtime::Part::HandOff),
    #[cfg(feature = "ablation")]
    Contender {
        name: "ours-unasked",
        about: "ours without asking the kernel",
        offers: Offers::ALL,
        kind: Kind::OursUnasked,
    },
    Contender { name: "s3", about: "stage 3, stealing", offers: Offers::TASKS, kind: Kind::Stage(3) },
    Contender { name: "s4", about: "stage 4, reactor", offers: Offers::REACTOR, kind: Kind::Stage(4) },
    Contender { name: "s5", about: "stage 5, spawn_blocking", offers: Offers::POOL, kind: Kind::Stage(5) },
    Contender { name: "s6", about: "stage 6, block_in_place", offers: Offers::ALL, kind: Kind::Stage(6) },
    Contender { name: "tokio", about: "tokio, multi-thread", offers: Offers::ALL, kind: Kind::Tokio },
    Contender {
        name: "tokio-current",
        about: "tokio, current-thread",
        offers: Offers::POOL,
        kind: Kind::TokioCurrent,
    },
    Contender {
        name: "smol",
        about: "smol, as many threads as ours",
        offers: Offers::POOL,
        kind: Kind::Smol,
    },
    Contender {
        name: "smol-1",
        about: "smol, an executor on the main thread",
        offers: Offers::POOL,
        kind: Kind::SmolOne,
    },
    Contender { name: "async-std", about: "async-std", offers: Offers::POOL, kind: Kind::AsyncStd },
    Contender {
        name: "futures-pool",
        about: "futures::executor::ThreadPool",
        offers: Offers::TASKS,
        kind: Kind::FuturesPool,
    },
];

#[cfg(feature = "ablation")]
const fn without(name: &'static str, about: &'static str, part: reference_runtime::Part) -> Contender {
    Contender { name, about, offers: Offers::ALL, kind: Kind::OursWithout(part) }
}

impl Contender {
    /// Whether it is only there for the ablation.
    pub(crate) fn lacks_a_part(&self) -> bool {
        #[cfg(feature = "ablation")]
        return matches!(self.kind, Kind::OursWithout(_) | Kind::OursUnasked);
        #[cfg(not(feature = "ablation"))]
        false
    }

    /// Whether it is only there to be compared with ours: see what an option costs.
    pub(crate) fn is_option(&self) -> bool {
        matches!(self.kind, Kind::OursMeasured | Kind::OursReporting)
    }

    pub(crate) fn named(name: &str) -> Result<&'static Contender, String> {
        let found = CONTENDERS.iter().find(|contender| contender.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = CONTENDERS.iter().map(|contender| contender.name).collect();
            format!("there is no runtime {name:?}; the runtimes are {}", names.join(", "))
        })
    }

    /// The variables by which runtimes without a builder learn their number of threads.
    pub(crate) fn environment(workers: usize) -> [(&'static str, String); 2] {
        let threads = workers.to_string();
        [("SMOL_THREADS", threads.clone()), ("ASYNC_STD_THREAD_COUNT", threads)]
    }

    /// Starts this contender in this process and runs the plan's workload on it.
    pub(crate) fn run(&self, plan: &Plan) -> Result<Vec<Metric>, String> {
        match self.kind {
            Kind::Ours { .. } | Kind::OursMeasured | Kind::OursReporting => {
                child::on::<ours::Ours>(self, plan)
            }
            #[cfg(feature = "ablation")]
            Kind::OursWithout(_) | Kind::OursUnasked => child::on::<ours::Ours>(self, plan),
            #[cfg(feature = "trace")]
            Kind::OursTraced => {
                let _recording = reference_runtime::trace::start().map_err(|error| error.to_string())?;
                child::on::<ours::Ours>(self, plan)
            }
            Kind::Stage(_) => child::on::<stage::OnStage>(self, plan),
            Kind::Tokio => child::on::<tokio::Tokio>(self, plan),
            Kind::TokioCurrent => child::on::<tokio_current::TokioCurrent>(self, plan),
            Kind::Smol => child::on::<smol::Smol>(self, plan),
            Kind::SmolOne => child::on::<smol_one::SmolOne>(self, plan),
            Kind::AsyncStd => child::on::<async_std::AsyncStd>(self, plan),
            Kind::FuturesPool => child::on::<futures_pool::FuturesPool>(self, plan),
        }
    }
}
