//! Locks and channels for tasks: who waits lets its thread poll other tasks.
//!
//! * [`Mutex`] is a lock whose guard may be held across an `.await`.
//! * [`channel()`] makes a queue of messages with a bound, with any number of senders and receivers. The module
//!   [`channel`](crate::channel) has it too, and one without a bound.
//! * [`Condvar`] waits until what a mutex guards has changed, [`Notify`] for one word from another task.
//! * [`oneshot`], [`watch`] and [`broadcast`] are channels for one message to one receiver, for the newest value to
//!   whoever looks, for every message to every receiver.
//! * [`RwLock`], [`Semaphore`], [`Barrier`] and [`OnceCell`] are those of [`async_lock`], [`Event`] is that of
//!   [`event_listener`]. They come with the feature `sync`, which is on by default and costs four small crates: those
//!   two, `event-listener-strategy` and `parking`. Everything else here costs none.
//! * [`Arc`] and [`Weak`] are std's, so that one `use` brings what is needed.
//!
//! All work on any runtime and on none. None is poisoned: a panic while a guard is held unlocks, and the value is as the
//! panic left it. Mutex and channel are fair enough that nobody waits for ever, and no fairer: a strict order costs a
//! switch of tasks each time. What they promise is in the section *Fairness* of each.
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

#[cfg(not(reference_runtime_loom))]
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

use crate::primitive::before_user_code;
#[cfg(not(reference_runtime_loom))]
use crate::{block_on, scheduler};

pub mod broadcast;
mod channel;
mod condvar;
#[cfg(feature = "sync")]
mod locks;
#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
mod mutex;
mod notices;
mod notify;
pub mod oneshot;
#[cfg(all(test, not(reference_runtime_loom)))]
mod tests;
mod waiters;
pub mod watch;

pub(crate) use channel::without_bound;
pub use channel::{
    Closed, Receiver, Recv, RecvError, Send, SendError, Sender, TryRecvError, TrySendError, WeakReceiver,
    WeakSender, channel,
};
pub use condvar::Condvar;
#[cfg(not(reference_runtime_loom))]
pub use condvar::WaitTimeoutResult;
pub use mutex::{Lock, LockArc, Mutex, MutexGuard, MutexGuardArc};
pub use notify::{Notified, Notify, OwnedNotified};

#[cfg(feature = "sync")]
#[cfg_attr(docsrs, doc(cfg(feature = "sync")))]
#[doc(inline)]
pub use locks::{
    Barrier, BarrierWaitResult, Event, EventListener, IntoNotification, Listener, OnceCell, RwLock,
    RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc,
    RwLockWriteGuard, RwLockWriteGuardArc, Semaphore, SemaphoreGuard, SemaphoreGuardArc, listener,
};
#[doc(no_inline)]
pub use std::sync::{Arc, Weak};

/// Waits for a future on this thread. In a task, the scheduler learns that it waits.
#[cfg(not(reference_runtime_loom))]
fn wait_here<F: Future>(future: F) -> F::Output {
    scheduler::block_in_place(|| block_on::block_on(future))
}

/// Wakes all of them, even if a waker panics. The first panic goes on afterwards.
fn wake_all(wakers: Vec<Waker>) {
    before_user_code();
    let mut panic = None;
    for waker in wakers {
        // Unwind safe: nothing of ours is in there.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}
