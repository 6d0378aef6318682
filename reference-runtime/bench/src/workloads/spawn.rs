//! Spawning 10,000 empty tasks, from a thread outside of the runtime and from one of its tasks.
//!
//! Measures the time from the first `spawn` to the end of the last task, per task. Each task counts itself down when it
//! runs, so a spawn that only queues gains nothing, and a task that runs twice is an error. Nobody joins the tasks:
//! where a handle's drop would cancel, the runtime's own way to detach is used.

use std::time::Instant;

use super::{Better, Countdown, Metric, in_a_task, samples};
use crate::{child::Plan, runtimes::Runtime};

pub(super) fn from_outside<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let tasks = plan.scale.of(10_000, 1_000, 20);
    let samples = samples(plan, tasks, || {
        let done = Countdown::from(tasks);
        let began = Instant::now();
        for _ in 0..tasks {
            runtime.detach_from_outside(async { done.arrive() });
        }
        runtime.block_on(done.wait());
        began.elapsed()
    });
    Ok(vec![Metric::new("time", "ns/task", Better::Less, samples)])
}

pub(super) fn from_inside<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let tasks = plan.scale.of(10_000, 1_000, 20);
    let samples = samples(plan, tasks, || {
        in_a_task(runtime, async move {
            let done = Countdown::from(tasks);
            let began = Instant::now();
            for _ in 0..tasks {
                R::detach(async { done.arrive() });
            }
            done.wait().await;
            began.elapsed()
        })
    });
    Ok(vec![Metric::new("time", "ns/task", Better::Less, samples)])
}
