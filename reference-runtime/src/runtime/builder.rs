//! How a runtime is set up.

use std::fmt;
use std::io;
use std::time::Duration;

use super::{Handle, Runtime, observe};
use crate::primitive::Arc;
#[cfg(feature = "ablation")]
use crate::scheduler::parts::Part;
use crate::scheduler::parts::Parts;
use crate::scheduler::{Config, Hooks, Scheduler};
use crate::trace;

/// The variable that sets the number of workers of runtimes that do not set it themselves, the default one included.
const WORKERS_VARIABLE: &str = "REFERENCE_RUNTIME_THREADS";
/// As many threads as it may take to survive a storm of blocking calls, and few enough for any machine: the limit of
/// tokio's blocking pool, too.
const MAX_THREADS: usize = 512;
/// Long enough for one storm to find the threads of the last, short enough not to keep their stacks for nothing.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A blocked worker is found out after one to two of these. A look costs a few microseconds, and happens only while
/// there is something to look at; 5 ms in place of 0.2 ms made a 1 ms ticker beside sleeping tasks late by 24 ms.
const HANDOFF_AFTER: Duration = Duration::from_micros(200);
/// A monitor that looked all the time would take a core; and no clock of a kernel reaches for ever.
const SHORTEST_HANDOFF: Duration = Duration::from_micros(1);
const LONGEST_HANDOFF: Duration = Duration::from_secs(3600);
/// The word of the idle protocol has sixteen bits for each count.
const MOST_WORKERS: usize = 32_768;

/// Sets up a [`Runtime`].
///
/// ```
/// use std::time::Duration;
///
/// let runtime = reference_runtime::Builder::new()
///     .worker_threads(2)
///     .max_threads(64)
///     .thread_keep_alive(Duration::from_secs(1))
///     .thread_name("my-service")
///     .build()?;
/// runtime.block_on(async { /* … */ });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Builder {
    worker_threads: Option<usize>,
    max_threads: usize,
    thread_keep_alive: Duration,
    thread_name: String,
    thread_stack_size: Option<usize>,
    handoff_after: Option<Duration>,
    learns: bool,
    asks_the_kernel: bool,
    pub(super) hooks: Hooks,
    pub(super) takes_backtraces: bool,
    pub(super) measures_polls: bool,
    parts: Parts,
}

impl Builder {
    /// A builder with the defaults, which each method names.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().build()?;
    /// runtime.block_on(async { /* … */ });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> Self {
        Self {
            worker_threads: None,
            max_threads: MAX_THREADS,
            thread_keep_alive: KEEP_ALIVE,
            thread_name: "reference-runtime".to_owned(),
            thread_stack_size: None,
            handoff_after: Some(HANDOFF_AFTER),
            learns: true,
            asks_the_kernel: true,
            hooks: Hooks::default(),
            takes_backtraces: false,
            measures_polls: false,
            parts: Parts::default(),
        }
    }

    /// How many threads may poll tasks at once.
    ///
    /// Default: the environment variable `REFERENCE_RUNTIME_THREADS`, else the number of cores that the process may
    /// use, with limits of its control group taken into account
    /// ([`available_parallelism`](std::thread::available_parallelism)).
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().worker_threads(3).build()?;
    /// assert_eq!(runtime.metrics().workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `workers` is 0 or above 32,768.
    pub fn worker_threads(&mut self, workers: usize) -> &mut Self {
        assert!(workers > 0, "a runtime needs a worker thread: give `worker_threads` at least 1");
        assert!(workers <= MOST_WORKERS, "`worker_threads` is at most {MOST_WORKERS}");
        self.worker_threads = Some(workers);
        self
    }

    /// How many threads there may be in all, workers, blocked threads and `spawn_blocking` together, but for the
    /// monitor. Where it is not more than the workers, it counts as one more. Default: 512.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// // One worker and three more threads: of six blocking closures, at most three run at once.
    /// let runtime = reference_runtime::Builder::new().worker_threads(1).max_threads(4).build()?;
    /// let blocking: Vec<_> = (0..6)
    ///     .map(|_| runtime.spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))))
    ///     .collect();
    /// for closure in blocking {
    ///     runtime.block_on(closure);
    /// }
    /// assert!(runtime.metrics().peak_threads() <= 4);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn max_threads(&mut self, threads: usize) -> &mut Self {
        self.max_threads = threads;
        self
    }

    /// How long a thread without work stays. Default: 10 s.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .thread_keep_alive(Duration::from_millis(1))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ()));
    /// while runtime.metrics().threads() > 1 {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_keep_alive(&mut self, time: Duration) -> &mut Self {
        self.thread_keep_alive = time;
        self
    }

    /// The name of the threads, as debuggers and `top` show it; Linux shows 15 bytes. Default: `reference-runtime`.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().thread_name("my-service").build()?;
    /// let name = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert_eq!(runtime.block_on(name).as_deref(), Some("my-service"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.thread_name = name.into();
        self
    }

    /// The stack of each thread, in bytes. Default: that of [`std::thread`], 2 MiB unless `RUST_MIN_STACK` says
    /// otherwise. Only what is touched uses memory.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().thread_stack_size(8 << 20).build()?;
    /// let deep = runtime.spawn(async { std::hint::black_box([0_u8; 1 << 20]).len() });
    /// assert_eq!(runtime.block_on(deep), 1 << 20);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.thread_stack_size = Some(bytes);
        self
    }

    /// How long a poll may block before its processor is handed to another thread: between once and twice this time.
    /// `None` turns the monitor off: then only `spawn_blocking` and `block_in_place` keep a blocking call from holding
    /// up other tasks. Default: 200 µs; at least 1 µs, at most an hour.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .handoff_after(Some(Duration::from_millis(1)))
    ///     .build()?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// // The first task blocks the only worker until the second has run.
    /// let blocked = runtime.spawn(async move { told.recv() });
    /// runtime.spawn(async move { tell.send("handed off") });
    /// assert_eq!(runtime.block_on(blocked), Ok("handed off"));
    /// assert_eq!(runtime.metrics().hand_offs(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handoff_after(&mut self, time: Option<Duration>) -> &mut Self {
        self.handoff_after = time.map(|time| time.clamp(SHORTEST_HANDOFF, LONGEST_HANDOFF));
        self
    }

    /// Whether the scheduler remembers which types of futures block or compute for long, and polls those on threads
    /// that hold no processor. Default: true.
    ///
    /// All boxed futures (`Pin<Box<dyn Future>>`) are of one type. Where one of them blocks now and then, all of them
    /// take the way through another thread for a few polls, which costs some microseconds each.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().learn(false).build()?;
    /// runtime.block_on(async { /* … */ });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn learn(&mut self, learns: bool) -> &mut Self {
        self.learns = learns;
        self
    }

    /// Whether the monitor may ask the kernel what a thread does; without, it goes by time, as on platforms that do
    /// not tell. For tests.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().ask_the_kernel(false).build()?;
    /// runtime.block_on(async { /* … */ });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(hidden)]
    pub fn ask_the_kernel(&mut self, asks: bool) -> &mut Self {
        self.asks_the_kernel = asks;
        self
    }

    /// Leaves a part of the scheduler out, to measure what it is worth. For the book's ablation.
    ///
    /// ```
    /// use reference_runtime::{Builder, Part};
    ///
    /// let runtime = Builder::new().without(Part::NextTask).build()?;
    /// assert_eq!(runtime.block_on(async { 1 }), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "ablation")]
    #[doc(hidden)]
    pub fn without(&mut self, part: Part) -> &mut Self {
        self.parts.leave_out(part);
        self
    }

    /// Calls `hook` on each thread that starts, before its first task. A panic in it is caught.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let count = Arc::new(AtomicUsize::new(0));
    /// let counter = Arc::clone(&count);
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(2)
    ///     .on_thread_start(move || {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(count.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_start(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.hooks.on_thread_start = Some(Arc::new(hook));
        self
    }

    /// Calls `hook` on each thread that ends, after its last task. A panic in it is caught.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let count = Arc::new(AtomicUsize::new(0));
    /// let counter = Arc::clone(&count);
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(2)
    ///     .on_thread_stop(move || {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(count.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_stop(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.hooks.on_thread_stop = Some(Arc::new(hook));
        self
    }

    /// Starts the runtime: its workers and its monitor.
    ///
    /// ```
    /// let runtime = reference_runtime::Builder::new().build()?;
    /// assert_eq!(runtime.block_on(async { 1 }), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the poller or the first threads cannot be had from the system, if `REFERENCE_RUNTIME_THREADS` is needed and is
    /// no number from 1 to 32,768, or if `REFERENCE_RUNTIME_BLOCKED` is neither a switch nor a time.
    pub fn build(&self) -> io::Result<Runtime> {
        let worker_threads = match self.worker_threads {
            Some(workers) => workers,
            None => default_workers()?,
        };
        let config = Config {
            worker_threads,
            max_threads: self.max_threads.max(worker_threads + 1),
            thread_keep_alive: self.thread_keep_alive,
            thread_name: self.thread_name.clone(),
            thread_stack_size: self.thread_stack_size,
            handoff_after: self.handoff_after,
            learns: self.learns,
            asks_the_kernel: self.asks_the_kernel,
            hooks: self.hooks.clone(),
            takes_backtraces: self.takes_backtraces,
            measures_polls: self.measures_polls,
            lines_after: observe::lines_after()?,
            parts: self.parts,
        };
        trace::runtime_starts();
        Ok(Runtime { handle: Handle { scheduler: Scheduler::start(config)? }, is_shut_down: false })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("worker_threads", &self.worker_threads)
            .field("max_threads", &self.max_threads)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("thread_name", &self.thread_name)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("handoff_after", &self.handoff_after)
            .field("learn", &self.learns)
            .finish_non_exhaustive()
    }
}

fn default_workers() -> io::Result<usize> {
    let Some(value) = std::env::var_os(WORKERS_VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS));
    };
    let number = value.to_str().and_then(|value| value.trim().parse().ok());
    number.filter(|workers| (1..=MOST_WORKERS).contains(workers)).ok_or_else(|| {
        let value = value.to_string_lossy();
        let message = format!(
            "{WORKERS_VARIABLE} is {value:?}; set it to a number from 1 to {MOST_WORKERS}, or unset it"
        );
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}
