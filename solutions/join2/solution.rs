//! Two slots, each with a future or an output, and one context for both.
//!
//! The invariant: *a slot has either a future that is not done or an output that waits.* So "is it done?" has one
//! answer and needs no flag, and who is done cannot be polled, for it is not there. `Pin::set` drops it in place: a
//! pinned future must not be moved, but it may be overwritten.
//!
//! Why at once and not at the end? The first may hold the sender of a channel whose receiver is the second. As long as
//! the sender is there, the second waits for more, and both are kept by the one who waits for both. An `async` block
//! gives up what it holds when its body ends, so with most futures nobody notices; a future written by hand keeps it
//! until it is dropped.
//!
//! No waker is made here. Whoever wakes, wakes both, and one poll of the other is for nothing. With two that is cheap;
//! chapter 3 counts what it costs with a thousand.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// Runs both at once, and gives both outputs.
pub async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(Some(a)), pin!(Some(b)));
    let (mut a_output, mut b_output) = (None, None);
    poll_fn(|cx| {
        advance(a.as_mut(), &mut a_output, cx);
        advance(b.as_mut(), &mut b_output, cx);
        // After the polls: nobody calls the waker for what this very poll has found.
        if a_output.is_none() || b_output.is_none() {
            return Poll::Pending;
        }
        Poll::Ready(a_output.take().zip(b_output.take()).expect("both are there"))
    })
    .await
}

/// Polls the future if it is not done; if it is done now, keeps its output in its place.
fn advance<F: Future>(mut future: Pin<&mut Option<F>>, output: &mut Option<F::Output>, cx: &mut Context<'_>) {
    let Some(pending) = future.as_mut().as_pin_mut() else { return };
    if let Poll::Ready(ready) = pending.poll(cx) {
        *output = Some(ready);
        future.set(None);
    }
}
