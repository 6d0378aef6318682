//! Chapter 5, exercise `timers`: one thread sleeps in the poller, and wakes for the earliest timer.
//!
//! Write [`Timers`]. The poller is a parameter, and it is the clock as well, so no case waits for
//! real time to pass.
//!
//! Grade it with `cargo test -p timers`.

use std::{marker::PhantomData, task::Waker, time::Duration};

/// What a thread sleeps in.
pub trait Poller {
    /// The time that has passed since some moment in the past.
    fn now(&self) -> Duration;

    /// Sleeps until an event comes, but no longer than `limit`, if there is one. If [`Poller::notify`] was called since
    /// the last wait, this returns at once.
    fn wait(&self, limit: Option<Duration>);

    /// Ends a wait, or the next one. This is a system call, and wakes a thread.
    fn notify(&self);
}

/// Wakers, each to be called at its moment. It promises that
///
/// - a wait is no longer than until the earliest timer, and without limit if there is none,
/// - a timer that is set during a wait, and is earlier than its end, ends it,
/// - no other timer costs a notification: not a later one, and none that is set while nobody waits,
/// - a timer is called once, not before its moment, and earlier ones before later ones,
/// - a timer that was cancelled is not called, and nobody wakes for it, and
/// - wakers are not called under a lock: they are code of the user.
pub struct Timers<P>(PhantomData<P>);

/// Which timer. No two have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id;

impl<P: Poller> Timers<P> {
    /// No timer, and nobody waits.
    pub fn new(poller: P) -> Timers<P> {
        let _ = poller;
        todo!("no timer, and nobody waits")
    }

    /// Has `waker` called at `deadline`, by the clock of the poller, or after it.
    pub fn insert(&self, deadline: Duration, waker: Waker) -> Id {
        let _ = (deadline, waker);
        todo!("add it, and end the wait that goes on, if that is too long now")
    }

    /// Forgets a timer. One that was called already is gone, and nothing happens.
    pub fn cancel(&self, id: Id) {
        let _ = id;
        todo!("take it out")
    }

    /// Waits once, and calls all timers that are due then. One thread at a time does this, and does it again and again.
    pub fn attend(&self) {
        todo!("say until when you wait, wait, and call what is due")
    }
}
