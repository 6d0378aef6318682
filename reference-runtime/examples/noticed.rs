//! What does a runtime do that notices by itself? The same loads, with the monitor off, with a monitor that forgets,
//! and with one that learns.
//!
//! ```text
//! cargo run --release --example noticed
//! cargo run --release --example noticed -- --json rescue     # the samples of how late, for a figure
//! cargo run --release --example noticed -- --json threads    # how many threads there are, over time
//! ```

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use reference_runtime::task::yield_now;
use reference_runtime::time::sleep_until;
use reference_runtime::{Builder, Runtime};
use serde_json::{Value, json};

const WORKERS: usize = 2;
const MAX_THREADS: usize = 128;
/// Tasks that are in the way of the heartbeat.
const HOGS: usize = 64;
/// How long each of their polls takes.
const POLL: Duration = Duration::from_millis(20);
const BEAT: Duration = Duration::from_millis(1);

/// What the monitor does.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Off,
    Forgets,
    Learns,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Off, Mode::Forgets, Mode::Learns];

    fn name(self) -> &'static str {
        match self {
            Mode::Off => "the monitor is off",
            Mode::Forgets => "the monitor forgets",
            Mode::Learns => "the monitor learns",
        }
    }

    fn runtime(self) -> Result<Runtime, Box<dyn Error>> {
        self.runtime_with(&mut Builder::new())
    }

    fn runtime_with(self, builder: &mut Builder) -> Result<Runtime, Box<dyn Error>> {
        builder.worker_threads(WORKERS).max_threads(MAX_THREADS).learn(self == Mode::Learns);
        if self == Mode::Off {
            builder.handoff_after(None);
        }
        Ok(builder.build()?)
    }
}

// ANCHOR: storm
/// So many tasks block at the same time.
fn storm(runtime: &Runtime, tasks: u32, each: Duration) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks).map(|_| runtime.spawn(async move { thread::sleep(each) })).collect();
    for task in tasks {
        runtime.block_on(task);
    }
    start.elapsed()
}
// ANCHOR_END: storm

/// What became of a task that wakes each millisecond, and of those in its way.
struct Heartbeat {
    /// How late each beat came, in order of length.
    late: Vec<Duration>,
    /// The time that the others spent in polls, per worker and time.
    work: f64,
}

// ANCHOR: heartbeat
/// A task wakes each millisecond, beside tasks whose polls take twenty.
fn heartbeat(runtime: &Runtime, hog: fn(), length: Duration) -> Heartbeat {
    let (is_over, polls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let spawn_hog = |_| {
        let (is_over, polls) = (Arc::clone(&is_over), Arc::clone(&polls));
        runtime.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                hog();
                polls.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        })
    };
    let hogs: Vec<_> = (0..HOGS).map(spawn_hog).collect();
    let beats = runtime.spawn(async move {
        let (start, mut late) = (Instant::now(), Vec::new());
        while start.elapsed() < length {
            let due = Instant::now() + BEAT;
            sleep_until(due).await;
            late.push(due.elapsed());
        }
        late
    });
    let start = Instant::now();
    let mut late = runtime.block_on(beats);
    let worked = POLL * polls.load(Ordering::Relaxed);
    let work = worked.as_secs_f64() / start.elapsed().as_secs_f64() / WORKERS as f64;
    is_over.store(true, Ordering::Relaxed);
    for hog in hogs {
        runtime.block_on(hog);
    }
    late.sort_unstable();
    Heartbeat { late, work }
}
// ANCHOR_END: heartbeat

impl Heartbeat {
    /// This share of the beats came no later.
    fn late_by(&self, share: f64) -> Duration {
        self.late[((self.late.len() - 1) as f64 * share) as usize]
    }
}

fn compute() {
    let start = Instant::now();
    while black_box(start.elapsed()) < POLL {}
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--json") {
        let data = match arguments.get(at + 1).map(String::as_str) {
            Some("rescue") => rescue()?,
            Some("threads") => threads()?,
            _ => return Err("behind --json stands rescue or threads".into()),
        };
        println!("{data}");
        return Ok(());
    }
    show()
}

fn show() -> Result<(), Box<dyn Error>> {
    let is_quick = env::args().any(|argument| argument == "--quick");
    let (many, length) =
        if is_quick { (200, Duration::from_millis(200)) } else { (1_000, Duration::from_secs(5)) };
    println!("{WORKERS} workers, at most {MAX_THREADS} threads; all times in ms\n");
    println!("{:<45} {:>12} {:>15} {:>15}", "the monitor", "is off", "forgets", "learns");
    let mut rows: [(String, Vec<String>); 8] = [
        "40 tasks block for 50 ms, the first time".into(),
        "  once more".into(),
        "  threads at the peak".into(),
        format!("{many} tasks block for 10 ms"),
        format!("a beat of 1 ms, {HOGS} sleeping: late by, p50"),
        "  p99".into(),
        format!("a beat of 1 ms, {HOGS} computing: late by, p99"),
        "  their work, of what the workers could do".into(),
    ]
    .map(|name| (name, Vec::new()));
    for mode in Mode::ALL {
        let mut figures = Vec::new();
        let runtime = mode.runtime()?;
        let fifty = Duration::from_millis(50);
        figures.push(milliseconds(storm(&runtime, 40, fifty)));
        figures.push(milliseconds(storm(&runtime, 40, fifty)));
        figures.push(runtime.metrics().peak_threads().to_string());
        drop(runtime);
        figures.push(milliseconds(storm(&mode.runtime()?, many, Duration::from_millis(10))));
        let beside_sleepers = heartbeat(&mode.runtime()?, || thread::sleep(POLL), length);
        figures.extend([0.5, 0.99].map(|share| milliseconds(beside_sleepers.late_by(share))));
        let beside_loops = heartbeat(&mode.runtime()?, compute, length);
        figures.push(milliseconds(beside_loops.late_by(0.99)));
        figures.push(format!("{:.0} %", beside_loops.work * 100.0));
        for ((_, row), figure) in rows.iter_mut().zip(figures) {
            row.push(figure);
        }
    }
    for (name, figures) in rows {
        println!("{name:<45} {:>12} {:>15} {:>15}", figures[0], figures[1], figures[2]);
    }
    Ok(())
}

/// Runs of a storm, and the most samples of a heartbeat, for a figure.
const RUNS: usize = 7;
const SAMPLES: usize = 300;
/// What the figure of threads shows, and how long a thread without work is kept there.
const SHOWN: Duration = Duration::from_millis(200);
const BETWEEN: Duration = Duration::from_millis(5);
const KEPT: Duration = Duration::from_millis(50);

fn rescue() -> Result<Value, Box<dyn Error>> {
    let length = Duration::from_secs(5);
    let [mut storms, mut sleepers, mut loops] = [const { Vec::new() }; 3];
    for mode in Mode::ALL {
        let point = |points: &mut Vec<Value>, times: &[Duration]| {
            let ms = |time: &Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
            // Of what is in order, each so many-th; so the shares stay.
            let samples: Vec<f64> = times.iter().step_by(times.len().div_ceil(SAMPLES)).map(ms).collect();
            points.push(json!({ "label": mode.name(), "samples": samples }));
        };
        let storm = |_| Ok(storm(&mode.runtime()?, 40, Duration::from_millis(50)));
        let first: Vec<Duration> = (0..RUNS).map(storm).collect::<Result<_, Box<dyn Error>>>()?;
        point(&mut storms, &first);
        point(&mut sleepers, &heartbeat(&mode.runtime()?, || thread::sleep(POLL), length).late);
        point(&mut loops, &heartbeat(&mode.runtime()?, compute, length).late);
    }
    Ok(json!({
        "title": "How long the others wait, with and without a monitor",
        "unit": "ms",
        "x": "",
        "series": [
            { "name": "40 tasks block for 50 ms at once, the first time: all are done after", "points": storms },
            { "name": "a beat of 1 ms beside 64 tasks that sleep: late by", "points": sleepers },
            { "name": "a beat of 1 ms beside 64 tasks that compute: late by", "points": loops },
        ],
    }))
}

fn threads() -> Result<Value, Box<dyn Error>> {
    let mut series = Vec::new();
    for mode in [Mode::Learns, Mode::Off] {
        let runtime = mode.runtime_with(Builder::new().thread_keep_alive(KEPT))?;
        let start = Instant::now();
        let sleep = || runtime.spawn(async { thread::sleep(Duration::from_millis(50)) });
        let tasks: Vec<_> = (0..40).map(|_| sleep()).collect();
        let mut points = Vec::new();
        let mut at = Duration::ZERO;
        while at <= SHOWN {
            thread::sleep(at.saturating_sub(start.elapsed()));
            points.push(json!({ "x": at.as_millis() as u64, "samples": [runtime.metrics().threads()] }));
            at += BETWEEN;
        }
        for task in tasks {
            runtime.block_on(task);
        }
        series.push(json!({ "name": mode.name(), "points": points }));
    }
    Ok(json!({
        "title": "Threads while forty tasks block for 50 ms, and after",
        "unit": "threads of the runtime",
        "x": "time since the tasks were spawned, ms",
        "series": series,
    }))
}
