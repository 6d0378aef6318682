//! Polls again and again. It needs no waker at all, and a whole core.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

pub const FAILS: &[&str] = &[
    "a_pending_future_is_not_polled_again_until_its_waker_is_called",
    "waiting_costs_no_cpu_time",
    "an_unpark_without_a_wake_does_not_lead_to_a_poll",
];

pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
}
