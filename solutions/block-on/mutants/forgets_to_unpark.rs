//! Notes the wake and lets the thread sleep on.

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

pub const FAILS: &[&str] = &[
    "a_wake_from_another_thread_ends_the_sleep",
    "a_pending_future_is_not_polled_again_until_its_waker_is_called",
    "waiting_costs_no_cpu_time",
    "an_unpark_without_a_wake_does_not_lead_to_a_poll",
];

struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        let _ = &self.thread;
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
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
