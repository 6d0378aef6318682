//! A task that sleeps for 1 ms again and again, beside hogs that each hold their thread for 20 ms at a time.
//!
//! Lateness is the time from the moment that was asked for to the moment the task runs. A first phase lets the runtime
//! find out what the hogs do, and has a figure of its own; then lateness is measured at p50, p99 and at worst.
//! A runtime could make the ticker punctual by starving the hogs, or by adding threads: so their turns are counted, with
//! the ticker and in a third phase without it, and the most threads there were is shown. What computing hogs do is fixed
//! work, see [`hog`].

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{
    Better, Metric, check,
    hog::{self, Board, Kind},
    in_a_task,
};
use crate::{child::Plan, counters, runtimes::Runtime, stats::percentile};

const BEAT: Duration = Duration::from_millis(1);

pub(super) fn run<R: Runtime>(
    runtime: &R,
    plan: &Plan,
    hogs: usize,
    kind: Kind,
) -> Result<Vec<Metric>, String> {
    let phase = plan.scale.of(Duration::from_secs(3), Duration::from_secs(1), Duration::from_millis(150));
    let hogs = if plan.scale.is_tiny() { hogs.min(2) } else { hogs };
    let board = Board::new();
    for _ in 0..hogs {
        hog::spawn(runtime, board, kind, plan.steps_per_turn);
    }
    let learning = in_a_task(runtime, ticker::<R>(phase / 2));
    let before = board.turns();
    let began = Instant::now();
    let lateness = in_a_task(runtime, ticker::<R>(phase));
    let beside = (board.turns() - before) as f64 / began.elapsed().as_secs_f64();
    check(!lateness.is_empty(), || "the ticker has not ticked once".to_owned())?;
    let mut metrics = vec![
        Metric::one("lateness p99", "ms", Better::Less, percentile(&lateness, 99.0)),
        Metric::one("lateness p50", "ms", Better::Less, percentile(&lateness, 50.0)),
        Metric::one("lateness, most", "ms", Better::Less, percentile(&lateness, 100.0)),
        Metric::one("ticks", "1/s", Better::More, lateness.len() as f64 / phase.as_secs_f64()),
        Metric::one("lateness p99 while it learns", "ms", Better::Less, percentile(&learning, 99.0)),
    ];
    if hogs > 0 {
        let alone = alone(runtime, board, phase);
        metrics.push(Metric::one("hogs' turns", "1/s", Better::More, beside));
        metrics.push(Metric::one("hogs' turns without the ticker", "1/s", Better::Neither, alone));
    }
    let threads = runtime.peak_threads().or_else(counters::threads);
    metrics.extend(threads.map(|threads| Metric::one("threads", "threads", Better::Neither, threads as f64)));
    board.is_over.store(true, Ordering::Relaxed);
    Ok(metrics)
}

/// The hogs' turns per second while nothing else is asked of the runtime.
fn alone<R: Runtime>(runtime: &R, board: &'static Board, phase: Duration) -> f64 {
    let before = board.turns();
    let began = Instant::now();
    // A runtime that lives in `block_on` runs its tasks only there; on the others this waits for the last of few polls.
    runtime.block_on(super::until(phase));
    (board.turns() - before) as f64 / began.elapsed().as_secs_f64()
}

/// Sleeps beat by beat for `phase`, and returns how late each wake-up was, in milliseconds, in order.
pub(super) async fn ticker<R: Runtime>(phase: Duration) -> Vec<f64> {
    let end = Instant::now() + phase;
    let mut lateness = Vec::new();
    while Instant::now() < end {
        let due = Instant::now() + BEAT;
        R::sleep(BEAT).await;
        lateness.push(due.elapsed().as_secs_f64() * 1e3);
    }
    lateness.sort_by(f64::total_cmp);
    lateness
}
