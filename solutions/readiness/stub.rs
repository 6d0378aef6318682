//! Chapter 5, exercise `readiness`: the way of an event from the poller to the task that waits for it.
//!
//! Write [`Reactor`] and [`Source`]. The poller is a parameter, so nothing here needs a socket: somebody who asked the
//! kernel calls [`Reactor::report`] for each change. The poller is edge-triggered. It reports each change once.
//!
//! Grade it with `cargo test -p readiness`.

use std::{
    io,
    marker::PhantomData,
    task::{Context, Poll},
};

/// What the kernel is told.
pub trait Poller {
    /// Reports changes of a source from now on, with this key.
    fn add(&self, key: u64);

    /// No longer does so. What was reported before may still be under way.
    fn remove(&self, key: u64);
}

/// What has changed, or what is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
}

/// Who waits for which source. It promises that
///
/// - a report that comes after an attempt has begun is not lost: the attempt is made again,
/// - a report that came before the attempt is no news: the attempt has seen what it was about,
/// - a report wakes all that wait for this source in this direction, and nobody else,
/// - a task that is polled again and again waits once, and
/// - wakers are not called under a lock: they are code of the user.
pub struct Reactor<P>(PhantomData<P>);

impl<P: Poller> Reactor<P> {
    /// A reactor without sources.
    pub fn new(poller: P) -> Reactor<P> {
        let _ = poller;
        todo!("nobody waits yet")
    }

    /// A new source, which the poller reports under a key that no source had before.
    pub fn register(&self) -> Source<P> {
        todo!("a key, an entry, and a word to the poller")
    }

    /// The source with this key can be read from, or written to, again. Of a source that is gone there may be one more
    /// report, which is ignored.
    pub fn report(&self, key: u64, direction: Direction) {
        let _ = (key, direction);
        todo!("find the source, and wake those that wait for this")
    }
}

/// A source of events. When it is dropped, the poller is told and the reactor forgets it.
pub struct Source<P: Poller>(PhantomData<P>);

impl<P: Poller> Source<P> {
    /// The key under which it is reported.
    pub fn key(&self) -> u64 {
        todo!("what the reactor chose")
    }

    /// Tries `operation`, and returns what it returned, unless that is [`io::ErrorKind::WouldBlock`]. Then the task
    /// waits for a change in this direction, and is polled again.
    pub fn poll_io<T>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        operation: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let _ = (direction, cx, operation);
        todo!("try first, wait afterwards")
    }
}

impl<P: Poller> Drop for Source<P> {
    fn drop(&mut self) {
        todo!("tell the poller, and forget")
    }
}
