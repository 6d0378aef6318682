//! A bell with an alarm clock: look and store under one lock, and everything that is not ours outside of it.
//!
//! *Not ours* are three things. Setting the alarm is code of the clock, and may ring before it returns. Calling the waker
//! is code of whoever polls, and may poll at once. Dropping a waker is the same: with it the last share of a task may
//! go, and with that the very delay. Under the lock each of them would be a thread that waits for itself.
//!
//! The order in `poll` is the invariant: *first* set the alarm, *then* look at the flag and store the waker in one step.
//! Whatever rings before the look is seen by it; whatever rings after it finds the waker. Look first and set then, and
//! an alarm that rings in between finds no waker and is not looked at again.
//!
//! An alarm that has rung is taken back all the same when the delay is dropped: [`Clock::unset`] allows it, and a delay
//! that kept account of it would have to ask the flag once more.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Something that rings when a time is over.
pub trait Clock {
    /// Calls `ring` once, when `duration` is over: later on some thread, or already before this returns.
    fn set(&self, duration: Duration, ring: Box<dyn FnOnce() + Send>) -> Alarm;

    /// Takes an alarm back, so that it does not ring any more. One that has rung may be taken back, too.
    fn unset(&self, alarm: Alarm);
}

/// The number by which a [`Clock`] knows what was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm(pub u64);

/// A future that is ready when `duration` is over, counted from its first poll.
pub fn delay<C: Clock>(clock: C, duration: Duration) -> Delay<C> {
    Delay { clock, duration, alarm: None, ring: Arc::default() }
}

/// What [`delay`] returns.
pub struct Delay<C: Clock> {
    clock: C,
    duration: Duration,
    /// Set by the first poll.
    alarm: Option<Alarm>,
    /// Shared with the alarm.
    ring: Arc<Mutex<Ring>>,
}

/// What the alarm leaves for the polls, and the polls for the alarm.
#[derive(Default)]
struct Ring {
    is_over: bool,
    /// Of the newest poll, until the alarm has taken it.
    waker: Option<Waker>,
}

impl<C: Clock + Unpin> Future for Delay<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.duration.is_zero() {
            return Poll::Ready(());
        }
        if self.alarm.is_none() {
            let ring = Arc::clone(&self.ring);
            self.alarm = Some(self.clock.set(self.duration, Box::new(move || end(&ring))));
        }
        let waker = cx.waker().clone();
        let mut ring = lock(&self.ring);
        if ring.is_over {
            return Poll::Ready(());
        }
        let replaced = ring.waker.replace(waker);
        drop(ring);
        drop(replaced);
        Poll::Pending
    }
}

impl<C: Clock> Drop for Delay<C> {
    fn drop(&mut self) {
        if let Some(alarm) = self.alarm {
            self.clock.unset(alarm);
        }
    }
}

/// The alarm rings.
fn end(ring: &Mutex<Ring>) {
    let mut ring = lock(ring);
    ring.is_over = true;
    let waker = ring.waker.take();
    drop(ring);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// No code of others runs under the lock, so a poisoned one is as good as any.
fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}
