//! A chain of 1,000 tasks: each spawns the next and ends.
//!
//! Measures the time per link, from inside a task. There is never more than one task to run, so this is the way of one
//! task through the scheduler, and a second worker that wakes up for it is pure loss. The last link alone ends the run,
//! and it is spawned by the one before it.

use std::time::Instant;

use super::{Better, Countdown, Metric, in_a_task, samples};
use crate::{child::Plan, runtimes::Runtime};

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let links = plan.scale.of(1_000, 200, 10);
    let samples = samples(plan, links, || {
        in_a_task(runtime, async move {
            let done = Countdown::from(1);
            let began = Instant::now();
            link::<R>(links, done);
            done.wait().await;
            began.elapsed()
        })
    });
    Ok(vec![Metric::new("time", "ns/link", Better::Less, samples)])
}

fn link<R: Runtime>(left: usize, done: &'static Countdown) {
    if left == 0 {
        done.arrive();
        return;
    }
    R::detach(async move { link::<R>(left - 1, done) });
}
