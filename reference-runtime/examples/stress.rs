//! Everything at once, for as long as you like: tasks that spawn, abort, panic, block, compute, yield, talk over
//! loopback, cancel timers and nest `block_on`, on a runtime that stays and on others that come and go.
//!
//! What each task does follows from a seed, which is printed; when it does so is up to the scheduler. Checked are:
//!
//! * no future is polled twice at once, or after it was ready;
//! * each is dropped once, and finishes, panics or is cancelled as its handle says and as was expected of it;
//! * nothing stays behind a runtime that is gone, and memory stays flat;
//! * something happens within every 30 seconds. Otherwise what is outstanding is printed, and the process aborts.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
#[cfg(unix)]
use reference_runtime::net::UnixStream;
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::task::{self, JoinHandle};
use reference_runtime::{Handle, Runtime, time};

const HELP: &str = "\
Mixed work on runtimes that stay and runtimes that come and go, with checks.

  --seconds N   how long (default 10)
  --seed S      what the tasks do (default: from the clock; it is printed)
  --workers N   worker threads of each runtime (default: one per core)
  --help        this text";

/// Without progress for so long, the process aborts.
const PATIENCE: Duration = Duration::from_secs(30);
/// Memory may grow by so much after the warm-up.
const GROWTH: usize = 96 << 20;
/// Tasks at the root of a round. Each has some descendants that block, and all of them must find a thread.
const ROOTS: u64 = 48;
/// How deep tasks spawn tasks.
const DEPTH: u32 = 3;

struct Options {
    seconds: u64,
    seed: u64,
    workers: usize,
}

fn options() -> Result<Option<Options>, String> {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options { seconds: 10, seed: u64::from(clock.subsec_nanos()), workers };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--help" {
            return Ok(None);
        }
        if !["--seconds", "--seed", "--workers"].contains(&argument.as_str()) {
            return Err(format!("{argument:?} is no option; --help lists them"));
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} wants a number behind it"))?;
        let number: u64 = value.parse().map_err(|_| format!("{argument} wants a number, not {value:?}"))?;
        match argument.as_str() {
            "--seconds" => options.seconds = number,
            "--seed" => options.seed = number,
            _ if (1..=64).contains(&number) => options.workers = number as usize,
            _ => return Err(format!("--workers wants a number from 1 to 64, not {number}")),
        }
    }
    Ok(Some(options))
}

/// A sequence of numbers that follows from its seed.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        // Splitmix64: any seed is as good as any other.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn micros(&mut self, most: u64) -> Duration {
        Duration::from_micros(self.below(most))
    }

    fn child(&mut self) -> Dice {
        Dice(self.roll())
    }
}

/// The tasks of one runtime.
#[derive(Default)]
struct Ledger {
    made: AtomicU64,
    finished: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
    /// Handles of tasks that were aborted and said so.
    seen_cancelled: AtomicU64,
    seen_panicked: AtomicU64,
    ends: AtomicBool,
    outstanding: Mutex<BTreeMap<u64, &'static str>>,
    lock_of_users: Mutex<u64>,
}

/// Counts whatever happens, for the watchdog.
static EVENTS: AtomicU64 = AtomicU64::new(0);
/// Polls, for the summary.
static POLLS: AtomicU64 = AtomicU64::new(0);

/// A check failed. Unwinding would only hide it: a task's panic goes to its handle.
fn violated(what: &str) -> ! {
    eprintln!("stress: {what}");
    std::process::abort();
}

fn check(is_so: bool, what: &str) {
    if !is_so {
        violated(what);
    }
}

impl Ledger {
    fn sum(&self) -> u64 {
        [&self.finished, &self.panicked, &self.cancelled]
            .map(|count| count.load(Ordering::SeqCst))
            .iter()
            .sum()
    }

    fn outstanding(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, &'static str>> {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A future under observation.
struct Watched<F> {
    future: Pin<Box<F>>,
    ledger: Arc<Ledger>,
    id: u64,
    is_polled: AtomicBool,
    is_ready: bool,
    has_panicked: bool,
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        check(!self.is_polled.swap(true, Ordering::SeqCst), "a future is polled twice at once");
        check(!self.is_ready && !self.has_panicked, "a future is polled after its end");
        POLLS.fetch_add(1, Ordering::Relaxed);
        self.has_panicked = true;
        let polled = self.future.as_mut().poll(cx);
        self.has_panicked = false;
        self.is_ready = polled.is_ready();
        check(self.is_polled.swap(false, Ordering::SeqCst), "a future is polled twice at once");
        polled
    }
}

// ANCHOR: dropped
impl<F> Drop for Watched<F> {
    fn drop(&mut self) {
        check(self.has_panicked || !*self.is_polled.get_mut(), "a future is dropped while it is polled");
        let count = if self.is_ready {
            &self.ledger.finished
        } else if self.has_panicked {
            &self.ledger.panicked
        } else {
            &self.ledger.cancelled
        };
        count.fetch_add(1, Ordering::SeqCst);
        // Only now: when nothing is outstanding, everything has been counted.
        let known = self.ledger.outstanding().remove(&self.id).is_some();
        check(known, "a future is dropped twice");
        EVENTS.fetch_add(1, Ordering::Relaxed);
    }
}
// ANCHOR_END: dropped

/// Spawns `future` under observation.
fn spawn<F>(ledger: &Arc<Ledger>, what: &'static str, future: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let id = {
        let mut outstanding = ledger.outstanding();
        let id = ledger.made.fetch_add(1, Ordering::SeqCst);
        outstanding.insert(id, what);
        id
    };
    let is_polled = AtomicBool::new(false);
    let ledger = Arc::clone(ledger);
    let future = Box::pin(future);
    task::spawn(Watched { future, ledger, id, is_polled, is_ready: false, has_panicked: false })
}

/// Awaits a task that nobody aborts.
async fn finish(ledger: &Ledger, handle: JoinHandle<()>) {
    if let Err(error) = handle.join().await {
        // Cancelled, or panicked in a sleep after the end of its runtime.
        let ends = ledger.ends.load(Ordering::SeqCst);
        check(ends, &format!("a task that nobody aborted: {error}"));
    }
}

fn compute(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// An error of a socket is one of ours unless the runtime is on its way out.
fn of_socket<T>(ledger: &Ledger, result: std::io::Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(_) if ledger.ends.load(Ordering::SeqCst) => None,
        Err(error) => violated(&format!("a socket: {error}")),
    }
}

/// A connection leaves two ports waiting for a minute, and there are some 28,000: a program that uses them up meets
/// refusals and strangers. So there are few connections over TCP, and the rest are pairs of Unix sockets.
const TCP_PER_SECOND: u64 = 100;

fn may_use_tcp() -> bool {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    static USED: AtomicU64 = AtomicU64::new(0);
    let allowed = (BEGUN.elapsed().as_secs() + 1) * TCP_PER_SECOND;
    USED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < allowed).then_some(used + 1))
        .is_ok()
}

async fn talk(ledger: Arc<Ledger>, trips: u64) {
    if may_use_tcp() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let Some(listener) = of_socket(&ledger, listener) else { return };
        let Some(address) = of_socket(&ledger, listener.local_addr()) else { return };
        let owned = Arc::clone(&ledger);
        let server = spawn(&ledger, "echo", async move {
            let Some((stream, _)) = of_socket(&owned, listener.accept().await) else { return };
            answer(owned, stream, trips).await;
        });
        let Some(stream) = of_socket(&ledger, TcpStream::connect(address).await) else { return };
        ask(Arc::clone(&ledger), stream, trips).await;
        finish(&ledger, server).await;
        return;
    }
    #[cfg(unix)]
    {
        let Some((here, there)) = of_socket(&ledger, UnixStream::pair()) else { return };
        let server = spawn(&ledger, "echo", answer(Arc::clone(&ledger), there, trips));
        ask(Arc::clone(&ledger), here, trips).await;
        finish(&ledger, server).await;
    }
}

async fn answer(ledger: Arc<Ledger>, mut stream: impl AsyncRead + AsyncWrite + Unpin, trips: u64) {
    let mut buffer = [0; 8];
    for _ in 0..trips {
        if of_socket(&ledger, stream.read_exact(&mut buffer).await).is_none() {
            return;
        }
        if of_socket(&ledger, stream.write_all(&buffer).await).is_none() {
            return;
        }
    }
}

async fn ask(ledger: Arc<Ledger>, mut stream: impl AsyncRead + AsyncWrite + Unpin, trips: u64) {
    let mut answer = [0; 8];
    for trip in 0..trips {
        let said = trip.to_ne_bytes();
        if of_socket(&ledger, stream.write_all(&said).await).is_none() {
            return;
        }
        if of_socket(&ledger, stream.read_exact(&mut answer).await).is_none() {
            return;
        }
        check(answer == said, "a socket gave back something else");
    }
}

/// What one task does. Boxed, since tasks spawn tasks of the same kind; the others are of types of their own.
fn tree(ledger: Arc<Ledger>, mut dice: Dice, depth: u32) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        for _ in 0..1 + dice.below(3) {
            step(&ledger, &mut dice, depth).await;
        }
    })
}

async fn step(ledger: &Arc<Ledger>, dice: &mut Dice, depth: u32) {
    match dice.below(if depth == 0 { 10 } else { 16 }) {
        0 => {
            for _ in 0..dice.below(50) {
                task::yield_now().await;
            }
        }
        1 => compute(dice.micros(3_000)),
        2 => thread::sleep(dice.micros(4_000)),
        3 => {
            let _held = ledger.lock_of_users.lock().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(dice.micros(300));
        }
        4 => time::sleep(dice.micros(3_000)).await,
        5 => {
            let long = time::sleep(Duration::from_secs(3600));
            let elapsed = time::timeout(dice.micros(2_000), long).await.is_err();
            check(elapsed || ledger.ends.load(Ordering::SeqCst), "an hour passed within milliseconds");
        }
        6 => {
            let time = dice.micros(3_000);
            let answer = task::spawn_blocking(move || {
                thread::sleep(time);
                6 * 7
            });
            match answer.join().await {
                Ok(answer) => check(answer == 42, "a blocking closure gave something else"),
                Err(_) => check(ledger.ends.load(Ordering::SeqCst), "a blocking closure has no output"),
            }
        }
        7 => {
            let time = dice.micros(3_000);
            task::block_in_place(|| task::block_in_place(|| thread::sleep(time)));
        }
        8 => {
            let time = dice.micros(1_000);
            Handle::current().block_on(async {
                time::sleep(time).await;
                task::yield_now().await;
            });
        }
        9 => {
            let mut left = dice.below(30);
            poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                // Sometimes from another thread, while or after it is polled.
                if left == 7 {
                    let waker = cx.waker().clone();
                    thread::spawn(move || waker.wake());
                } else {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            })
            .await;
        }
        10 => talk(Arc::clone(ledger), 1 + dice.below(5)).await,
        11 => {
            let handles: Vec<_> = (0..dice.below(4))
                .map(|_| spawn(ledger, "child", tree(Arc::clone(ledger), dice.child(), depth - 1)))
                .collect();
            for handle in handles {
                finish(ledger, handle).await;
            }
        }
        // On its own: nobody waits for it but the end of the round.
        12 => drop(spawn(ledger, "detached", tree(Arc::clone(ledger), dice.child(), depth - 1))),
        13 => abort(ledger, dice).await,
        14 => {
            let time = dice.micros(500);
            let panics = spawn(ledger, "panics", async move {
                time::sleep(time).await;
                std::panic::resume_unwind(Box::new("as it should"));
            });
            match panics.join().await {
                Err(error) if error.is_panic() => _ = ledger.seen_panicked.fetch_add(1, Ordering::SeqCst),
                Err(_) => check(ledger.ends.load(Ordering::SeqCst), "a panic became a cancellation"),
                Ok(()) => violated("a panic got lost"),
            }
        }
        _ => {
            // Blocks until another task of this runtime has run. That one is dropped if the runtime ends.
            let (send, receive) = mpsc::channel();
            let sends = spawn(ledger, "sends", async move {
                task::yield_now().await;
                let _ = send.send(7);
            });
            let received = receive.recv();
            let is_right = received == Ok(7) || ledger.ends.load(Ordering::SeqCst);
            check(is_right, "the sender was dropped before it sent");
            finish(ledger, sends).await;
        }
    }
}

/// A task is aborted at some moment of its life; handle and future must agree about what became of it.
async fn abort(ledger: &Arc<Ledger>, dice: &mut Dice) {
    let (time, blocks, finishes) = (dice.micros(1_500), dice.below(4) == 0, Arc::new(AtomicBool::new(false)));
    let finished = Arc::clone(&finishes);
    let handle = spawn(ledger, "aborted", async move {
        if blocks {
            thread::sleep(time);
        }
        time::sleep(time).await;
        finished.store(true, Ordering::SeqCst);
    });
    time::sleep(dice.micros(1_500)).await;
    handle.abort();
    match handle.join().await {
        Ok(()) => check(finishes.load(Ordering::SeqCst), "an aborted task has an output, but did not finish"),
        Err(error) => {
            let ends = ledger.ends.load(Ordering::SeqCst);
            check(ends || error.is_cancelled(), "an aborted task panicked");
            check(!finishes.load(Ordering::SeqCst), "a finished task is cancelled");
            ledger.seen_cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn runtime(workers: usize, dice: &mut Dice) -> std::io::Result<Runtime> {
    let mut builder = Runtime::builder();
    builder.worker_threads(workers).learn(dice.below(4) != 0).ask_the_kernel(dice.below(8) != 0);
    builder.thread_keep_alive(Duration::from_millis(dice.below(300)));
    builder.build()
}

/// What the watchdog prints.
static STAYS: OnceLock<(Handle, Arc<Ledger>)> = OnceLock::new();
static COMES_AND_GOES: Mutex<Option<(Handle, Arc<Ledger>)>> = Mutex::new(None);

fn watch() {
    let (mut before, mut since) = (0, Instant::now());
    loop {
        thread::sleep(Duration::from_secs(1));
        let now = EVENTS.load(Ordering::Relaxed);
        if now != before {
            (before, since) = (now, Instant::now());
        }
        if since.elapsed() < PATIENCE {
            continue;
        }
        eprintln!("stress: nothing has happened for {PATIENCE:?}");
        let other = COMES_AND_GOES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (handle, ledger) in STAYS.get().cloned().into_iter().chain(other) {
            let ends = ledger.ends.load(Ordering::SeqCst);
            eprintln!("  a runtime{}: {:?}", if ends { " that ends" } else { "" }, handle.metrics());
            for (id, what) in ledger.outstanding().iter().take(50) {
                eprintln!("    task {id}: {what}");
            }
        }
        std::process::abort();
    }
}

/// A runtime that ends with its tasks at work.
fn come_and_go(workers: usize, mut dice: Dice) -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = runtime(workers, &mut dice)?;
    let ledger = Arc::new(Ledger::default());
    let current = (runtime.handle().clone(), Arc::clone(&ledger));
    *COMES_AND_GOES.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
    {
        let _entered = runtime.enter();
        for _ in 0..1 + dice.below(30) {
            spawn(&ledger, "root", tree(Arc::clone(&ledger), dice.child(), DEPTH - 1)).detach();
        }
    }
    thread::sleep(dice.micros(20_000));
    ledger.ends.store(true, Ordering::SeqCst);
    match dice.below(4) {
        0 => drop(runtime),
        1 => _ = runtime.shutdown_timeout(dice.micros(5_000)),
        2 => runtime.shutdown_background(),
        _ => {
            let handle = runtime.handle().clone();
            handle.spawn(async move { drop(runtime) }).detach();
        }
    }
    // What was in a poll comes back, and is dropped then.
    while !ledger.outstanding().is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
    check(ledger.sum() == ledger.made.load(Ordering::SeqCst), "a task of a runtime that ended was lost");
    EVENTS.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// A task that comes back from a poll after its runtime has ended, and then sleeps, panics. That is no news here.
fn silence_late_sleeps() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
        if !message.contains("runtime has shut down") {
            print(panic);
        }
    }));
}

fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4096)
}

fn stress(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Options { seconds, seed, workers } = *options;
    println!("stress: --seed {seed} --workers {workers} --seconds {seconds}");
    thread::spawn(watch);
    silence_late_sleeps();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let warm = begun + Duration::from_secs(seconds) / 4;
    let mut dice = Dice(seed);
    let stays = runtime(workers, &mut dice)?;
    let ledger = Arc::new(Ledger::default());
    let _ = STAYS.set((stays.handle().clone(), Arc::clone(&ledger)));
    let others = {
        let mut dice = dice.child();
        thread::spawn(move || {
            let mut count = 0;
            while Instant::now() < end {
                come_and_go(workers, dice.child())?;
                count += 1;
            }
            Ok::<u64, Box<dyn Error + Send + Sync>>(count)
        })
    };
    let mut memory = None;
    let mut rounds = 0;
    while Instant::now() < end {
        if memory.is_none() && Instant::now() >= warm {
            memory = resident();
        }
        stays.block_on(async {
            let roots: Vec<_> = (0..ROOTS)
                .map(|_| spawn(&ledger, "root", tree(Arc::clone(&ledger), dice.child(), DEPTH)))
                .collect();
            for root in roots {
                finish(&ledger, root).await;
            }
            while !ledger.outstanding().is_empty() {
                time::sleep(Duration::from_millis(1)).await;
            }
        });
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        check(ledger.sum() == count(&ledger.made), "a task was lost");
        check(count(&ledger.cancelled) == count(&ledger.seen_cancelled), "a cancellation was not reported");
        check(count(&ledger.panicked) == count(&ledger.seen_panicked), "a panic was not reported");
        rounds += 1;
    }
    let others = others.join().map_err(|_| "the thread of the other runtimes panicked")??;
    let metrics = stays.metrics();
    drop(stays);
    let grown = resident().zip(memory).map(|(now, before)| (before, now));
    println!(
        "stress: passed: {rounds} rounds, {} tasks ({} cancelled, {} panicked), {} polls, {others} other runtimes, \
         {} hand-offs, at most {} threads, {:.1?}",
        ledger.made.load(Ordering::SeqCst),
        ledger.cancelled.load(Ordering::SeqCst),
        ledger.panicked.load(Ordering::SeqCst),
        POLLS.load(Ordering::Relaxed),
        metrics.hand_offs(),
        metrics.peak_threads(),
        begun.elapsed(),
    );
    if let Some((before, now)) = grown {
        println!("stress: memory {} KiB when warm, {} KiB at the end", before >> 10, now >> 10);
        check(now < before + GROWTH, "memory has grown");
    }
    Ok(())
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("stress: {sentence}.");
            return ExitCode::from(2);
        }
    };
    match stress(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stress: {error}");
            ExitCode::FAILURE
        }
    }
}
