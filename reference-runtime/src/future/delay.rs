//! A future that begins later.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::time::{Sleep, sleep};

pin_project! {
    /// The future that [`FutureMoreExt::delay`](super::FutureMoreExt::delay) returns.
    ///
    /// ```
    /// use std::time::Duration;
    /// use reference_runtime::future::{Delay, FutureMoreExt, Ready, ready};
    ///
    /// let later: Delay<Ready<u32>> = ready(7).delay(Duration::from_millis(1));
    /// assert_eq!(reference_runtime::block_on(later), 7);
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Delay<F> {
        #[pin]
        future: F,
        // `None` once it is over.
        sleep: Option<Sleep>,
    }
}

impl<F> Delay<F> {
    pub(super) fn new(future: F, duration: Duration) -> Delay<F> {
        Delay { future, sleep: Some(sleep(duration)) }
    }
}

impl<F: Future> Future for Delay<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(sleep) = this.sleep {
            ready!(Pin::new(sleep).poll(context));
            *this.sleep = None;
        }
        this.future.poll(context)
    }
}
