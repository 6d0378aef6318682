//! Has a slow task polled again at once, to look at it more closely.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["watching_adds_no_wake"];

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
        if took > limit {
            report(name, took);
            cx.waker().wake_by_ref();
        }
        polled
    })
    .await
}
