//! 64 tasks of one type, of whose polls one in 10, 100 or 1,000 blocks for 20 ms and the others compute for some 10 µs.
//!
//! This is the case in which what was learned about a type is mostly wrong. Measures the polls per second of all tasks
//! together, which a runtime that sent all polls to slow lanes would lose, and the lateness of a 1 ms ticker beside
//! them, which one that learned nothing would lose. Which poll blocks is fixed by a count, the same for all.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use super::{
    Better, Metric, heartbeat,
    hog::{self, Board, TURN},
    in_a_task,
};
use crate::{child::Plan, counters, runtimes::Runtime, stats::percentile};

const TASKS: u64 = 64;
/// A short poll is so much shorter than a [`TURN`].
const SHORT: u64 = 2_000;

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan, one_in: u64) -> Result<Vec<Metric>, String> {
    let phase = plan.scale.of(Duration::from_secs(3), Duration::from_secs(1), Duration::from_millis(150));
    let tasks = plan.scale.of(TASKS, TASKS, 3);
    let board = Board::new();
    let steps = plan.steps_per_turn / SHORT;
    for task in 0..tasks {
        runtime.detach_from_outside(async move {
            // Spread evenly, so that the tasks do not all block at once.
            let mut polls = task * one_in / tasks;
            while !board.is_over.load(Ordering::Relaxed) {
                polls += 1;
                if polls.is_multiple_of(one_in) {
                    thread::sleep(TURN);
                } else {
                    hog::compute(steps);
                }
                board.turns.fetch_add(1, Ordering::Relaxed);
                R::yield_now().await;
            }
        });
    }
    in_a_task(runtime, heartbeat::ticker::<R>(phase / 2));
    let before = board.turns();
    let began = Instant::now();
    let lateness = in_a_task(runtime, heartbeat::ticker::<R>(phase));
    let polls = (board.turns() - before) as f64 / began.elapsed().as_secs_f64();
    board.is_over.store(true, Ordering::Relaxed);
    let mut metrics = vec![
        Metric::one("polls", "1/s", Better::More, polls),
        Metric::one("lateness p99", "ms", Better::Less, percentile(&lateness, 99.0)),
        Metric::one("lateness p50", "ms", Better::Less, percentile(&lateness, 50.0)),
        Metric::one("lateness, most", "ms", Better::Less, percentile(&lateness, 100.0)),
    ];
    let threads = runtime.peak_threads().or_else(counters::threads);
    metrics.extend(threads.map(|threads| Metric::one("threads", "threads", Better::Neither, threads as f64)));
    Ok(metrics)
}
