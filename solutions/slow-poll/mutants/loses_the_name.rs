//! Names the type of the future, which tells one task from another only if they differ.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

pub const FAILS: &[&str] = &["a_slow_poll_is_reported_with_its_name_and_its_length"];

pub async fn watched<F: Future>(
    _name: &str,
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
            report(std::any::type_name::<F>(), took);
        }
        polled
    })
    .await
}
