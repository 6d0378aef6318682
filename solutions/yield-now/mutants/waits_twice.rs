//! Counts one poll too many.

use std::{future::poll_fn, task::Poll};

pub const FAILS: &[&str] = &["it_is_pending_once", "one_yield_is_one_wake"];

pub async fn yield_now() {
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        if polls > 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
