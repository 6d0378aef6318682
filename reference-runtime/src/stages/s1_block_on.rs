//! Stage 1. How does sync code wait for async code?
//!
//! Three answers, each better than the one before: [`spinning`] polls without end, [`on_thread_park`] sleeps,
//! and [`block_on`] sleeps with a token that belongs to it alone.
//!
//! Still missing: a second future beside the first. There is nothing to spawn on.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Polls until the future is ready. It is right, and it keeps a core busy for as long as the future waits:
/// the waker it passes does nothing, so it cannot know when to look again.
pub fn spinning<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::hint::spin_loop();
    }
}

// ANCHOR: on_thread_park
/// Sleeps between polls with [`std::thread::park`], and wakes the thread with [`Thread::unpark`].
///
/// The token that lies between those two belongs to the *thread*. Whoever else parks this thread takes it:
/// should the future park by itself after it was woken and before it returns, as a blocking channel inside it
/// may, the wake-up is gone and this sleeps for ever. And whoever else unparks the thread costs it a poll.
pub fn on_thread_park<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}
// ANCHOR_END: on_thread_park

/// Sleeps between polls with a parker of its own: the one that the finished runtime uses, in `block_on.rs`.
pub fn block_on<F: Future>(future: F) -> F::Output {
    crate::block_on::block_on(future)
}

/// Wakes a future by waking the thread that waits for it.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
