//! Chapter 2, exercise `join2`: a future that polls others.
//!
//! Write [`join2`]. It is `join_all` of the chapter for two futures of different types, and it keeps one promise more:
//! who is done does not stay. [`std::future::poll_fn`] and [`std::pin::pin`] are all it takes.
//!
//! Grade it with `cargo test -p join2`.

use std::future::Future;

/// Runs both at once, and gives both outputs. It promises that
///
/// - each poll polls every one of the two that is not done, and passes its own waker on,
/// - the poll in which the last of them is ready is ready,
/// - one that is done is not polled again, and is dropped before the next poll of the other, and
/// - it calls no waker itself: they know whom they wait for.
pub async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    drop((a, b));
    todo!("poll both until both are done")
}
