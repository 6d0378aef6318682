//! Calls a clone of the waker and keeps the waker, and with it the task.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

pub const FAILS: &[&str] = &["the_waker_is_not_kept_after_the_ring"];

pub trait Clock {
    fn set(&self, duration: Duration, ring: Box<dyn FnOnce() + Send>) -> Alarm;

    fn unset(&self, alarm: Alarm);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm(pub u64);

pub fn delay<C: Clock>(clock: C, duration: Duration) -> Delay<C> {
    Delay { clock, duration, alarm: None, ring: Arc::default() }
}

pub struct Delay<C: Clock> {
    clock: C,
    duration: Duration,
    alarm: Option<Alarm>,
    ring: Arc<Mutex<Ring>>,
}

#[derive(Default)]
struct Ring {
    is_over: bool,
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

fn end(ring: &Mutex<Ring>) {
    let mut ring = lock(ring);
    ring.is_over = true;
    let waker = ring.waker.clone();
    drop(ring);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}
