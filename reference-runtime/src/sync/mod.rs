//! Locks and channels for tasks: who waits lets its thread poll other tasks.

mod channel;
mod mutex;
mod waiters;

pub use channel::{Receiver, Recv, RecvError, Send, SendError, Sender, TryRecvError, TrySendError, channel};
pub use mutex::{Lock, LockArc, Mutex, MutexGuard, OwnedMutexGuard};
