//! A static in place of a thread-local.

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

pub const FAILS: &[&str] = &["each_thread_has_a_mark_of_its_own"];

static IS_INSIDE: AtomicBool = AtomicBool::new(false);

struct Marked {
    before: bool,
}

impl Marked {
    fn as_inside(is_inside: bool) -> Marked {
        Marked { before: IS_INSIDE.swap(is_inside, Ordering::SeqCst) }
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        IS_INSIDE.store(self.before, Ordering::SeqCst);
    }
}

#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    assert!(
        !IS_INSIDE.load(Ordering::SeqCst),
        "block_on inside a block_on: this thread polls futures, and must not sleep for one. \
         Use .await, or call it in a block_in_place"
    );
    let _inside = Marked::as_inside(true);
    sleep_until_ready(future)
}

pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    let _outside = Marked::as_inside(false);
    closure()
}

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
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
