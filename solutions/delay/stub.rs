//! Chapter 2, exercise `delay`: a leaf future, from its first poll to its last.
//!
//! Write [`delay`] and [`Delay`]. There is a clock that rings, in place of the timer with its thread, so that the cases
//! can say when. It calls back once; between that call and the polls lies all that this exercise is about. The first
//! poll sets the alarm, so that a delay that is never polled costs nothing.
//!
//! Grade it with `cargo test -p delay`.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// Something that rings when a time is over. Given, as the timer of the chapter is; do not change it.
pub trait Clock {
    /// Calls `ring` once, when `duration` is over: later on some thread, or already before this returns.
    fn set(&self, duration: Duration, ring: Box<dyn FnOnce() + Send>) -> Alarm;

    /// Takes an alarm back, so that it does not ring any more. One that has rung may be taken back, too.
    fn unset(&self, alarm: Alarm);
}

/// The number by which a [`Clock`] knows what was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm(pub u64);

/// A future that is ready when `duration` is over, counted from its first poll. It promises that
///
/// - it sets one alarm, in its first poll, and none if there is nothing to wait for,
/// - after the alarm has rung it is ready, and before that it is not, however often it is polled,
/// - the waker of its last poll is called when the alarm rings, also if it rings during a poll,
/// - the waker is called without a lock, so it may poll on the spot, and is not kept after that, and
/// - if it is dropped before the alarm has rung, it takes the alarm back.
pub fn delay<C: Clock>(clock: C, duration: Duration) -> Delay<C> {
    let _ = (clock, duration);
    todo!("a delay that has set nothing yet")
}

/// What [`delay`] returns.
pub struct Delay<C: Clock>(PhantomData<C>);

impl<C: Clock + Unpin> Future for Delay<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        todo!("ready, or a promise to wake the waker of this poll")
    }
}
