//! Chapter 1, exercise `block-on`: how does sync code wait for async code?
//!
//! Write [`block_on`]. The standard library is all it takes: a [`std::task::Waker`] can be made of any
//! `Arc<impl std::task::Wake>`, and [`std::thread::park`] puts this thread to sleep until somebody calls
//! [`std::thread::Thread::unpark`] on it.
//!
//! Grade it with `cargo test -p block-on`.

use std::future::Future;

/// Runs `future` on this thread until it is ready, and returns its value.
///
/// It promises that
///
/// - the future is polled once to begin with, and then only after somebody called the waker of its last poll,
/// - no wake is lost: not one that comes during a poll, and not one that comes just before the thread sleeps,
/// - the thread sleeps while there is nothing to do, and
/// - the future may do as it likes inside a poll: park this thread, unpark it, or call `block_on` itself.
pub fn block_on<F: Future>(future: F) -> F::Output {
    drop(future);
    todo!("run the future to its end")
}
