//! 200 tasks that each yield 1,000 times.
//!
//! Measures the time per yield. A runtime could win by letting a task that yields run again at once, which is no yield.
//! So a second pass, not timed, has every task keep its step where the others see it, and reports how far one ever was
//! ahead of another: 1 is perfectly fair, 1,000 is no yield at all. With several threads some lead is honest, as each
//! thread goes round its own queue.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use super::{Better, Countdown, Metric, check, in_a_task, samples};
use crate::{child::Plan, runtimes::Runtime};

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let tasks = plan.scale.of(200, 50, 5);
    let yields = plan.scale.of(1_000, 200, 10);
    let samples = samples(plan, tasks * yields, || {
        in_a_task(runtime, async move {
            let done = Countdown::from(tasks);
            let began = Instant::now();
            for _ in 0..tasks {
                R::detach(async move {
                    for _ in 0..yields {
                        R::yield_now().await;
                    }
                    done.arrive();
                });
            }
            done.wait().await;
            began.elapsed()
        })
    });
    let lead = lead(runtime, tasks, yields)?;
    Ok(vec![
        Metric::new("time", "ns/yield", Better::Less, samples),
        Metric::one("most steps ahead of another task", "steps", Better::Neither, lead as f64),
    ])
}

/// How many steps a task ever was ahead of another one that had begun.
fn lead<R: Runtime>(runtime: &R, tasks: usize, yields: usize) -> Result<usize, String> {
    let steps: &'static [AtomicUsize] = Vec::leak((0..tasks).map(|_| AtomicUsize::new(0)).collect());
    let most: &'static AtomicUsize = Box::leak(Box::default());
    in_a_task(runtime, async move {
        let begun = Countdown::from(tasks);
        let done = Countdown::from(tasks);
        for own in 0..tasks {
            R::detach(async move {
                begun.arrive();
                for step in 1..=yields {
                    // Relaxed: each is a count of its own, and a stale one makes the lead look worse, not better.
                    steps[own].store(step, Ordering::Relaxed);
                    let least = steps.iter().map(|step| step.load(Ordering::Relaxed)).min().unwrap_or(0);
                    if least > 0 {
                        most.fetch_max(step.saturating_sub(least), Ordering::Relaxed);
                    }
                    R::yield_now().await;
                }
                done.arrive();
            });
        }
        begun.wait().await;
        done.wait().await;
    });
    let finished = steps.iter().all(|step| step.load(Ordering::Relaxed) == yields);
    check(finished, || "a task has ended before its last yield".to_owned())?;
    Ok(most.load(Ordering::Relaxed))
}
