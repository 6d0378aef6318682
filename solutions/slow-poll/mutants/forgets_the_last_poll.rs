//! Leaves before it measures once the future is ready.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["the_last_poll_is_measured_too"];

pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    mut report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let start = clock();
        let polled = future.as_mut().poll(cx);
        if polled.is_ready() {
            return polled;
        }
        let took = clock() - start;
        if took > limit {
            report(name, took);
        }
        polled
    })
    .await
}
