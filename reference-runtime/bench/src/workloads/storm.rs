//! 40 tasks that each block their thread for 50 ms, all spawned at once: directly, and through `spawn_blocking`.
//!
//! Measures the time until the last one is done; 50 ms is ideal. The first storm of the process is a figure of its own,
//! as later ones find the threads, and what was learned. Every task checks that it did sleep. The most threads there
//! were is shown, since more of them is what the time is bought with.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Better, Countdown, Metric};
use crate::{child::Plan, counters, runtimes::Runtime};

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan, is_offloaded: bool) -> Result<Vec<Metric>, String> {
    let tasks = plan.scale.of(40, 40, 4);
    let pause = plan.scale.of(Duration::from_millis(50), Duration::from_millis(50), Duration::from_millis(5));
    // Threads that start with the runtime are no part of a storm.
    super::in_a_task(runtime, async {});
    let first = storm(runtime, tasks, pause, is_offloaded);
    let mut warm = Vec::new();
    for _ in 0..plan.samples {
        warm.push(storm(runtime, tasks, pause, is_offloaded));
    }
    let mut metrics = vec![
        Metric::new("warm", "ms", Better::Less, warm),
        Metric::one("first of the process", "ms", Better::Less, first),
    ];
    let threads = runtime.peak_threads().or_else(counters::threads);
    metrics.extend(threads.map(|threads| Metric::one("threads", "threads", Better::Neither, threads as f64)));
    Ok(metrics)
}

fn storm<R: Runtime>(runtime: &R, tasks: usize, pause: Duration, is_offloaded: bool) -> f64 {
    let began = Instant::now();
    runtime.block_on(async {
        let done = Countdown::from(tasks);
        for _ in 0..tasks {
            runtime.detach_from_outside(async move {
                let block = move || {
                    let began = Instant::now();
                    thread::sleep(pause);
                    assert!(began.elapsed() >= pause, "the system's sleep is too short");
                };
                if is_offloaded {
                    R::spawn_blocking(block).await;
                } else {
                    block();
                }
                done.arrive();
            });
        }
        done.wait().await;
    });
    began.elapsed().as_secs_f64() * 1e3
}
