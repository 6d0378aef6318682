//! What a bounded channel promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! There is no executor: each case polls by hand, in the order that hurts, and counts wakes.

use super::answer::channel;
use exercises::Case;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

const HANG: &str = "a poll waits with its thread, which is the only one that could end the waiting";

pub const CASES: &[Case] = &[
    Case {
        name: "items_come_out_in_order_and_then_the_end",
        promise: "what was sent is received, also when all senders are gone, and None comes after that",
        hang: HANG,
        supported: true,
        run: items_come_out_in_order_and_then_the_end,
    },
    Case {
        name: "there_is_room_for_the_capacity_and_no_more",
        promise: "a channel of N takes N items, and the next sender hears nothing until one is received",
        hang: HANG,
        supported: true,
        run: there_is_room_for_the_capacity_and_no_more,
    },
    Case {
        name: "an_item_wakes_the_receiver",
        promise: "the receiver is woken by the item, through the waker of its last poll",
        hang: HANG,
        supported: true,
        run: an_item_wakes_the_receiver,
    },
    Case {
        name: "the_last_sender_wakes_the_receiver",
        promise: "the end comes with the last sender, and with no other, and is told to a receiver that waits",
        hang: HANG,
        supported: true,
        run: the_last_sender_wakes_the_receiver,
    },
    Case {
        name: "the_receiver_wakes_all_senders_when_it_goes",
        promise: "nobody waits for room that will not come: each gets its item back",
        hang: HANG,
        supported: true,
        run: the_receiver_wakes_all_senders_when_it_goes,
    },
    Case {
        name: "a_cancelled_recv_loses_nothing",
        promise: "an item that came for a future of recv which was then dropped is the next one's",
        hang: HANG,
        supported: true,
        run: a_cancelled_recv_loses_nothing,
    },
    Case {
        name: "a_cancelled_send_takes_neither_room_nor_a_wake",
        promise: "there is room, and one of two senders that wait is dropped: the other one gets to know",
        hang: HANG,
        supported: true,
        run: a_cancelled_send_takes_neither_room_nor_a_wake,
    },
];

fn items_come_out_in_order_and_then_the_end() {
    let (sender, mut receiver) = channel(3);
    for item in ["one", "two", "three"] {
        assert_eq!(Task::new(sender.send(item)).poll(), Poll::Ready(Ok(())), "there is room for {item}");
    }
    drop(sender);
    for item in ["one", "two", "three"] {
        assert_eq!(Task::new(receiver.recv()).poll(), Poll::Ready(Some(item)), "it was sent");
    }
    assert_eq!(Task::new(receiver.recv()).poll(), Poll::Ready(None), "there is no sender, and no item");
}

fn there_is_room_for_the_capacity_and_no_more() {
    for capacity in [1, 2] {
        let (sender, mut receiver) = channel(capacity);
        for item in 0..capacity {
            let sent = Task::new(sender.send(item)).poll();
            assert_eq!(sent, Poll::Ready(Ok(())), "item {item} of a channel of {capacity}");
        }
        let mut waiting = Task::new(sender.send(capacity));
        assert_eq!(waiting.poll(), Poll::Pending, "a channel of {capacity} is full");
        assert_eq!(waiting.wakes(), 0, "it is still full, and a wake would lead to a poll for nothing");
        assert_eq!(Task::new(receiver.recv()).poll(), Poll::Ready(Some(0)));
        assert_eq!(waiting.wakes(), 1, "one item was received");
        assert_eq!(waiting.poll(), Poll::Ready(Ok(())), "there is room for one");
        assert_eq!(Task::new(sender.send(9)).poll(), Poll::Pending, "a channel of {capacity} is full again");
    }
}

fn an_item_wakes_the_receiver() {
    let (sender, mut receiver) = channel(1);
    let mut waiting = Task::new(receiver.recv());
    assert_eq!(waiting.poll(), Poll::Pending, "nothing was sent");
    let before = std::mem::take(&mut waiting.wakes);
    assert_eq!(waiting.poll(), Poll::Pending, "nothing was sent");
    assert_eq!(Task::new(sender.send("one")).poll(), Poll::Ready(Ok(())));
    assert_eq!([before.count(), waiting.wakes()], [0, 1], "wakes of the first and of the second waker");
    assert_eq!(waiting.poll(), Poll::Ready(Some("one")));
}

fn the_last_sender_wakes_the_receiver() {
    let (sender, mut receiver) = channel::<u32>(1);
    let other = sender.clone();
    let mut waiting = Task::new(receiver.recv());
    assert_eq!(waiting.poll(), Poll::Pending, "nothing was sent");
    drop(sender);
    assert_eq!(waiting.poll(), Poll::Pending, "one sender is left, which may send something");
    let before = waiting.wakes();
    drop(other);
    assert_eq!(waiting.wakes(), before + 1, "nothing will come any more, and the receiver waits for it");
    assert_eq!(waiting.poll(), Poll::Ready(None));
}

fn the_receiver_wakes_all_senders_when_it_goes() {
    let (sender, receiver) = channel(1);
    assert_eq!(Task::new(sender.send(0)).poll(), Poll::Ready(Ok(())));
    let mut waiting = [1, 2].map(|item| Task::new(sender.send(item)));
    for task in &mut waiting {
        assert_eq!(task.poll(), Poll::Pending, "it is full");
    }
    drop(receiver);
    for (task, item) in waiting.iter_mut().zip([1, 2]) {
        assert_eq!(task.wakes(), 1, "there will never be room, and a sender waits for it");
        assert_eq!(task.poll(), Poll::Ready(Err(item)), "the item comes back");
    }
    assert_eq!(Task::new(sender.send(3)).poll(), Poll::Ready(Err(3)), "the receiver was gone before");
}

fn a_cancelled_recv_loses_nothing() {
    let (sender, mut receiver) = channel(1);
    let mut waiting = Task::new(receiver.recv());
    assert_eq!(waiting.poll(), Poll::Pending, "nothing was sent");
    assert_eq!(Task::new(sender.send("one")).poll(), Poll::Ready(Ok(())));
    drop(waiting);
    assert_eq!(
        Task::new(receiver.recv()).poll(),
        Poll::Ready(Some("one")),
        "it was sent, and nobody has got it"
    );
}

fn a_cancelled_send_takes_neither_room_nor_a_wake() {
    let (sender, mut receiver) = channel(1);
    assert_eq!(Task::new(sender.send(0)).poll(), Poll::Ready(Ok(())));
    let mut waiting = Vec::from([1, 2].map(|item| (item, Task::new(sender.send(item)))));
    for (_, task) in &mut waiting {
        assert_eq!(task.poll(), Poll::Pending, "it is full");
    }
    assert_eq!(Task::new(receiver.recv()).poll(), Poll::Ready(Some(0)));
    // Whichever it is, it hears of the room and is dropped.
    let woken =
        waiting.iter().position(|(_, task)| task.wakes() > 0).expect("there is room, and two wait for it");
    drop(waiting.remove(woken));
    let (item, mut other) = waiting.pop().expect("one is left");
    assert!(other.wakes() > 0, "there is room, one sender waits for it, and nobody has told it");
    assert_eq!(other.poll(), Poll::Ready(Ok(())), "there is room for one");
    assert_eq!(Task::new(receiver.recv()).poll(), Poll::Ready(Some(item)), "the other one sent nothing");
}

/// A future, and how often it was woken.
struct Task<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

impl<F: Future> Task<F> {
    fn new(future: F) -> Task<F> {
        Task { future: Box::pin(future), wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.wakes.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> usize {
        self.wakes.count()
    }
}

/// Counts the calls of a waker.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}
