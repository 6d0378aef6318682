//! What does a runtime that notices cost, and where does it not help? With the monitor off, with a monitor that forgets,
//! and with one that learns.
//!
//! ```text
//! cargo run --release --example price
//! ```

use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use futures::join;
use reference_runtime::channel::bounded;
use reference_runtime::task::yield_now;
use reference_runtime::{Builder, Runtime};

const WORKERS: usize = 2;
/// How often each figure is taken. The median is shown.
const RUNS: usize = 9;

/// What the monitor does.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Off,
    Forgets,
    Learns,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Off, Mode::Forgets, Mode::Learns];

    fn runtime(self) -> Result<Runtime, Box<dyn Error>> {
        let mut builder = Builder::new();
        builder.worker_threads(WORKERS).learn(self == Mode::Learns);
        if self == Mode::Off {
            builder.handoff_after(None);
        }
        Ok(builder.build()?)
    }
}

/// Takes a figure once.
type Figure<'a> = &'a dyn Fn(&Runtime) -> f64;

/// Nanoseconds for each of many polls that do nothing.
fn polls(runtime: &Runtime, count: u32) -> f64 {
    let start = Instant::now();
    let yielding = |_| {
        runtime.spawn(async move {
            for _ in 0..count {
                yield_now().await;
            }
        })
    };
    for task in [(); 64].map(yielding) {
        runtime.block_on(task);
    }
    start.elapsed().as_nanos() as f64 / f64::from(64 * count)
}

/// Nanoseconds for a message to another task, and the answer.
fn ping_pong(runtime: &Runtime, count: u32) -> f64 {
    let (ping, pinged) = bounded(1);
    let (pong, ponged) = bounded(1);
    let start = Instant::now();
    let answering = runtime.spawn(async move {
        while let Ok(number) = pinged.recv().await {
            if pong.send(number).await.is_err() {
                break;
            }
        }
    });
    let asking = runtime.spawn(async move {
        for number in 0..count {
            ping.send(number).await.expect("the other task answers");
            assert_eq!(ponged.recv().await, Ok(number));
        }
    });
    runtime.block_on(asking);
    runtime.block_on(answering);
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

// ANCHOR: behind
/// How long a task waits that was spawned by one that blocks right afterwards, beside a second worker that is blocked
/// as well. In milliseconds.
fn behind_a_block(runtime: &Runtime, block: Duration) -> f64 {
    let (ran, has_run) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    let blocked: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (ran, begin) = (ran.clone(), begin.clone());
            runtime.spawn(async move {
                let spawned = Instant::now();
                let next = reference_runtime::task::spawn(async move { ran.send(spawned.elapsed()) });
                begin.send(()).expect("somebody waits");
                thread::sleep(block);
                next.await.expect("somebody waits");
            })
        })
        .collect();
    begun.iter().take(WORKERS).count();
    let waits = has_run.iter().take(WORKERS).max().expect("there are workers");
    for task in blocked {
        runtime.block_on(task);
    }
    waits.as_secs_f64() * 1e3
}
// ANCHOR_END: behind

// ANCHOR: joined
/// Two calls that block, in one task. In milliseconds.
fn joined(runtime: &Runtime, block: Duration) -> f64 {
    let start = Instant::now();
    let both = runtime.spawn(async move {
        join!(async { thread::sleep(block) }, async { thread::sleep(block) });
    });
    runtime.block_on(both);
    start.elapsed().as_secs_f64() * 1e3
}
// ANCHOR_END: joined

/// The same in two tasks.
fn in_two_tasks(runtime: &Runtime, block: Duration) -> f64 {
    let start = Instant::now();
    for task in [(); 2].map(|()| runtime.spawn(async move { thread::sleep(block) })) {
        runtime.block_on(task);
    }
    start.elapsed().as_secs_f64() * 1e3
}

// ANCHOR: flapping
/// Thousands of polls a second of tasks of one type, of whose polls one in `one_in` blocks and the others are short.
fn flapping(runtime: &Runtime, one_in: u64, length: Duration) -> f64 {
    let (is_over, polls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (is_over, polls) = (Arc::clone(&is_over), Arc::clone(&polls));
            runtime.spawn(async move {
                for turn in task.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    if turn % one_in == 0 {
                        thread::sleep(Duration::from_millis(1));
                    } else {
                        black_box((0..2_000_u64).fold(turn, |sum, step| black_box(sum ^ step)));
                    }
                    polls.fetch_add(1, Ordering::Relaxed);
                    yield_now().await;
                }
            })
        })
        .collect();
    thread::sleep(length);
    is_over.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime.block_on(task);
    }
    polls.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64() / 1e3
}
// ANCHOR_END: flapping

/// Resident memory of this process in KiB. `None` where no `/proc` tells.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// So many tasks block until all do: the threads beyond the workers, and the memory, for each. `None`: they cannot all
/// block at once.
fn each_blocked(runtime: &Runtime, mode: Mode, tasks: usize) -> Option<(f64, f64)> {
    if mode == Mode::Off {
        return None;
    }
    let before = resident()?;
    let (blocks, blocked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(std::sync::Mutex::new(released));
    let block = |_| {
        let (blocks, released) = (blocks.clone(), Arc::clone(&released));
        runtime.spawn(async move {
            blocks.send(()).expect("somebody waits");
            // The first waits for the channel, the others for the lock.
            let _ = released.lock().expect("nobody panics").recv();
        })
    };
    let tasks: Vec<_> = (0..tasks).map(block).collect();
    blocked.iter().take(tasks.len()).count();
    let count = tasks.len() as f64;
    let threads = (runtime.metrics().threads() - WORKERS) as f64 / count;
    let memory = (resident()? - before) / count;
    drop(release);
    for task in tasks {
        runtime.block_on(task);
    }
    Some((threads, memory))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let is_quick = env::args().any(|argument| argument == "--quick");
    let (runs, count) = if is_quick { (1, 500) } else { (RUNS, 5_000) };
    let length = Duration::from_millis(if is_quick { 50 } else { 300 });
    let (twenty, two) = (Duration::from_millis(20), Duration::from_millis(2));
    println!("{WORKERS} workers; medians of {runs}\n");
    println!("{:<52} {:>10} {:>10} {:>10}", "the monitor", "is off", "forgets", "learns");
    let rows: [(&str, Figure); 9] = [
        ("a poll that does nothing, ns", &|runtime| polls(runtime, count)),
        ("a message to a task, and its answer, ns", &|runtime| ping_pong(runtime, count)),
        ("a task behind one that blocks 20 ms waits, ms", &|runtime| behind_a_block(runtime, twenty)),
        ("  behind one that blocks 2 ms", &|runtime| behind_a_block(runtime, two)),
        ("two calls of 20 ms in the branches of a join!, ms", &|runtime| joined(runtime, twenty)),
        ("  in two tasks", &|runtime| in_two_tasks(runtime, twenty)),
        ("1 poll in 10 blocks 1 ms: polls, 1000/s", &|runtime| flapping(runtime, 10, length)),
        ("  1 poll in 100", &|runtime| flapping(runtime, 100, length)),
        ("  1 poll in 1000", &|runtime| flapping(runtime, 1_000, length)),
    ];
    for (name, take) in rows {
        let mut line = format!("{name:<52}");
        for mode in Mode::ALL {
            let runtime = mode.runtime()?;
            let digits = if name.contains("ns") || name.contains("poll") { 0 } else { 2 };
            let figure = median((0..runs).map(|_| take(&runtime)).collect());
            line.push_str(&format!(" {figure:>10.digits$}"));
        }
        println!("{line}");
    }
    let mut blocked = Vec::new();
    for mode in Mode::ALL {
        blocked.push(each_blocked(&mode.runtime()?, mode, 200));
    }
    let show = |name: &str, of: fn((f64, f64)) -> f64| {
        let cells =
            blocked.iter().map(|figures| figures.map_or("-".to_owned(), |both| format!("{:.1}", of(both))));
        let cells: Vec<String> = cells.map(|cell| format!(" {cell:>10}")).collect();
        println!("{name:<52}{}", cells.concat());
    };
    show("200 tasks blocked at once: threads more, for each", |(threads, _)| threads);
    show("  resident memory more, KiB for each", |(_, memory)| memory);
    Ok(())
}
