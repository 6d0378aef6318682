//! Queues of messages from task to task, with any number of senders and receivers.
//!
//! * [`bounded`] makes one with a bound: who sends waits for room. It is [`sync::channel()`](crate::sync::channel()).
//! * [`unbounded`] makes one without: who sends never waits.
//!
//! Each message goes to one receiver. They work on any runtime and on none. In [`sync`] there are channels
//! of other kinds: one message to one receiver (`oneshot`), each message to all receivers (`broadcast`), the newest
//! value to whoever looks (`watch`).
//!
//! ```
//! use reference_runtime::{block_on, channel, task};
//!
//! block_on(async {
//!     let (sender, receiver) = channel::bounded(8);
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

pub use crate::sync::{
    Closed, Receiver, Recv, RecvError, Send, SendError, Sender, TryRecvError, TrySendError, WeakReceiver,
    WeakSender,
};

use crate::sync;

/// Makes a channel with room for `capacity` messages: [`sync::channel()`](crate::sync::channel()) under async-std's name.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::channel::{TrySendError, bounded};
///
/// let (sender, receiver) = bounded(1);
/// sender.send("one").await.unwrap();
/// assert_eq!(sender.try_send("two"), Err(TrySendError::Full("two")));
/// assert_eq!(receiver.recv().await, Ok("one"));
/// # });
/// ```
///
/// # Panics
///
/// If `capacity` is 0.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    sync::channel(capacity)
}

/// Makes a channel in which any number of messages wait, so that [`Sender::send`] never does.
///
/// Nothing slows down who sends faster than others receive, except the end of memory: a bound is the better choice
/// unless something else is one. The memory for the messages grows as needed; when three quarters of it are unused, and
/// it is more than a little, a part is given back. [`Receiver::recv`] waits as for a channel with a bound.
///
/// ```
/// # reference_runtime::block_on(async {
/// use reference_runtime::channel::{RecvError, unbounded};
///
/// let (sender, receiver) = unbounded();
/// for number in 0..1000 {
///     sender.try_send(number).unwrap(); // always has room
/// }
/// assert_eq!((receiver.len(), receiver.capacity()), (1000, None));
/// drop(sender);
/// assert_eq!(receiver.recv().await, Ok(0));
/// # });
/// ```
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    sync::without_bound()
}
