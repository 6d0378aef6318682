//! A clock read before each poll and one after it: the future is pinned here, so nothing needs a type of its own.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

/// A future that does what `future` does, and reports each of its polls that takes longer than `limit`.
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
        // With the caller's own context: the inner future must see the waker of this very poll.
        let polled = future.as_mut().poll(cx);
        let took = clock() - start;
        if took > limit {
            report(name, took);
        }
        polled
    })
    .await
}
