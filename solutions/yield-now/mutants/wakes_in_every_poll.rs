//! Calls the waker before it looks whether it has yielded: the task is queued once more when it is through.

use std::{future::poll_fn, task::Poll};

pub const FAILS: &[&str] = &["one_yield_is_one_wake"];

pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        Poll::Pending
    })
    .await
}
