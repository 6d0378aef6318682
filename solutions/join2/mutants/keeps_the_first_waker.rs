//! Polls both with the waker of its first poll: a task has only one, has it not?

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

pub const FAILS: &[&str] = &["each_poll_passes_its_own_waker_on"];

pub async fn join2<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(Some(a)), pin!(Some(b)));
    let (mut a_output, mut b_output) = (None, None);
    let mut first = None;
    poll_fn(|cx| {
        let waker = first.get_or_insert_with(|| cx.waker().clone());
        let cx = &mut Context::from_waker(waker);
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
        future.set(None);
    }
}
