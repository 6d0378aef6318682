//! Chapter 2, exercise `yield-now`: the shortest future that waits.
//!
//! Write [`yield_now`], with [`std::future::poll_fn`] or as a type of its own.
//!
//! Grade it with `cargo test -p yield-now`.

/// Lets every task that is waiting for its turn go first. It promises that
///
/// - its first poll is pending, and its second one is ready,
/// - the first poll has called its waker before it returns, and so keeps the contract,
/// - no waker is called otherwise, and
/// - each call keeps its own account, however many tasks are in the middle of one.
pub async fn yield_now() {
    todo!("be pending once")
}
