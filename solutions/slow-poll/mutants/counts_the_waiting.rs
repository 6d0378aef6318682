//! Measures from the end of the poll before.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["the_time_between_two_polls_does_not_count"];

pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    mut report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let mut future = pin!(future);
    let mut last = clock();
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        let now = clock();
        if now - last > limit {
            report(name, now - last);
        }
        last = now;
        polled
    })
    .await
}
