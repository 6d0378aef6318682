//! The value, or a queue of those that wait for it; and a number by which each finds itself in the queue.
//!
//! The state says who has the value: it is in the mutex, or it is in one guard. That is the whole exclusion, and the
//! type system does it, since a value cannot be in two places. What is left to get right is that nobody sleeps for
//! ever:
//!
//! > If the value is in the mutex and somebody waits, then somebody who has been woken is still to be polled.
//!
//! Each step keeps that. An unlock takes the first waiter out and wakes it. A poll that finds the value takes it, so
//! the premise is gone. A poll that does not puts itself back: a number that is not in the queue belongs to one that
//! was woken and came too late, and it goes to the front, where it was. The step that is forgotten is the fourth. A
//! future that was woken may be dropped instead of polled, by a time-out or a `select`, and then *its* duty passes to
//! the next. Whoever stores nothing but wakers cannot write that, for after the wake nothing says who had it.
//!
//! The alternative is to hand the lock over: an unlock names its successor, and nobody can overtake. It is fair, and
//! it makes everybody wait for a task that has been woken and not yet polled, perhaps behind many others. Here the
//! value is free meanwhile. The cases accept both.
//!
//! Wakers are called after the std lock is let go. A wake may run the woken task on the spot, and that task locks
//! again.
//!
//! What no case can show is a check of the value and an enqueueing in two steps, with an unlock of another thread in
//! between. Both are under one lock here. That is the reason for it.

use std::{
    collections::VecDeque,
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::MutexGuard,
    task::{Context, Poll, Waker},
};

/// A value that one task at a time may use.
#[derive(Debug)]
pub struct Mutex<T> {
    state: std::sync::Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    /// `None`: a guard has it.
    value: Option<T>,
    /// Who waits, the longest first. One that has been woken is not in here.
    waiters: VecDeque<Waiter>,
    next_number: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    waker: Waker,
}

impl<T> Mutex<T> {
    /// A mutex that nobody has locked.
    pub fn new(value: T) -> Mutex<T> {
        let state = State { value: Some(value), waiters: VecDeque::new(), next_number: 0 };
        Mutex { state: std::sync::Mutex::new(state) }
    }

    /// Locks it, once it is free.
    pub fn lock(&self) -> Lock<'_, T> {
        Lock { mutex: self, number: None }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no holder panics")
    }
}

impl<T> State<T> {
    fn place_of(&self, number: u64) -> Option<usize> {
        self.waiters.iter().position(|waiter| waiter.number == number)
    }
}

/// Takes the first out of the queue, and wakes it when the lock is let go.
fn wake_next<T>(mut state: MutexGuard<'_, State<T>>) {
    let next = state.waiters.pop_front();
    drop(state);
    if let Some(waiter) = next {
        waiter.waker.wake();
    }
}

/// The future of [`Mutex::lock`].
#[derive(Debug)]
pub struct Lock<'a, T> {
    mutex: &'a Mutex<T>,
    /// Its number, once it has waited. If the queue does not know it, it has been woken.
    number: Option<u64>,
}

impl<'a, T> Future for Lock<'a, T> {
    type Output = Guard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<'a, T>> {
        let mutex = self.mutex;
        let mut state = mutex.state();
        let place = self.number.and_then(|number| state.place_of(number));
        if let Some(value) = state.value.take() {
            if let Some(place) = place {
                state.waiters.remove(place);
            }
            self.number = None;
            return Poll::Ready(Guard { mutex, value: Some(value) });
        }
        match (self.number, place) {
            (_, Some(place)) => state.waiters[place].waker.clone_from(cx.waker()),
            (Some(number), None) => state.waiters.push_front(Waiter { number, waker: cx.waker().clone() }),
            (None, None) => {
                let number = state.next_number;
                state.next_number += 1;
                state.waiters.push_back(Waiter { number, waker: cx.waker().clone() });
                self.number = Some(number);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Lock<'_, T> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.mutex.state();
        match state.place_of(number) {
            Some(place) => drop(state.waiters.remove(place)),
            // It has been woken. If the value is there, the wake was for that, and goes to the next; if not, whoever
            // has the value will wake the next.
            None if state.value.is_some() => wake_next(state),
            None => {}
        }
    }
}

/// The right to use the value. Dropped, it unlocks the mutex.
#[derive(Debug)]
pub struct Guard<'a, T> {
    mutex: &'a Mutex<T>,
    /// Until it is dropped.
    value: Option<T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until the guard is dropped")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is there until the guard is dropped")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.mutex.state();
        state.value = self.value.take();
        wake_next(state);
    }
}
