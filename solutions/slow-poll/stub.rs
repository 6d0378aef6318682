//! Chapter 6, exercise `slow-poll`: which polls of a future take too long?
//!
//! Write [`watched`]. The clock and the report are parameters, so that nothing here depends on how fast a machine is:
//! in a program they would be a clock of the system and a line in the log.
//!
//! Grade it with `cargo test -p slow-poll`.

use std::{future::Future, time::Duration};

/// A future that does what `future` does, and reports each of its polls that takes longer than `limit`.
///
/// It promises that
///
/// - a slow poll is reported with `name` and with how long it took, the last poll like any other,
/// - each poll is measured alone: neither the polls before it count nor the time in which nobody polled, and
/// - `future` is polled as if nobody watched: with the waker of each poll, and without a wake more or less.
pub async fn watched<F: Future>(
    name: &str,
    limit: Duration,
    clock: impl Fn() -> Duration,
    report: impl FnMut(&str, Duration),
    future: F,
) -> F::Output {
    let _ = (name, limit, clock, report, future);
    todo!("poll the future and measure each poll")
}
