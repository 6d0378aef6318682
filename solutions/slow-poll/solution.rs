//! A clock read before each poll and one after it: the future is pinned here, so nothing needs a type of its own.
//!
//! **Nothing that is measured outlives the poll in which it was measured.** Both readings are variables of the closure,
//! and the closure is the poll. A start that is kept in the future counts the time in which nobody polled, which is
//! waiting; a sum that is kept there makes a long life of short polls look like a slow one.
//!
//! The inner poll is in the middle, and its answer is returned as it is. A `?` or a match that returned early would
//! leave out the poll that ends the future, which is often the slow one: it is where the work after the last `.await`
//! is done.
//!
//! The context is handed on. A waker of our own could count wakes, but the inner future would then wake us and not the
//! task, and each wake would pass through here. `async` and `poll_fn` are enough because there is no state between two
//! polls; with state, a struct that implements `Future` says better what is kept.

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
