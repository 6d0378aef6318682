//! Items that come no faster than somebody can take them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::stream::FusedStream;
use pin_project_lite::pin_project;

use super::Stream;
use crate::time::{self, Sleep};

pin_project! {
    /// The stream of [`StreamMoreExt::throttle`](super::StreamMoreExt::throttle).
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt, Throttle};
    /// use std::time::Duration;
    ///
    /// let slowly: Throttle<_> = stream::from_iter(1..=3).throttle(Duration::from_millis(1));
    /// assert_eq!(slowly.collect::<Vec<_>>().await, [1, 2, 3]);
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Throttle<S> {
        #[pin]
        stream: S,
        duration: Duration,
        // After an item, until the next may come.
        pause: Option<Sleep>,
    }
}

impl<S> Throttle<S> {
    pub(super) fn new(stream: S, duration: Duration) -> Throttle<S> {
        Throttle { stream, duration, pause: None }
    }

    /// Gives the stream back, and no longer slows it down.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::stream::{self, StreamExt, StreamMoreExt};
    /// use std::time::Duration;
    ///
    /// let mut slowly = stream::from_iter(1..=3).throttle(Duration::from_secs(60));
    /// assert_eq!(slowly.next().await, Some(1));
    /// assert_eq!(slowly.into_inner().collect::<Vec<_>>().await, [2, 3]); // at once
    /// # });
    /// ```
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for Throttle<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if let Some(pause) = this.pause {
            ready!(Pin::new(pause).poll(context));
            *this.pause = None;
        }
        let item = ready!(this.stream.poll_next(context));
        if item.is_some() {
            *this.pause = Some(time::sleep(*this.duration));
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: FusedStream> FusedStream for Throttle<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{StreamExt, poll};

    use super::super::{StreamMoreExt, from_iter};
    use super::*;

    #[test]
    fn the_first_item_comes_at_once_and_the_second_waits_in_the_stream() {
        crate::block_on(async {
            let mut items = from_iter(1..=2);
            let mut slowly = (&mut items).throttle(Duration::from_secs(3600));
            assert_eq!(poll!(pin!(slowly.next())), Poll::Ready(Some(1)));
            assert!(poll!(pin!(slowly.next())).is_pending());
            assert_eq!(items.next().await, Some(2));
        });
    }

    #[test]
    fn none_is_left_out() {
        crate::block_on(async {
            let slowly = from_iter(0..5).throttle(Duration::from_millis(1));
            assert_eq!(slowly.size_hint(), (5, Some(5)));
            assert_eq!(slowly.collect::<Vec<_>>().await, [0, 1, 2, 3, 4]);
        });
    }
}
