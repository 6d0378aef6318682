//! One blocking call on one of two workers: what happens to a task that has nothing to do with it?
//!
//! ```text
//! cargo run --release --example one_blocking_call
//! cargo run --release --example one_blocking_call -- s7_adaptive
//! ```
//!
//! A task ticks every 20 ms. Another is woken by a timer of its own, half-way between two ticks, and makes one call.
//! How often did the first one tick meanwhile? Each call runs in a child process, so that its stdin and its stdout can
//! be pipes whose other ends this process holds.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use rayon::slice::ParallelSliceMut;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::time::sleep;

type Failure = Box<dyn std::error::Error>;

const WORKERS: usize = 2;
const TICK: Duration = Duration::from_millis(20);
/// For how long this process keeps its ends of the pipes to itself.
const HOLD: Duration = Duration::from_millis(300);
/// Twice what a pipe holds.
const LINES: usize = 2000;
const NUMBERS: usize = if cfg!(debug_assertions) { 200_000 } else { 4_000_000 };

#[derive(Clone, Copy, PartialEq)]
enum Call {
    Sleep,
    Stdin,
    Pipe,
    Sort,
    ParSort,
}

impl Call {
    const ALL: [Call; 5] = [Call::Sleep, Call::Stdin, Call::Pipe, Call::Sort, Call::ParSort];

    fn name(self) -> &'static str {
        match self {
            Call::Sleep => "thread::sleep",
            Call::Stdin => "stdin().read_line",
            Call::Pipe => "println!, full pipe",
            Call::Sort => "sort",
            Call::ParSort => "rayon's par_sort",
        }
    }

    // ANCHOR: calls
    /// Returns what has to be ready before the clock starts, and the call itself.
    fn prepare(self) -> Box<dyn FnOnce() + Send> {
        let mut numbers = numbers(if self == Call::Sort || self == Call::ParSort { NUMBERS } else { 0 });
        match self {
            Call::Sleep => Box::new(|| thread::sleep(HOLD)),
            Call::Stdin => Box::new(|| {
                io::stdin().read_line(&mut String::new()).expect("somebody writes a line");
            }),
            Call::Pipe => Box::new(|| (0..LINES).for_each(|_| println!("{:63}", "a line of 64 bytes"))),
            Call::Sort => Box::new(move || numbers.sort()),
            Call::ParSort => Box::new(move || numbers.par_sort()),
        }
    }
    // ANCHOR_END: calls
}

/// Numbers in no order, the same each time.
fn numbers(count: usize) -> Vec<u64> {
    let next = |number: &u64| Some(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1), next).take(count).collect()
}

// ANCHOR: ticker
/// What one call did to the other task.
async fn measure(front: Front, call: impl FnOnce() + Send + 'static) -> (u64, Duration) {
    let ticks = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&ticks);
    let spawning = front.clone();
    let ticker = front.spawn(async move {
        for _ in 0..3 {
            sleep(TICK).await;
        }
        let caller = spawning.spawn(async move {
            sleep(TICK / 2).await; // nothing else is due now: this wakes one worker
            let (before, start) = (counted.load(Ordering::Relaxed), Instant::now());
            call();
            (counted.load(Ordering::Relaxed) - before, start.elapsed())
        });
        spawning.spawn(tick(ticks)).detach();
        caller.await
    });
    ticker.await
}

async fn tick(ticks: Arc<AtomicU64>) {
    loop {
        sleep(TICK).await;
        ticks.fetch_add(1, Ordering::Relaxed);
    }
}
// ANCHOR_END: ticker

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(Stage::S4Reactor),
        ["--call", name, stage] => answer(name, stage.parse()?),
        [stage] => compare(stage.parse()?),
        _ => Err("give it the name of a stage, or nothing".into()),
    }
}

fn compare(stage: Stage) -> Result<(), Failure> {
    println!("{stage}: {WORKERS} workers, a task that ticks every {} ms, and one call\n", TICK.as_millis());
    println!("{:<20} {:>10} {:>18}", "the call", "took", "ticks meanwhile");
    for call in Call::ALL {
        let mut child = Command::new(env::current_exe()?)
            .args(["--call", call.name(), stage.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let answer = hold_the_pipes(&mut child)?;
        child.wait()?;
        let (ticks, took) = answer.trim().split_once(' ').ok_or(answer.clone())?;
        println!("{:<20} {took:>7} ms {ticks:>18}", call.name());
    }
    Ok(())
}

/// Waits for the child to call, holds its pipes for a while, lets go, and returns its answer.
fn hold_the_pipes(child: &mut Child) -> io::Result<String> {
    let (input, output, words) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut input, mut output) = (input.expect("it is piped"), output.expect("it is piped"));
    let mut words = BufReader::new(words.expect("it is piped"));
    let mut answer = String::new();
    words.read_line(&mut answer)?;
    thread::sleep(HOLD);
    // A child that never reads has ended by now, or will not miss it.
    let _ = input.write_all(b"a line\n");
    let drain = thread::spawn(move || output.read_to_end(&mut Vec::new()));
    answer.clear();
    words.read_to_string(&mut answer)?;
    drain.join().expect("reading does not panic")?;
    Ok(answer)
}

/// In the child: makes the call, and tells both times on stderr.
fn answer(name: &str, stage: Stage) -> Result<(), Failure> {
    let call = Call::ALL.into_iter().find(|call| call.name() == name).ok_or("there is no such call")?;
    let call = call.prepare();
    let front = Front::new(stage, WORKERS)?;
    let (ticks, took) = front.block_on(measure(front.clone(), move || {
        eprintln!("calling");
        call();
    }));
    eprintln!("{ticks} {}", took.as_millis());
    Ok(())
}
