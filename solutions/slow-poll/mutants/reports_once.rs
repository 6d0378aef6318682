//! Is content with the first slow poll.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["every_slow_poll_is_reported"];

pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    mut report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let mut future = pin!(future);
    let mut is_known = false;
    poll_fn(|cx| {
        let start = clock();
        let polled = future.as_mut().poll(cx);
        let took = clock() - start;
        if took > limit && !is_known {
            report(name, took);
            is_known = true;
        }
        polled
    })
    .await
}
