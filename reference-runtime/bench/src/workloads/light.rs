//! Blocking calls that are short: 10,000 reads of a file that the system has in memory, some 2 µs each.
//!
//! The first row reads it in a task each and in a loop inside one task, in turns in the same process, so that the ratio
//! of the two is the price of detection and of a task. The second sends each read through `spawn_blocking`. The third
//! calls `block_in_place` around next to nothing: it costs what a hint costs. Every read must give the file's length,
//! and `black_box` keeps the closure of the third.

use std::{
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use super::{Better, Countdown, Metric, in_a_task, samples};
use crate::{child::Plan, runtimes::Runtime};

/// A file with a page of text, always there and small: the package's own list of dependencies.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

fn read(length: usize) {
    let bytes = fs::read(Path::new(FILE)).expect("the file was read before");
    assert_eq!(bytes.len(), length, "the file has changed");
}

fn length() -> Result<usize, String> {
    fs::read(FILE)
        .map(|bytes| bytes.len())
        .map_err(|error| format!("cannot read the package's Cargo.toml: {error}"))
}

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let reads = plan.scale.of(10_000, 1_000, 20);
    let length = length()?;
    let (mut in_tasks, mut in_a_loop) = (Vec::new(), Vec::new());
    for sample in 0..=plan.samples {
        let tasks = in_a_task(runtime, async move {
            let done = Countdown::from(reads);
            let began = Instant::now();
            for _ in 0..reads {
                R::detach(async move {
                    read(length);
                    done.arrive();
                });
            }
            done.wait().await;
            began.elapsed()
        });
        let looped = in_a_task(runtime, async move {
            let began = Instant::now();
            for _ in 0..reads {
                read(length);
            }
            began.elapsed()
        });
        // The first turn is the warm-up.
        if sample > 0 {
            in_tasks.push(tasks.as_nanos() as f64 / reads as f64);
            in_a_loop.push(looped.as_nanos() as f64 / reads as f64);
        }
    }
    let ratios = in_tasks.iter().zip(&in_a_loop).map(|(tasks, looped)| tasks / looped).collect();
    Ok(vec![
        Metric::new("a task each", "ns/read", Better::Less, in_tasks),
        Metric::new("a loop in one task", "ns/read", Better::Less, in_a_loop),
        Metric::new("tasks over loop", "x", Better::Neither, ratios),
    ])
}

pub(super) fn run_offloaded<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let reads = plan.scale.of(10_000, 1_000, 20);
    let length = length()?;
    let samples = samples(plan, reads, || {
        in_a_task(runtime, async move {
            let done = Countdown::from(reads);
            let began = Instant::now();
            for _ in 0..reads {
                R::detach(async move {
                    R::spawn_blocking(move || read(length)).await;
                    done.arrive();
                });
            }
            done.wait().await;
            began.elapsed()
        })
    });
    Ok(vec![Metric::new("time", "ns/read", Better::Less, samples)])
}

pub(super) fn run_in_place<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let calls = plan.scale.of(100_000, 10_000, 100);
    let samples = samples(plan, calls, || {
        in_a_task(runtime, async move {
            let loops = time(calls, |call| call);
            let in_place = time(calls, |call| R::block_in_place(|| black_box(call)));
            in_place.saturating_sub(loops)
        })
    });
    Ok(vec![Metric::new("time beyond the call", "ns/call", Better::Less, samples)])
}

fn time(calls: usize, mut call: impl FnMut(usize) -> usize) -> Duration {
    let began = Instant::now();
    for number in 0..calls {
        black_box(call(black_box(number)));
    }
    began.elapsed()
}
