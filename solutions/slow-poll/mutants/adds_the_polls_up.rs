//! Compares the time of all polls together with the limit of one.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &[
    "a_slow_poll_is_reported_with_its_name_and_its_length",
    "many_short_polls_are_not_a_long_one",
    "every_slow_poll_is_reported",
    "the_last_poll_is_measured_too",
];

pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    mut report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let mut future = pin!(future);
    let mut total = Duration::ZERO;
    poll_fn(|cx| {
        let start = clock();
        let polled = future.as_mut().poll(cx);
        total += clock() - start;
        if total > limit {
            report(name, total);
        }
        polled
    })
    .await
}
