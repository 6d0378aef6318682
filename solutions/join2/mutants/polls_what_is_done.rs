//! Polls both in every poll until both are ready in the same one.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

pub const FAILS: &[&str] =
    &["one_that_is_done_is_not_polled_again", "one_that_is_done_is_dropped_before_the_other_goes_on"];

pub async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(Some(a)), pin!(Some(b)));
    let (mut a_output, mut b_output) = (None, None);
    poll_fn(|cx| {
        (a_output, b_output) = (None, None);
        advance(a.as_mut(), &mut a_output, cx);
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
    }
}
