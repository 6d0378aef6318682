//! Who waits for one direction of a socket, and how no change is missed.
//!
//! A [`Side`] counts the changes reported so far, in [`Side::changes`]. Who wants to read or write notes the count,
//! tries, and if that would block, waits for the count to move on from what was noted ([`Waiter::wait`],
//! [`wait_polled`]). A change that comes between the attempt and the wait has moved the count, so it is not lost; an
//! old change cannot be mistaken for a new one. There is no flag "ready" that one task could clear under another.
//!
//! A change wakes **all** waiters of its direction. That several tasks wait on one direction is rare, and it makes
//! cancellation simple: a waiter that was woken and then dropped took nothing that another would need.

use std::{
    io,
    task::{Context, Poll, Waker},
};

use slab::Slab;

use super::woken::Woken;
use crate::primitive::{Mutex, lock};

/// So many tasks may wait in one direction through `poll_*` functions before all are woken to try again,
/// since nothing tells which of them still want to know; then twice as many, so that a real crowd comes to
/// rest. More than any socket is likely to have, few enough to cost no memory.
const FIRST_CROWD: usize = 32;

/// One direction of a socket.
#[derive(Default)]
pub(super) struct Side {
    /// How many changes were reported. Whenever it moves, both lists of wakers are emptied.
    pub(super) changes: u64,
    /// The count before a read that came back short. Until it moves on there is nothing to read, unless
    /// [`Side::is_special`].
    pub(super) emptied_at: Option<u64>,
    /// Set for good by a report that says so.
    pub(super) is_special: bool,
    /// Wakers from `poll_*` functions, none twice.
    polled: Vec<Waker>,
    /// At so many more than [`FIRST_CROWD`] of them all are woken.
    larger_crowd: usize,
    /// Wakers of futures, which withdraw them when dropped: see [`Waiter`].
    futures: Slab<Waker>,
    pub(super) is_closed: bool,
}

impl Side {
    // ANCHOR: change
    /// Counts a change and takes the wakers.
    pub(super) fn change(&mut self, woken: &mut Woken) {
        self.changes += 1;
        self.larger_crowd = 0;
        woken.extend(self.polled.drain(..));
        woken.extend(self.futures.drain());
    }
    // ANCHOR_END: change

    /// Lets nobody wait any more, and takes the wakers of those who do.
    pub(super) fn close(&mut self, woken: &mut Woken) {
        self.is_closed = true;
        self.change(woken);
    }
}

/// Waits for a change after the first `seen`; a `poll_*` function does it, so the waker stays until then.
pub(super) fn wait_polled(side: &Mutex<Side>, seen: u64, cx: &Context<'_>) -> Poll<io::Result<()>> {
    let waker = cx.waker().clone();
    let mut crowd = Woken::default();
    {
        let mut side = lock(side);
        if side.changes != seen {
            return Poll::Ready(Ok(()));
        }
        if side.is_closed {
            return Poll::Ready(Err(closed()));
        }
        if side.polled.iter().any(|other| other.will_wake(&waker)) {
            return Poll::Pending;
        }
        let most = FIRST_CROWD + side.larger_crowd;
        if side.polled.len() == most {
            side.larger_crowd += most;
            crowd.extend(side.polled.drain(..));
        }
        side.polled.push(waker);
    }
    crowd.wake();
    Poll::Pending
}

/// A future's place among those who wait for one direction of a socket. Dropping it withdraws the waker.
pub(super) struct Waiter<'a> {
    side: &'a Mutex<Side>,
    /// Where the waker is, and the count of changes when it was put there: once the count has moved on, the
    /// waker is gone and the place may be another's.
    place: Option<(usize, u64)>,
}

impl<'a> Waiter<'a> {
    pub(super) fn new(side: &'a Mutex<Side>) -> Self {
        Self { side, place: None }
    }

    // ANCHOR: wait
    /// Waits for a change after the first `seen`.
    pub(super) fn wait(&mut self, seen: u64, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let waker = cx.waker().clone();
        let mut side = lock(self.side);
        if side.changes != seen {
            return Poll::Ready(Ok(()));
        }
        if side.is_closed {
            return Poll::Ready(Err(closed()));
        }
        let replaced = match self.place {
            Some((place, changes)) if changes == seen => {
                Some(std::mem::replace(&mut side.futures[place], waker))
            }
            _ => {
                self.place = Some((side.futures.insert(waker), seen));
                None
            }
        };
        drop(side);
        drop(replaced);
        Poll::Pending
    }
    // ANCHOR_END: wait
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let Some((place, changes)) = self.place else { return };
        let mut side = lock(self.side);
        let withdrawn = (side.changes == changes).then(|| side.futures.remove(place));
        drop(side);
        drop(withdrawn);
    }
}

/// An error for who waits on, or registers with, a reactor that is closed.
pub(super) fn closed() -> io::Error {
    io::Error::other("the runtime this socket was opened in has shut down; open it in one that is running")
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests {
    use std::sync::Arc as StdArc;
    use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::SeqCst};
    use std::task::Wake;

    use super::*;
    use crate::primitive::{Arc, AtomicUsize, Ordering, thread};

    /// Counts wakes. Not loom's: it is no part of the protocol, and must not order it.
    #[derive(Default)]
    struct Bell(StdAtomicUsize);

    impl Wake for Bell {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// A socket: so many bytes have come, and the kernel reports each.
    #[derive(Default)]
    struct Socket {
        side: Mutex<Side>,
        bytes: AtomicUsize,
    }

    impl Socket {
        /// The kernel: first there is a byte, then the attendant hears of it.
        fn receive(&self) {
            // Relaxed: nothing but the lock of the side orders this before the attempt that follows the wake.
            self.bytes.fetch_add(1, Ordering::Relaxed);
            let mut woken = Woken::default();
            lock(&self.side).change(&mut woken);
            let _ = woken.wake();
        }

        /// As `Registered::attempt`: note the count, try, wait.
        fn read(&self, mut wait: impl FnMut(u64) -> Poll<io::Result<()>>) -> Poll<io::Result<()>> {
            loop {
                let seen = lock(&self.side).changes;
                let bytes = self.bytes.load(Ordering::Relaxed);
                if bytes > 0 {
                    self.bytes.fetch_sub(1, Ordering::Relaxed);
                    return Poll::Ready(Ok(()));
                }
                match wait(seen) {
                    Poll::Ready(changed) => changed?,
                    Poll::Pending => return Poll::Pending,
                }
            }
        }
    }

    fn bell() -> (StdArc<Bell>, Waker) {
        let bell = StdArc::<Bell>::default();
        (StdArc::clone(&bell), Waker::from(bell))
    }

    // ANCHOR: between
    /// A byte that comes between the attempt and the wait is read, or its waiter woken.
    #[test]
    fn no_change_is_missed_between_the_attempt_and_the_wait() {
        loom::model(|| {
            let socket = Arc::new(Socket::default());
            let kernel = {
                let socket = Arc::clone(&socket);
                thread::spawn(move || socket.receive())
            };
            let (bell, waker) = bell();
            let cx = Context::from_waker(&waker);
            let mut waiter = Waiter::new(&socket.side);
            let polled = socket.read(|seen| waiter.wait(seen, &cx));
            kernel.join().expect("it does not panic");
            if polled.is_pending() {
                assert_eq!(bell.0.load(SeqCst), 1, "slept through a change");
                let again = socket.read(|seen| waiter.wait(seen, &cx));
                assert!(matches!(again, Poll::Ready(Ok(()))), "woken, and there is nothing");
            }
        });
    }
    // ANCHOR_END: between

    /// The same for those who wait through `poll_*` functions, with another waker at each poll.
    #[test]
    fn no_change_is_missed_by_who_polls() {
        loom::model(|| {
            let socket = Arc::new(Socket::default());
            let kernel = {
                let socket = Arc::clone(&socket);
                thread::spawn(move || socket.receive())
            };
            let mut last = None;
            for _ in 0..2 {
                let (bell, waker) = bell();
                let cx = Context::from_waker(&waker);
                if socket.read(|seen| wait_polled(&socket.side, seen, &cx)).is_ready() {
                    last = None;
                    break;
                }
                last = Some(bell);
            }
            kernel.join().expect("it does not panic");
            if let Some(bell) = last {
                assert_eq!(bell.0.load(SeqCst), 1, "the last waker was not called");
            }
        });
    }

    /// A waiter that is dropped beside a change withdraws its own waker, and nobody else's.
    #[test]
    fn who_is_dropped_beside_a_change_takes_nobody_along() {
        loom::model(|| {
            let socket = Arc::new(Socket::default());
            let (first, first_waker) = bell();
            let mut dropped = Waiter::new(&socket.side);
            assert!(dropped.wait(0, &Context::from_waker(&first_waker)).is_pending());
            let kernel = {
                let socket = Arc::clone(&socket);
                thread::spawn(move || socket.receive())
            };
            let other = {
                let socket = Arc::clone(&socket);
                thread::spawn(move || {
                    let (bell, waker) = bell();
                    let cx = Context::from_waker(&waker);
                    let mut waiter = Waiter::new(&socket.side);
                    let polled = socket.read(|seen| waiter.wait(seen, &cx));
                    // Forgotten, not dropped: it is to be found waiting, or woken.
                    std::mem::forget(waiter);
                    (bell, polled.is_pending())
                })
            };
            drop(dropped);
            kernel.join().expect("it does not panic");
            let (bell, is_pending) = other.join().expect("it does not panic");
            if is_pending {
                assert_eq!(bell.0.load(SeqCst), 1, "its waker was withdrawn by another");
            }
            assert!(first.0.load(SeqCst) <= 1);
            assert!(lock(&socket.side).futures.is_empty(), "a waker was left behind");
        });
    }

    /// Who begins to wait while the reactor closes is told so.
    #[test]
    fn nobody_waits_at_a_closed_side() {
        loom::model(|| {
            let socket = Arc::new(Socket::default());
            let closer = {
                let socket = Arc::clone(&socket);
                thread::spawn(move || {
                    let mut woken = Woken::default();
                    lock(&socket.side).close(&mut woken);
                    let _ = woken.wake();
                })
            };
            let (bell, waker) = bell();
            let cx = Context::from_waker(&waker);
            let mut waiter = Waiter::new(&socket.side);
            let polled = socket.read(|seen| waiter.wait(seen, &cx));
            closer.join().expect("it does not panic");
            if polled.is_pending() {
                assert_eq!(bell.0.load(SeqCst), 1, "waits at a closed side");
            }
            let again = socket.read(|seen| waiter.wait(seen, &cx));
            assert!(matches!(again, Poll::Ready(Err(_))), "a closed side is an error");
        });
    }
}
