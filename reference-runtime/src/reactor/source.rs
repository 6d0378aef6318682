//! Sockets the poller watches, and who waits for them.
//!
//! Who waits for a direction, and how no change is missed, is in [`super::side`].
//!
//! Where the poller has no edges, it reports a change once and then has to be armed again: [`Armed`]. Since
//! that is the fallback, it is kept plain: each report counts as a change in both directions, and who still
//! has nothing to read arms it again.

use std::{
    fmt,
    future::poll_fn,
    io,
    task::{Context, Poll},
};

use polling::{AsSource, Event, PollMode};

use super::{
    Reactor, Woken,
    selector::Report,
    side::{Side, Waiter, closed, wait_polled},
};
use crate::primitive::{Arc, Mutex, lock};

/// Reading or writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Reading, receiving, accepting.
    Read,
    /// Writing, sending, connecting.
    Write,
}

/// A socket the poller watches.
pub(crate) struct Source {
    // Immutable:
    key: usize,

    read: Mutex<Side>,
    write: Mutex<Side>,
    armed: Mutex<Armed>,
}

/// The directions the poller will report, where it reports once. Only ever more than what the poller knows
/// while a report is under way, and that report wakes everybody.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Armed {
    read: bool,
    write: bool,
}

impl Source {
    fn new(key: usize) -> Source {
        Source { key, read: Mutex::default(), write: Mutex::default(), armed: Mutex::default() }
    }

    fn side(&self, direction: Direction) -> &Mutex<Side> {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// The number of changes so far. To be asked *before* trying.
    fn changes(&self, direction: Direction) -> u64 {
        lock(self.side(direction)).changes
    }

    /// A read that was begun after the count of changes was `before` has taken all there was.
    fn was_emptied(&self, before: u64) {
        lock(&self.read).emptied_at = Some(before);
    }

    /// The count of changes, if there is nothing to read before it moves on.
    fn emptied_at(&self) -> Option<u64> {
        let side = lock(&self.read);
        (side.emptied_at == Some(side.changes) && !side.is_special).then_some(side.changes)
    }

    /// Takes the wakers of those who wait for what `report` says.
    pub(super) fn report(&self, report: Report, mode: PollMode, woken: &mut Woken) {
        // A report in neither direction is an error or a hang-up on some platform, and both sides will want
        // to know.
        let both = mode == PollMode::Oneshot || report.readable == report.writable;
        if mode == PollMode::Oneshot {
            // Before the wakers are taken: who joins the list now and still finds it armed is among them.
            *lock(&self.armed) = Armed::default();
        }
        if report.readable || both {
            let mut side = lock(&self.read);
            side.is_special |= report.is_special;
            side.change(woken);
        }
        if report.writable || both {
            lock(&self.write).change(woken);
        }
    }

    /// Takes all wakers, and lets nobody wait any more.
    pub(super) fn close(&self, woken: &mut Woken) {
        for side in [&self.read, &self.write] {
            lock(side).close(woken);
        }
    }
}

/// A socket in non-blocking mode that its reactor watches. Dropping it ends the watch, then closes the
/// socket.
pub(crate) struct Registered<T: AsSource> {
    reactor: Arc<Reactor>,
    source: Arc<Source>,
    /// `None` only after [`Registered::into_inner`].
    socket: Option<T>,
}

impl<T: AsSource> Registered<T> {
    /// Hands `socket`, which must be in non-blocking mode, to `reactor`.
    pub(crate) fn new(reactor: Arc<Reactor>, socket: T) -> io::Result<Registered<T>> {
        let source = {
            let mut registry = lock(&reactor.registry);
            if registry.is_closed {
                return Err(closed());
            }
            let entry = registry.sources.vacant_entry();
            let source = Arc::new(Source::new(entry.key()));
            entry.insert(source.clone());
            source
        };
        // From here on, dropping it takes the source out again.
        let registered = Registered { reactor, source, socket: Some(socket) };
        registered.add_to_poller()?;
        Ok(registered)
    }

    /// The socket. It must not be read or written but through [`Registered::io`] or [`Registered::poll_io`],
    /// unless that it would block is all the same to the caller.
    pub(crate) fn get(&self) -> &T {
        self.socket.as_ref().expect("the socket leaves only through into_inner, which consumes us")
    }

    /// Ends the watch and gives the socket back, still in non-blocking mode.
    pub(crate) fn into_inner(mut self) -> T {
        self.end_watch();
        self.socket.take().expect("the socket leaves only here, and we are consumed")
    }

    /// Runs `operation` until it does something else than block.
    ///
    /// Cancel safe: between two attempts nothing is under way, and who is dropped while waiting leaves no
    /// trace.
    pub(crate) async fn io<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut waiter = Waiter::new(self.source.side(direction));
        poll_fn(|cx| self.attempt(direction, &mut operation, |seen| waiter.wait(seen, cx))).await
    }

    /// Like [`Registered::io`], for the functions of traits. Any number of tasks may poll at once.
    pub(crate) fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &Context<'_>,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.attempt(direction, &mut operation, |seen| wait_polled(self.source.side(direction), seen, cx))
    }

    /// Like [`Registered::poll_io`], for reading a stream of bytes where a read that fills less than `room` has taken all
    /// there was. Then the next read does not try before there was a report.
    ///
    /// That spares each exchange of messages a system call that would say no more than that there is nothing yet, and
    /// it has a socket whose peer is quick wait for its turn like all others.
    ///
    /// Nothing is missed: what comes after the short read is reported after it, so the count moves on from what it was
    /// before the read. What came before it and is no data, was reported together with the data, and told apart:
    /// [`Side::is_special`]. A count that moves on for what was read already costs the one call that was spared.
    pub(crate) fn poll_read_all(
        &self,
        cx: &Context<'_>,
        room: usize,
        mut read: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // Where each report has to be asked for, asking takes a system call too, and ends are not told apart.
        if self.reactor.mode == PollMode::Oneshot {
            return self.poll_io(Direction::Read, cx, read);
        }
        if let Some(seen) = self.source.emptied_at() {
            match wait_polled(&self.source.read, seen, cx) {
                Poll::Ready(changed) => changed?,
                Poll::Pending => return Poll::Pending,
            }
        }
        let mut before = 0;
        let read = self.attempt(
            Direction::Read,
            &mut |socket| {
                before = self.source.changes(Direction::Read);
                read(socket)
            },
            |seen| wait_polled(&self.source.read, seen, cx),
        );
        if let Poll::Ready(Ok(count)) = read {
            if (1..room).contains(&count) {
                self.source.was_emptied(before);
            }
        }
        read
    }

    // ANCHOR: attempt
    /// Tries, and waits with `wait` for a change since the count it is given.
    fn attempt<R>(
        &self,
        direction: Direction,
        operation: &mut impl FnMut(&T) -> io::Result<R>,
        mut wait: impl FnMut(u64) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<R>> {
        loop {
            let seen = self.source.changes(direction);
            match operation(self.get()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                done => return Poll::Ready(done),
            }
            match wait(seen) {
                Poll::Ready(changed) => changed?,
                // On the list first, then armed: a report that comes right after the arming finds the waker.
                Poll::Pending => {
                    return self
                        .arm(direction)
                        .map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending);
                }
            }
        }
    }
    // ANCHOR_END: attempt

    /// Makes the poller report `direction` again, where it reports only once.
    fn arm(&self, direction: Direction) -> io::Result<()> {
        if self.reactor.mode != PollMode::Oneshot {
            return Ok(());
        }
        let mut armed = lock(&self.source.armed);
        let mut wanted = *armed;
        match direction {
            Direction::Read => wanted.read = true,
            Direction::Write => wanted.write = true,
        }
        if wanted != *armed {
            let interest = Event::new(self.source.key, wanted.read, wanted.write);
            self.reactor.selector.poller().modify_with_mode(self.get(), interest, PollMode::Oneshot)?;
            *armed = wanted;
        }
        Ok(())
    }

    /// Makes the poller watch the socket.
    #[allow(unsafe_code, reason = "the poller cannot see that the socket outlives the watch")]
    fn add_to_poller(&self) -> io::Result<()> {
        let mode = self.reactor.mode;
        let interest = match mode {
            PollMode::Oneshot => Event::none(self.source.key),
            _ => Event::all(self.source.key),
        };
        // SAFETY: `self` owns the open socket and ends the watch before it closes it or gives it away: see
        // `end_watch` and its two callers.
        unsafe { self.reactor.selector.poller().add_with_mode(&self.get().source(), interest, mode)? };
        match mode {
            PollMode::Oneshot => Ok(()),
            _ => self.reactor.selector.report_its_end(self.get(), self.source.key),
        }
    }

    /// Takes the source out of the poller, then out of the registry, so that its key is free last.
    fn end_watch(&mut self) {
        let Some(socket) = &self.socket else { return };
        // An error means that the poller does not know the socket, which is what we want of it.
        let _ = self.reactor.selector.poller().delete(socket);
        let _source = lock(&self.reactor.registry).sources.try_remove(self.source.key);
    }
}

impl<T: AsSource> Drop for Registered<T> {
    fn drop(&mut self) {
        // The socket is a field of ours, so it is closed after this.
        self.end_watch();
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for Registered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
