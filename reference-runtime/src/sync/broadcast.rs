//! A channel in which every receiver gets every message.
//!
//! Names and behaviour are those of `tokio::sync::broadcast`. A sender never waits: if the slowest receiver is too far
//! behind, the oldest message goes, and that receiver learns how many it has missed. The crate `async-broadcast` was the
//! other choice; it clones messages, which is code of users, under its lock.
//!
//! ```
//! use reference_runtime::{block_on, sync::broadcast, task};
//!
//! block_on(async {
//!     let (sender, mut receiver) = broadcast::channel(16);
//!     let mut other = sender.subscribe();
//!     task::spawn(async move {
//!         sender.send("hello").unwrap();
//!         sender.send("world").unwrap();
//!     });
//!     assert_eq!(receiver.recv().await, Ok("hello"));
//!     assert_eq!(receiver.recv().await, Ok("world"));
//!     assert_eq!(other.recv().await, Ok("hello"));
//! });
//! ```
//!
//! Everything is under one lock; who finds nothing gets in line under the same lock, and each message wakes
//! all who are there. No code of users runs meanwhile.

pub mod error;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
mod receiver;
mod sender;
mod state;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;

pub use receiver::{Receiver, Recv};
pub use sender::Sender;

use super::Notify;
use crate::primitive::{self, Locked, Mutex};
use state::State;

/// Makes a channel that keeps up to `capacity` messages for receivers that are behind.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::sync::broadcast::{self, error::RecvError};
///
/// let (sender, mut receiver) = broadcast::channel(2);
/// for number in 1..=3 {
///     sender.send(number).unwrap();
/// }
/// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
/// assert_eq!(receiver.recv().await, Ok(2));
/// assert_eq!(receiver.recv().await, Ok(3));
/// # });
/// ```
///
/// Unlike tokio's, it keeps that many and no more: the capacity is not rounded up. Messages are shared until each
/// receiver has its clone, so handles cross threads only if messages are [`Send`] and [`Sync`].
///
/// # Panics
///
/// If `capacity` is 0.
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(capacity);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// What all handles share.
struct Channel<T> {
    state: Mutex<State<T>>,
    /// All receivers are gone.
    deserted: Notify,
}

impl<T> Channel<T> {
    fn lock(&self) -> Locked<'_, State<T>> {
        primitive::lock(&self.state)
    }
}
