//! An async runtime whose scheduler survives blocking calls.
//!
//! Call `std::fs`, a database client, rayon or an HTTP client right inside an `async fn`. The scheduler notices that
//! the thread blocks, gives its place to another one, and only the task that made the call waits.
//!
//! ```
//! use std::time::Duration;
//!
//! use reference_runtime::{block_on, task, time};
//!
//! block_on(async {
//!     // As many blocking calls as it takes to hold every worker of a classic runtime …
//!     let blocked: Vec<_> = (0..40)
//!         .map(|_| task::spawn(async { std::thread::sleep(Duration::from_millis(50)) }))
//!         .collect();
//!     // … and timers, sockets and other tasks go on.
//!     time::sleep(Duration::from_millis(1)).await;
//!     for task in blocked {
//!         task.await;
//!     }
//! });
//! ```
//!
//! # What is here
//!
//! * [`block_on()`] runs a future on this thread; [`task`] has `spawn` and what goes with it; [`time`] sleeps and
//!   time-outs; [`net`] sockets, [`fs`] files and [`io`] standard streams; [`sync`] and [`channel`] locks and queues for
//!   tasks, [`future`] and [`stream`] what futures and streams can do with a clock. They work without ceremony, on a
//!   default runtime that starts on first use. Its number of workers is that of the cores the process may use, or what
//!   `REFERENCE_RUNTIME_THREADS` says.
//! * The attributes [`main`](macro@main) and [`test`](macro@test) make an `async fn` a program or a test;
//!   [`task_local!`] declares values that each task has of its own.
//! * [`Runtime`] and its [`Builder`] are for programs that want more than one, or other settings; [`Metrics`] and
//!   [`Builder::on_blocked`] tell what the scheduler saw.
//! * [`Parker`] is the piece that every wait is made of.
//!
//! # How it works
//!
//! There are N *processors*, the rights to poll tasks, and as many threads as it takes. A *worker* is a thread that
//! holds a processor. When a poll does not come back, a *monitor* asks the kernel what the thread does. If it sleeps,
//! its processor is handed to another thread at once; the blocked one finishes its poll without it and becomes a
//! spare. If the thread computes, no thread is added, unless every processor computes for 10 ms while other tasks
//! wait. Types of futures that were caught are remembered, and polled on threads without a processor from then on.
//!
//! Nothing of this costs a poll more than a few plain stores and loads: the monitor keeps the time, and sleeps while
//! there is nothing to watch.
//!
//! # Which task blocks
//!
//! Start the program with `REFERENCE_RUNTIME_BLOCKED=1`, and polls that block or compute for long have lines on stderr:
//!
//! ```text
//! reference-runtime: task "resize" (7) spawned at src/main.rs:12:9 blocked its thread for 53.2 ms in read (anon_pipe_read); 510 of 512 threads left
//! ```
//!
//! A line comes when the poll has come back, or after 100 ms if it has not. There is at most one line a second for each
//! place where tasks are spawned, and ten in all; the next says how many were left out. With a time in place of the 1,
//! such as `100ms`, only polls of at least that length count. [`Builder::on_blocked`] and [`Builder::on_returned`] give a
//! program the same to use as it likes.
//!
//! # What it cannot do
//!
//! * The other branches of a `join!` or `select!` are part of the blocked task, and wait with it. Spawn them.
//! * A lock that the blocked task holds stays held.
//! * `abort` and time-outs take effect when the poll returns: a blocking call cannot be cancelled.
//! * Thread-locals are stable within a poll, not from one poll to the next.
//! * Whether a thread blocks or computes is known on Linux. Elsewhere the monitor goes by time, 10 ms.
//! * Until it is found out, a blocking call delays what is queued behind it: by some 0.4 ms while the monitor looks closely,
//!   as it does when something blocked a moment ago, and by up to 8 ms in a program that has been calm for long. Where you
//!   know that a call blocks for long, [`task::spawn_blocking`] and [`task::block_in_place`] spare the scheduler the guess.
//!
//! # Platforms
//!
//! Linux is where the scheduler knows most, and where it is tested most. The rest does what it says everywhere, by other
//! means:
//!
//! | | Linux | macOS, FreeBSD | Windows |
//! |---|---|---|---|
//! | does a stuck thread block or compute? | the kernel tells; its processor is handed on within some 0.4 ms | not known: [`Verdict::Unknown`]; handed on after 10 ms | as on macOS |
//! | lateness of timers | microseconds | that of kqueue's time-outs | that of the system's clock, up to 16 ms |
//! | sockets | epoll, edges | kqueue, edges | IOCP; each wait is armed anew |
//! | pipes of children | watched by the reactor | as on Linux | block in place: only the task waits, and a time-out waits with it |
//! | the end of a child | an event, since Linux 5.3 | looked for every 1 to 50 ms | looked for every 1 to 50 ms |
//! | `signal` | all signals | all signals | `ctrl_c`, looked for every 50 ms |
//!
//! Where the verdict is unknown, a poll that computes for 10 ms is treated as one that blocks: another thread takes its
//! processor, and for as long as it computes there is a thread more than cores. Its type is not remembered, for only the
//! kernel's word counts for that. So on those systems [`task::spawn_blocking`] and [`task::block_in_place`] spare more.
//!
//! # Other people's crates
//!
//! A future that brings its own wake-ups works here as it is: channels and locks of any crate, async-io and what is
//! built on it. What is written for `AsyncRead` and `AsyncWrite` of the `futures` crate works on our sockets. hyper 1,
//! and with it axum, runs on them through [`hyper`](hyper/index.html). A crate that panics without a runtime of tokio is
//! given one: by `async_compat::Compat::new(future)` around its futures, or by a runtime of tokio beside this one, whose
//! `Handle::spawn` gives a handle that can be awaited in a task of ours. The repository has a program for each of these,
//! with tests, in `reference-runtime/ecosystem`.
//!
//! # Features
//!
//! `macros`, `signal` and `sync` are on by default.
//!
//! | Feature | Gives | Costs |
//! |---|---|---|
//! | `hyper` | [`hyper`](hyper/index.html): hyper 1 on our sockets, tasks and timers | hyper without its features; 6 crates |
//! | `macros` | the attributes [`main`](macro@main) and [`test`](macro@test) | no crate but a small one of ours |
//! | `signal` | [`signal`](signal/index.html): Ctrl-C, and the signals of Unix | 3 crates |
//! | `sync` | in [`sync`], what it re-exports from other crates: `RwLock`, `Semaphore`, `Barrier`, `OnceCell` and more | 4 crates |
//! | `serde` | [`Metrics`] serialise | `serde_core` |
//! | `trace` | a record of spawns, polls, wakes, steals and hand-offs, in a file that Perfetto opens | no crate; some nanoseconds for each event |
//! | `tracing` | a span of the crate `tracing` for each task: `task`, with `kind`, `task.id`, `task.name`, `loc.file`, `loc.line` and `loc.col`, at the level of information with the target `reference_runtime::task`, entered around each poll; and a warning for each poll that is found stuck, with the target `reference_runtime::blocked` | 3 crates; what the subscriber takes for a span |
//! | `surf` | the module `surf`: surf's client on our sockets; not shown on docs.rs, for one of its crates does not compile with nightly compilers | 117 crates, most of them no longer developed |
//! | `stages` | the runtimes that the book builds on the way to this one | time to compile; its interface is not stable |
//! | `ablation` | parts of the scheduler that a measurement can leave out | a load and a branch in each push and rest; its interface is not stable |
//!
//! `DEPENDENCIES.md` in the package lists every dependency with its licence, its size and what it is for.
//!
//! # What stays as it is
//!
//! * Versions follow [Semantic Versioning](https://semver.org): until 1.0, code that compiles with 0.1.0 compiles with
//!   every 0.1.x, and 0.2 may change names.
//! * That holds for what this documentation shows, but for the features `stages` and `ablation`. It does not hold for texts
//!   of errors and of `Debug`, for numbers in [`Metrics`], and for when and how the scheduler acts: it is to become better at that.
//! * Enums that may grow are `#[non_exhaustive]`. Those that mirror one of std, such as
//!   [`TryRecvError`](sync::TryRecvError), do not grow.
//! * Public items use traits of futures 0.3, with `hyper` those of hyper 1, with `surf` those of http-client 6. Another
//!   major version of one of these is another minor version here.
//! * The oldest supported compiler is Rust 1.85. A patch never raises it. A minor version may, to a release that is at
//!   least six months old.

// Every public path is made in this file. Under loom only the protocols are built.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(reference_runtime_loom, allow(dead_code, unused_imports))]

mod primitive;

mod block_on;
#[cfg(all(feature = "stages", not(reference_runtime_loom)))]
mod blocking;
mod idle;
#[cfg(not(reference_runtime_loom))]
mod local;
mod park;
mod queue;
#[cfg(not(reference_runtime_loom))]
mod reactor;
#[cfg(reference_runtime_loom)]
mod reactor {
    mod side;
    mod woken;
}
mod runnable;
#[cfg(not(reference_runtime_loom))]
mod runtime;
#[cfg(not(reference_runtime_loom))]
mod scheduler;
#[cfg(reference_runtime_loom)]
mod scheduler {
    mod handoff;
    mod mode;
}
mod span;
mod tasks;

pub mod channel;
#[cfg(not(reference_runtime_loom))]
pub mod fs;
#[cfg(not(reference_runtime_loom))]
pub mod future;
#[cfg(all(feature = "hyper", not(reference_runtime_loom)))]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub mod hyper;
#[cfg(not(reference_runtime_loom))]
pub mod io;
#[cfg(not(reference_runtime_loom))]
pub mod net;
#[cfg(not(reference_runtime_loom))]
pub mod os;
#[cfg(not(reference_runtime_loom))]
pub mod prelude;
#[cfg(not(reference_runtime_loom))]
pub mod process;
#[cfg(all(feature = "signal", not(reference_runtime_loom)))]
#[cfg_attr(docsrs, doc(cfg(feature = "signal")))]
pub mod signal;
#[cfg(all(feature = "stages", not(reference_runtime_loom)))]
#[doc(hidden)]
pub mod stages;
#[cfg(not(reference_runtime_loom))]
pub mod stream;
#[cfg(all(feature = "surf", not(reference_runtime_loom)))]
#[cfg_attr(docsrs, doc(cfg(feature = "surf")))]
pub mod surf;
pub mod sync;
#[cfg(not(reference_runtime_loom))]
pub mod task;
#[cfg(not(reference_runtime_loom))]
pub mod time;
#[cfg(all(feature = "trace", not(reference_runtime_loom)))]
#[cfg_attr(docsrs, doc(cfg(feature = "trace")))]
pub mod trace;
#[cfg(not(all(feature = "trace", not(reference_runtime_loom))))]
#[path = "trace/off.rs"]
mod trace;

pub use park::{Parker, Unparker};
#[cfg(all(feature = "macros", not(reference_runtime_loom)))]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use reference_runtime_macros::{main, test};
#[cfg(not(reference_runtime_loom))]
pub use runtime::{
    BlockedPoll, Builder, Entered, Handle, Histogram, Metrics, ReturnedPoll, Runtime, Stuck, SystemCall,
    TryCurrentError, Verdict, block_on,
};
#[cfg(all(feature = "ablation", not(reference_runtime_loom)))]
#[doc(hidden)]
pub use scheduler::parts::Part;

/// The example of the README, tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
