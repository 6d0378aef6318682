//! 100,000 tasks that sleep, and the same with half of the sleeps cancelled.
//!
//! Each task sleeps until a moment of its own, spread over a second by a fixed rule, and notes how late it was woken: one
//! that was woken early is an error. The figures are the lateness at p50 and p99, and processor time of the whole process
//! per sleep, the spawn included, so that neither precision can be bought with time nor time with precision.
//!
//! In the second row every other task sleeps for an hour and is cancelled, by dropping its sleep, once all of them
//! wait. A timer that is left behind would show as an hour of waiting.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use futures::{
    channel::oneshot,
    future::{Either, select},
};

use super::{Better, Countdown, Metric, check, in_a_task};
use crate::{child::Plan, counters::Usage, runtimes::Runtime, stats::percentile};

const HOUR: Duration = Duration::from_secs(3600);

/// When a task is woken, after the start: spread evenly over the second half of the time, in an order that has nothing
/// to do with that of the tasks.
fn due(index: usize, sleeps: usize, time: Duration) -> Duration {
    // A prime far larger than any number of tasks visits them all before it comes back.
    let place = (index as u64).wrapping_mul(2_654_435_761) % sleeps as u64;
    time / 2 + time.mul_f64(place as f64 / sleeps as f64 / 2.0)
}

/// Too early, which is never right.
const EARLY: u64 = u64::MAX;

fn lateness_since(deadline: Instant) -> u64 {
    match Instant::now().checked_duration_since(deadline) {
        Some(late) => late.as_nanos() as u64,
        None => EARLY,
    }
}

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let sleeps = plan.scale.of(100_000, 10_000, 200);
    let time = plan.scale.of(Duration::from_secs(2), Duration::from_secs(1), Duration::from_millis(100));
    in_a_task(runtime, async { R::sleep(Duration::from_millis(1)).await });
    let lateness = slots(sleeps);
    let before = Usage::now()?;
    in_a_task(runtime, async move {
        let done = Countdown::from(sleeps);
        let start = Instant::now();
        for (index, slot) in lateness.iter().enumerate() {
            R::detach(async move {
                let deadline = start + due(index, sleeps, time);
                R::sleep(deadline.saturating_duration_since(Instant::now())).await;
                slot.store(lateness_since(deadline), Ordering::Relaxed);
                done.arrive();
            });
        }
        done.wait().await;
    });
    figures(lateness.iter(), sleeps, Usage::since(before)?)
}

pub(super) fn run_cancelled<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let sleeps = plan.scale.of(100_000, 10_000, 200);
    let time = plan.scale.of(Duration::from_secs(2), Duration::from_secs(1), Duration::from_millis(100));
    in_a_task(runtime, async { R::sleep(Duration::from_millis(1)).await });
    let lateness = slots(sleeps);
    let before = Usage::now()?;
    let cancelled = in_a_task(runtime, async move {
        let done = Countdown::from(sleeps);
        let start = Instant::now();
        let mut cancels = Vec::with_capacity(sleeps / 2);
        for (index, slot) in lateness.iter().enumerate() {
            if index % 2 == 0 {
                R::detach(async move {
                    let deadline = start + due(index, sleeps, time);
                    R::sleep(deadline.saturating_duration_since(Instant::now())).await;
                    slot.store(lateness_since(deadline), Ordering::Relaxed);
                    done.arrive();
                });
                continue;
            }
            let (cancel, is_cancelled) = oneshot::channel::<()>();
            cancels.push(cancel);
            R::detach(async move {
                // Polled first, so that the timer is set before its end is looked at.
                let sleep = pin!(R::sleep(HOUR));
                if let Either::Right(_) = select(sleep, is_cancelled).await {
                    slot.store(0, Ordering::Relaxed);
                }
                done.arrive();
            });
        }
        // A quarter of the time: nothing is due before the half of it.
        R::sleep((start + time / 4).saturating_duration_since(Instant::now())).await;
        let cancelled = cancels.into_iter().filter_map(|cancel| cancel.send(()).ok()).count();
        done.wait().await;
        cancelled
    });
    check(cancelled == sleeps / 2, || format!("only {cancelled} sleeps could be cancelled"))?;
    check(lateness.iter().skip(1).step_by(2).all(|slot| slot.load(Ordering::Relaxed) == 0), || {
        "an hour was over within seconds".to_owned()
    })?;
    figures(lateness.iter().step_by(2), sleeps, Usage::since(before)?)
}

/// Where each task leaves how late it was: early until it has.
fn slots(sleeps: usize) -> &'static [AtomicU64] {
    Vec::leak((0..sleeps).map(|_| AtomicU64::new(EARLY)).collect())
}

fn figures<'a>(
    lateness: impl Iterator<Item = &'a AtomicU64>,
    sleeps: usize,
    used: Usage,
) -> Result<Vec<Metric>, String> {
    let lateness: Vec<u64> = lateness.map(|slot| slot.load(Ordering::Relaxed)).collect();
    check(!lateness.contains(&EARLY), || "a sleep was over early, or never".to_owned())?;
    let mut micros: Vec<f64> = lateness.iter().map(|&nanos| nanos as f64 / 1e3).collect();
    micros.sort_by(f64::total_cmp);
    Ok(vec![
        Metric::one("lateness p50", "µs", Better::Less, percentile(&micros, 50.0)),
        Metric::one("lateness p99", "µs", Better::Less, percentile(&micros, 99.0)),
        Metric::one("CPU", "µs/sleep", Better::Less, used.cpu.as_secs_f64() * 1e6 / sleeps as f64),
    ])
}
