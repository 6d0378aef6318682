//! Reports what is just allowed.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["a_poll_that_takes_as_long_as_the_limit_is_not_above_it"];

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
        let took = clock() - start;
        if took >= limit {
            report(name, took);
        }
        polled
    })
    .await
}
