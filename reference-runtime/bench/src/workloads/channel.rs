//! Messages through one bounded channel: one sender and one receiver, many and one, many and many.
//!
//! The capacity is 100. Measures the time per message, from inside a task, until the channel has been drained. Each
//! message is a number of its own, and the receivers' sums are checked.

use std::time::Instant;

use super::{Better, Metric, check, in_a_task, samples};
use crate::{
    child::Plan,
    primitives::{Channel, Receiver, Sender},
    runtimes::Runtime,
};

const CAPACITY: usize = 100;

pub(super) fn run<R: Runtime>(
    runtime: &R,
    plan: &Plan,
    senders: usize,
    receivers: usize,
) -> Result<Vec<Metric>, String> {
    let total = plan.scale.of(100_000, 10_000, 200) / senders * senders;
    let each = total / senders;
    let expected: u64 = (0..total as u64).sum();
    let mut wrong = None;
    let samples = samples(plan, total, || {
        let (time, sum) = in_a_task(runtime, async move {
            let began = Instant::now();
            if receivers == 1 {
                let (sender, receiver) = R::Channel::bounded(CAPACITY);
                send_all::<R, R::Channel>(sender, senders, each);
                let sum = receive_all(receiver).await;
                return (began.elapsed(), sum);
            }
            let (sender, receiver) = R::Shared::bounded(CAPACITY);
            send_all::<R, R::Shared>(sender, senders, each);
            let receiving: Vec<_> = (0..receivers).map(|_| R::spawn(receive_all(receiver.clone()))).collect();
            let mut sum = 0;
            for received in receiving {
                sum += received.await;
            }
            (began.elapsed(), sum)
        });
        if sum != expected {
            wrong = Some(sum);
        }
        time
    });
    check(wrong.is_none(), || format!("the messages have added up to {wrong:?} instead of {expected}"))?;
    Ok(vec![Metric::new("time", "ns/message", Better::Less, samples)])
}

fn send_all<R: Runtime, C: Channel>(sender: C::Sender, senders: usize, each: usize) {
    for index in 0..senders {
        let mut sender = sender.clone();
        R::detach(async move {
            for number in index * each..(index + 1) * each {
                sender.send(number as u64).await;
            }
        });
    }
}

async fn receive_all(mut receiver: impl Receiver) -> u64 {
    let mut sum = 0;
    while let Some(number) = receiver.receive().await {
        sum += number;
    }
    sum
}
