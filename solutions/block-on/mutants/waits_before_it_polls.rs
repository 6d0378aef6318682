//! Waits for the first wake before the first poll, which is what hands out the waker.

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
    "a_ready_future_is_polled_once",
    "a_wake_from_another_thread_ends_the_sleep",
    "a_wake_during_poll_is_not_lost",
    "a_pending_future_is_not_polled_again_until_its_waker_is_called",
    "waiting_costs_no_cpu_time",
    "an_unpark_without_a_wake_does_not_lead_to_a_poll",
    "a_future_may_take_the_park_token",
    "a_block_on_inside_a_block_on_leaves_the_outer_wake_alone",
];

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
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(sleeper.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        while !sleeper.is_woken.swap(false, SeqCst) {
            thread::park();
        }
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
}
