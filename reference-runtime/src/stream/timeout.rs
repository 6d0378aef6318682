//! Items that have limited time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::stream::FusedStream;
use pin_project_lite::pin_project;

use super::Stream;
use crate::time::{self, Elapsed, Sleep};

pin_project! {
    /// The stream of [`StreamMoreExt::timeout`](super::StreamMoreExt::timeout).
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt, Timeout};
    /// use std::time::Duration;
    ///
    /// let mut limited: Timeout<_> = stream::pending::<u8>().timeout(Duration::from_millis(1));
    /// let error = limited.next().await.unwrap().unwrap_err();
    /// assert!(!error.to_string().is_empty());
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Timeout<S> {
        #[pin]
        stream: S,
        duration: Duration,
        sleep: Sleep,
    }
}

impl<S> Timeout<S> {
    pub(super) fn new(stream: S, duration: Duration) -> Timeout<S> {
        Timeout { stream, duration, sleep: time::sleep(duration) }
    }

    /// Gives the stream back, and no longer limits its time.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
    /// use std::time::Duration;
    ///
    /// let mut limited = stream::from_iter(1..=3).timeout(Duration::from_secs(60));
    /// assert_eq!(limited.next().await, Some(Ok(1)));
    /// assert_eq!(limited.into_inner().collect::<Vec<_>>().await, [2, 3]); // at once
    /// # });
    /// ```
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for Timeout<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = match this.stream.poll_next(context) {
            Poll::Ready(Some(item)) => Ok(item),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                ready!(Pin::new(&mut *this.sleep).poll(context));
                Err(Elapsed(()))
            }
        };
        *this.sleep = time::sleep(*this.duration);
        Poll::Ready(Some(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // As many items, and any number of errors.
        (self.stream.size_hint().0, None)
    }
}

impl<S: FusedStream> FusedStream for Timeout<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::super::{StreamMoreExt, from_iter, pending};
    use super::*;

    #[test]
    fn items_that_are_ready_come_although_their_time_is_over() {
        crate::block_on(async {
            let limited = from_iter(0..3).timeout(Duration::ZERO);
            assert_eq!(limited.collect::<Vec<_>>().await, [Ok(0), Ok(1), Ok(2)]);
        });
    }

    #[test]
    fn an_error_is_not_the_end() {
        crate::block_on(async {
            let never = pending::<()>().timeout(Duration::from_millis(1));
            assert!(never.take(3).all(|item| std::future::ready(item.is_err())).await);
        });
    }

    #[test]
    fn an_item_that_follows_an_error_has_the_whole_time_again() {
        crate::block_on(async {
            let (sender, receiver) = crate::channel::bounded(1);
            let mut limited = receiver.timeout(Duration::from_millis(1));
            assert!(limited.next().await.unwrap().is_err());
            sender.try_send(7).unwrap();
            // The time may be over by now, but the item is there.
            assert_eq!(limited.next().await, Some(Ok(7)));
            assert!(!limited.is_terminated());
            drop(sender);
            while let Some(item) = limited.next().await {
                assert!(item.is_err());
            }
            assert!(limited.is_terminated());
        });
    }
}
