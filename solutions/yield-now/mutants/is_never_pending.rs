//! Wakes its task, and goes on without a pause.

use std::{future::poll_fn, task::Poll};

pub const FAILS: &[&str] = &["it_is_pending_once", "two_tasks_take_turns"];

pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Ready(())
    })
    .await
}
