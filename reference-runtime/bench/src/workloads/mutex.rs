//! Tasks that lock and unlock one async mutex in a loop: 10 x 1,000 and 1 x 10,000.
//!
//! The shape is that of async-std's announcement. Measures the time per lock, from inside a task. Each lock adds one
//! under the guard, and the sum is checked.

use std::{sync::Arc, time::Instant};

use super::{Better, Countdown, Metric, check, in_a_task, samples};
use crate::{child::Plan, primitives::Lock, runtimes::Runtime};

pub(super) fn run<R: Runtime>(
    runtime: &R,
    plan: &Plan,
    tasks: usize,
    locks: usize,
) -> Result<Vec<Metric>, String> {
    let locks = plan.scale.of(locks, locks / 10, 10);
    let mut wrong = None;
    let samples = samples(plan, tasks * locks, || {
        let (time, sum) = in_a_task(runtime, async move {
            let mutex = Arc::new(R::Mutex::new());
            let done = Countdown::from(tasks);
            let began = Instant::now();
            for _ in 0..tasks {
                let mutex = Arc::clone(&mutex);
                R::detach(async move {
                    for _ in 0..locks {
                        *mutex.lock().await += 1;
                    }
                    done.arrive();
                });
            }
            done.wait().await;
            (began.elapsed(), *mutex.lock().await)
        });
        if sum != (tasks * locks) as u64 {
            wrong = Some(sum);
        }
        time
    });
    check(wrong.is_none(), || format!("{tasks} x {locks} locks have added up to {wrong:?}"))?;
    Ok(vec![Metric::new("time", "ns/lock", Better::Less, samples)])
}
