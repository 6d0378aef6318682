//! Polls the inner future with the waker of the first poll.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Context,
    time::Duration,
};

pub const FAILS: &[&str] = &["the_inner_future_gets_the_waker_of_each_poll"];

pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    mut report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let mut future = pin!(future);
    let mut first = None;
    poll_fn(|cx| {
        let waker = first.get_or_insert_with(|| cx.waker().clone());
        let start = clock();
        let polled = future.as_mut().poll(&mut Context::from_waker(waker));
        let took = clock() - start;
        if took > limit {
            report(name, took);
        }
        polled
    })
    .await
}
