//! Takes the mark away behind the call, where a panic never comes.

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

pub const FAILS: &[&str] = &["a_future_that_panics_takes_the_mark_with_it"];

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

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

#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    assert!(
        !IS_INSIDE.get(),
        "block_on inside a block_on: this thread polls futures, and must not sleep for one. \
         Use .await, or call it in a block_in_place"
    );
    IS_INSIDE.set(true);
    let value = sleep_until_ready(future);
    IS_INSIDE.set(false);
    value
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
