//! A future that is dropped leaves the queue, and does not ask whether it has been woken.

use std::{
    collections::VecDeque,
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::MutexGuard,
    task::{Context, Poll, Waker},
};

pub const FAILS: &[&str] = &["a_waiter_that_was_woken_and_leaves_passes_it_on"];

#[derive(Debug)]
pub struct Mutex<T> {
    state: std::sync::Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waiters: VecDeque<Waiter>,
    next_number: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    waker: Waker,
}

impl<T> Mutex<T> {
    pub fn new(value: T) -> Mutex<T> {
        let state = State { value: Some(value), waiters: VecDeque::new(), next_number: 0 };
        Mutex { state: std::sync::Mutex::new(state) }
    }

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

fn wake_next<T>(mut state: MutexGuard<'_, State<T>>) {
    let next = state.waiters.pop_front();
    drop(state);
    if let Some(waiter) = next {
        waiter.waker.wake();
    }
}

#[derive(Debug)]
pub struct Lock<'a, T> {
    mutex: &'a Mutex<T>,
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
        if let Some(place) = state.place_of(number) {
            drop(state.waiters.remove(place));
        }
    }
}

#[derive(Debug)]
pub struct Guard<'a, T> {
    mutex: &'a Mutex<T>,
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
