//! Two futures, of which one is enough.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future that [`FutureMoreExt::race`](super::FutureMoreExt::race) returns.
    ///
    /// ```
    /// use reference_runtime::future::{FutureMoreExt, Race, Ready, ready};
    ///
    /// let first: Race<Ready<u32>, Ready<u32>> = ready(1).race(ready(2));
    /// assert_eq!(reference_runtime::block_on(first), 1);
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Race<A, B> {
        #[pin]
        one: A,
        #[pin]
        other: B,
    }
}

impl<A, B> Race<A, B> {
    pub(super) fn new(one: A, other: B) -> Race<A, B> {
        Race { one, other }
    }
}

impl<A: Future, B: Future<Output = A::Output>> Future for Race<A, B> {
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<A::Output> {
        let this = self.project();
        match this.one.poll(context) {
            Poll::Pending => this.other.poll(context),
            ready => ready,
        }
    }
}

pin_project! {
    /// The future that [`FutureMoreExt::try_race`](super::FutureMoreExt::try_race) returns.
    ///
    /// ```
    /// use reference_runtime::future::{FutureMoreExt, Ready, TryRace, ready};
    ///
    /// type Tried = Ready<Result<u32, &'static str>>;
    /// let first: TryRace<Tried, Tried> = ready(Err("one")).try_race(ready(Ok(2)));
    /// assert_eq!(reference_runtime::block_on(first), Ok(2));
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct TryRace<A, B> {
        // `None` once it has failed, for either.
        #[pin]
        one: Option<A>,
        #[pin]
        other: Option<B>,
    }
}

impl<A, B> TryRace<A, B> {
    pub(super) fn new(one: A, other: B) -> TryRace<A, B> {
        TryRace { one: Some(one), other: Some(other) }
    }
}

impl<T, E, A, B> Future for TryRace<A, B>
where
    A: Future<Output = Result<T, E>>,
    B: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut this = self.project();
        if let Some(Poll::Ready(result)) = this.one.as_mut().as_pin_mut().map(|one| one.poll(context)) {
            if result.is_ok() || this.other.is_none() {
                return Poll::Ready(result);
            }
            this.one.set(None);
        }
        if let Some(Poll::Ready(result)) = this.other.as_mut().as_pin_mut().map(|other| other.poll(context)) {
            if result.is_ok() || this.one.is_none() {
                return Poll::Ready(result);
            }
            this.other.set(None);
        }
        Poll::Pending
    }
}
