//! Locks and channels for tasks: who waits lets its thread poll other tasks.
//!
//! * [`Mutex`] is a lock whose guard may be held across an `.await`.
//! * [`channel()`] makes a queue of messages with a bound, with any number of senders and receivers.
//!
//! Both work on any runtime and on none. They are fair enough that nobody waits for ever, and no fairer: a strict order
//! costs a switch of tasks each time. What they promise is in the section *Fairness* of each.
//!
//! ```
//! use reference_runtime::{block_on, sync::channel, task};
//!
//! block_on(async {
//!     let (sender, receiver) = channel(8);
//!     task::spawn(async move {
//!         for number in 1..=100 {
//!             sender.send(number).await.unwrap();
//!         }
//!     });
//!     let mut sum = 0;
//!     while let Ok(number) = receiver.recv().await {
//!         sum += number;
//!     }
//!     assert_eq!(sum, 5050);
//! });
//! ```

mod channel;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
mod mutex;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
mod waiters;

pub use channel::{Receiver, Recv, RecvError, Send, SendError, Sender, TryRecvError, TrySendError, channel};
pub use mutex::{Lock, LockArc, Mutex, MutexGuard, OwnedMutexGuard};
