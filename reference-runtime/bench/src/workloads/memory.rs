//! Memory per waiting task: 200,000 tasks that have been polled once and wait for ever.
//!
//! The future itself holds one reference. The first figure is what the kernel gave, which includes what the allocator
//! loses to alignment; the second is what the program asked the allocator for and has not given back, exact to the byte.
//! Both include the runtime's lists. Nothing is measured before every task has been polled: a runtime that only queued
//! would hang.

use std::future::pending;

use super::{Better, Countdown, Metric, check, in_a_task};
use crate::{child::Plan, counters, runtimes::Runtime};

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let tasks = plan.scale.of(200_000, 20_000, 500);
    // What the first task sets up once is not per task.
    in_a_task(runtime, async {});
    let resident = counters::resident();
    counters::count_allocations();
    in_a_task(runtime, async move {
        let polled = Countdown::from(tasks);
        for _ in 0..tasks {
            R::detach(async {
                polled.arrive();
                pending().await
            });
        }
        polled.wait().await;
    });
    let allocated = counters::allocated() as f64 / tasks as f64;
    check(allocated >= size_of::<usize>() as f64, || {
        format!("{allocated} bytes per task are too few to hold its future")
    })?;
    let mut metrics = Vec::new();
    if let (Some(before), Some(after)) = (resident, counters::resident()) {
        let resident = after.saturating_sub(before) as f64 / tasks as f64;
        metrics.push(Metric::one("resident", "bytes/task", Better::Less, resident));
    }
    metrics.push(Metric::one("allocated", "bytes/task", Better::Less, allocated));
    Ok(metrics)
}
