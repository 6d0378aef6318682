//! One boolean per thread, and one guard that puts back what it found.
//!
//! The mark is about a thread, since what is at stake is a thread: while it sleeps, nobody polls what it has polled
//! so far. A static would refuse two threads that have nothing to do with each other. A field of the runtime would
//! let in the call that matters most, a `block_on` of *another* runtime on this thread, which stops this one as well.
//!
//! - *The look comes before the poll.* To refuse only a future that is pending would be kinder, and worse: such a
//!   program passes its tests while the cache is warm, and panics in production.
//! - *The look comes before the guard.* A guard made first is dropped by the refusal's own unwinding. If it is one that
//!   forgets what was there, the mark of the outer call goes with it, and the second mistake is let in, and hangs.
//! - *Both functions restore, and neither sets a constant.* Whoever changes a mark does not know who else has. A
//!   `block_in_place` that ends with `true` marks a thread that was never inside, and the next `block_on` fails far
//!   from the fault.
//! - *A destructor restores.* The code behind the call does not run when a future panics. Threads of a test harness
//!   or of a pool outlive many panics, and each would leave them unusable.
//!
//! A counter of depth in place of the boolean is a frequent idea. It asks what a `block_in_place` inside a
//! `block_in_place` is to subtract; the saved value never has to ask.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

thread_local! {
    /// The mark: this thread is inside a [`block_on`], and not in a [`block_in_place`] in there.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// A time in which the mark of this thread is different from what it was.
struct Marked {
    before: bool,
}

impl Marked {
    fn as_inside(is_inside: bool) -> Marked {
        Marked { before: IS_INSIDE.replace(is_inside) }
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        IS_INSIDE.set(self.before);
    }
}

/// Runs `future` on this thread until it is ready, and returns its value.
///
/// # Panics
///
/// Inside of itself, unless there is a [`block_in_place`] in between.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    assert!(
        !IS_INSIDE.get(),
        "block_on inside a block_on: this thread polls futures, and must not sleep for one. \
         Use .await, or call it in a block_in_place"
    );
    let _inside = Marked::as_inside(true);
    sleep_until_ready(future)
}

/// Runs a closure that may block, and may call [`block_on`].
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    let _outside = Marked::as_inside(false);
    closure()
}

/// Chapter 1: polls `future` on this thread, and sleeps until it is woken, until it is ready.
fn sleep_until_ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(sleeper.clone());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        while !sleeper.is_woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        // Release: pairs with the Acquire in `sleep_until_ready`; the next poll sees what was written before the wake.
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
