//! Caches note and waker per thread, to save the allocation. The inner of two nested calls takes the outer one's wake.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

pub const FAILS: &[&str] = &["a_block_on_inside_a_block_on_leaves_the_outer_wake_alone"];

thread_local! {
    static SLEEPER: Arc<Sleeper> =
        Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
}

struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let sleeper = SLEEPER.with(Arc::clone);
    let waker = Waker::from(sleeper.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        while !sleeper.is_woken.swap(false, SeqCst) {
            thread::park();
        }
    }
}
