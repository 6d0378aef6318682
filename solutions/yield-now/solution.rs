//! A future that is woken by itself: the wake during a poll of chapter 1, put to use.
//!
//! It keeps the first sentence of the contract in the barest way there is: the waker *will* be called, for it has been.
//! Whether others do go first is the executor's part. One that polls on the spot whoever is woken, or that puts the
//! woken before those that wait, makes nothing of it.
//!
//! The wake comes before `Pending` and not after: after it there is nobody left to do it.

use std::{future::poll_fn, task::Poll};

/// Lets every task that is waiting for its turn go first.
pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
