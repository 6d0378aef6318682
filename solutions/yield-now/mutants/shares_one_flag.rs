//! Keeps the note that it has yielded in the thread, where the next task finds it.

use std::{cell::Cell, future::poll_fn, task::Poll};

pub const FAILS: &[&str] = &["two_tasks_take_turns", "each_call_keeps_its_own_account"];

thread_local! {
    static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
}

pub async fn yield_now() {
    poll_fn(|cx| {
        if HAS_YIELDED.take() {
            return Poll::Ready(());
        }
        HAS_YIELDED.set(true);
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
