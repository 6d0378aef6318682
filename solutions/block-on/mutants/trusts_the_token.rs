//! The shortest `block_on` there is: the park token is the only note of a wake. Any other user of this thread's token
//! breaks it.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

pub const FAILS: &[&str] = &[
    "an_unpark_without_a_wake_does_not_lead_to_a_poll",
    "a_future_may_take_the_park_token",
    "a_block_on_inside_a_block_on_leaves_the_outer_wake_alone",
];

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        thread::park();
    }
}
