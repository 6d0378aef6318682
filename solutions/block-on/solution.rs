//! A note of the wake beside the thread's park token: the token is only a way to end the sleep.

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

/// One call of [`block_on`], as its wakers see it.
struct Sleeper {
    thread: Thread,
    /// Whether the future is to be polled again.
    is_woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        // Release: pairs with the Acquire in `block_on`; without it the next poll may miss what the caller of this
        // waker wrote before it. And before the unpark: a thread that wakes up and sees no note would sleep again.
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Runs `future` on this thread until it is ready, and returns its value.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    // A new one for each call. A cached one would save an allocation, but a call inside this call would find it too.
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(sleeper.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        // The note is looked at before the thread sleeps, for the future may have taken the token, and again after,
        // for `park` may return without a wake.
        while !sleeper.is_woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}
