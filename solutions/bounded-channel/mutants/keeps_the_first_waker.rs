//! A receiver that waits already has nothing to do.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

pub const FAILS: &[&str] = &["an_item_wakes_the_receiver"];

pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        items: VecDeque::new(),
        receiver: None,
        has_receiver: true,
        senders: 1,
        waiting: VecDeque::new(),
        next_number: 0,
    };
    let channel = Arc::new(Channel { state: Mutex::new(state), capacity });
    (Sender { channel: channel.clone() }, Receiver { channel })
}

#[derive(Debug)]
struct Channel<T> {
    state: Mutex<State<T>>,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    receiver: Option<Waker>,
    has_receiver: bool,
    senders: usize,
    waiting: VecDeque<Waiting>,
    next_number: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    waker: Waker,
}

impl<T> Channel<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no holder panics")
    }
}

impl<T> State<T> {
    fn place_of(&self, number: u64) -> Option<usize> {
        self.waiting.iter().position(|sender| sender.number == number)
    }
}

#[derive(Debug)]
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    pub fn send(&self, item: T) -> Sending<'_, T> {
        Sending { channel: &self.channel, item: Some(item), number: None }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.channel.state().senders += 1;
        Sender { channel: self.channel.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.state();
        state.senders -= 1;
        let receiver = if state.senders == 0 { state.receiver.take() } else { None };
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }
}

#[derive(Debug)]
pub struct Sending<'a, T> {
    channel: &'a Channel<T>,
    item: Option<T>,
    number: Option<u64>,
}

impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T>> {
        let channel = self.channel;
        let mut state = channel.state();
        let place = self.number.and_then(|number| state.place_of(number));
        if !state.has_receiver || state.items.len() < channel.capacity {
            if let Some(place) = place {
                state.waiting.remove(place);
            }
            self.number = None;
            let item = self.item.take().expect("a future that was ready is not polled again");
            if !state.has_receiver {
                return Poll::Ready(Err(item));
            }
            state.items.push_back(item);
            let receiver = state.receiver.take();
            drop(state);
            receiver.into_iter().for_each(Waker::wake);
            return Poll::Ready(Ok(()));
        }
        match (self.number, place) {
            (_, Some(place)) => state.waiting[place].waker.clone_from(cx.waker()),
            (Some(number), None) => state.waiting.push_front(Waiting { number, waker: cx.waker().clone() }),
            (None, None) => {
                let number = state.next_number;
                state.next_number += 1;
                state.waiting.push_back(Waiting { number, waker: cx.waker().clone() });
                self.number = Some(number);
            }
        }
        Poll::Pending
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.channel.state();
        let next = match state.place_of(number) {
            Some(place) => {
                state.waiting.remove(place);
                None
            }
            None if state.items.len() < self.channel.capacity => state.waiting.pop_front(),
            None => None,
        };
        drop(state);
        next.into_iter().for_each(|sender| sender.waker.wake());
    }
}

#[derive(Debug)]
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.channel.state();
        if let Some(item) = state.items.pop_front() {
            let next = state.waiting.pop_front();
            drop(state);
            next.into_iter().for_each(|sender| sender.waker.wake());
            return Poll::Ready(Some(item));
        }
        if state.senders == 0 {
            return Poll::Ready(None);
        }
        state.receiver.get_or_insert_with(|| cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.channel.state();
        state.has_receiver = false;
        let waiting = std::mem::take(&mut state.waiting);
        let _items = std::mem::take(&mut state.items);
        drop(state);
        waiting.into_iter().for_each(|sender| sender.waker.wake());
    }
}
