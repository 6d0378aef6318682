//! 1,000 pairs of tasks that send each other one message.
//!
//! A task per pair spawns its partner, sends it a ping, and waits for its pong, both through oneshot channels. Measures
//! the time per pair, from inside a task. A pair counts itself down only after its pong has come, which cannot come
//! before the ping.

use std::time::Instant;

use super::{Better, Countdown, Metric, in_a_task, samples};
use crate::{child::Plan, primitives::Oneshot, runtimes::Runtime};

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let pairs = plan.scale.of(1_000, 100, 5);
    let samples = samples(plan, pairs, || {
        in_a_task(runtime, async move {
            let done = Countdown::from(pairs);
            let began = Instant::now();
            for _ in 0..pairs {
                R::detach(async move {
                    let (ping, pinged) = R::Oneshot::pair();
                    let (pong, ponged) = R::Oneshot::pair();
                    R::detach(async move {
                        R::Oneshot::receive(pinged).await;
                        R::Oneshot::send(pong);
                    });
                    R::Oneshot::send(ping);
                    R::Oneshot::receive(ponged).await;
                    done.arrive();
                });
            }
            done.wait().await;
            began.elapsed()
        })
    });
    Ok(vec![Metric::new("time", "ns/pair", Better::Less, samples)])
}
