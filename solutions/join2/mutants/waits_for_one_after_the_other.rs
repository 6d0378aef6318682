//! Polls the second one once the first is done.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

pub const FAILS: &[&str] = &[
    "both_are_polled_by_the_first_poll",
    "each_poll_passes_its_own_waker_on",
    "one_that_is_done_is_dropped_before_the_other_goes_on",
];

pub async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(Some(a)), pin!(Some(b)));
    let (mut a_output, mut b_output) = (None, None);
    poll_fn(|cx| {
        advance(a.as_mut(), &mut a_output, cx);
        if a_output.is_none() {
            return Poll::Pending;
        }
        advance(b.as_mut(), &mut b_output, cx);
        if a_output.is_none() || b_output.is_none() {
            return Poll::Pending;
        }
        Poll::Ready(a_output.take().zip(b_output.take()).expect("both are there"))
    })
    .await
}

fn advance<F: Future>(mut future: Pin<&mut Option<F>>, output: &mut Option<F::Output>, cx: &mut Context<'_>) {
    let Some(pending) = future.as_mut().as_pin_mut() else { return };
    if let Poll::Ready(ready) = pending.poll(cx) {
        *output = Some(ready);
        future.set(None);
    }
}
