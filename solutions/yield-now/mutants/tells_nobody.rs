//! Is pending, and trusts that the executor polls again by itself.

use std::{future::poll_fn, task::Poll};

pub const FAILS: &[&str] = &["its_waker_was_called_when_it_says_pending"];

pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|_| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        Poll::Pending
    })
    .await
}
