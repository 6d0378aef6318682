//! Chapter 9, exercise `nested-block-on`: a thread that runs a future must not go to sleep for another one.
//!
//! Write the check that stage 5 has, in [`block_on`], and the way around it that stage 6 has, in [`block_in_place`].
//! Both are about one mark: *this thread is inside a `block_on`*. The sleeping itself is chapter 1's, and given.
//!
//! Grade it with `cargo test -p nested-block-on`.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// Runs `future` on this thread until it is ready, and returns its value.
///
/// While it does, the thread bears a mark. A thread with a mark is refused: the future is not polled at all, ready or
/// not. However the call ends, it leaves the mark of the thread as it found it.
///
/// # Panics
///
/// If the thread bears the mark. The message names the ways out, `.await` and `block_in_place`, and the line that it
/// blames is the caller's.
pub fn block_on<F: Future>(future: F) -> F::Output {
    drop(future);
    todo!("refuse, or mark the thread and sleep_until_ready")
}

/// Runs a closure that may block.
///
/// A real runtime lets another thread take over for that long. So the closure may call [`block_on`], and so may a
/// closure in there. However the closure ends, the mark of the thread is afterwards as it was before.
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    let _ = closure;
    todo!("take the mark away, run it, put back what was there")
}

/// Chapter 1: polls `future` on this thread, and sleeps until it is woken, until it is ready.
#[allow(dead_code)]
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
