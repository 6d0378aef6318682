use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Waker;

use super::error::{RecvError, SendError};
use super::*;
use crate::sync::tests::{CountingWaker, poll};

#[test]
fn a_change_wakes_all_who_wait_and_is_seen_once() {
    let (sender, mut first) = channel(1);
    let mut second = first.clone();
    let (count, waker) = CountingWaker::pair();
    let (mut one, mut two) = (Box::pin(first.changed()), Box::pin(second.changed()));
    assert!(poll(one.as_mut(), &waker).is_none() && poll(two.as_mut(), &waker).is_none());
    sender.send(2).unwrap();
    assert_eq!(count.get(), 2);
    assert_eq!((poll(one.as_mut(), &waker), poll(two.as_mut(), &waker)), (Some(Ok(())), Some(Ok(()))));
    drop((one, two));
    assert!(poll(pin!(first.changed()), &waker).is_none());
}

#[test]
fn of_many_values_the_newest_is_seen() {
    let (sender, mut receiver) = channel(0);
    for value in 1..=10 {
        sender.send(value).unwrap();
    }
    assert_eq!(poll(pin!(receiver.changed()), Waker::noop()), Some(Ok(())));
    assert_eq!(*receiver.borrow(), 10);
    assert!(poll(pin!(receiver.changed()), Waker::noop()).is_none());
}

#[test]
fn a_wait_that_is_dropped_has_seen_nothing() {
    let (sender, mut receiver) = channel(1);
    {
        let mut waiting = pin!(receiver.changed());
        assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
        sender.send(2).unwrap();
    }
    assert_eq!(receiver.has_changed(), Ok(true));
    assert_eq!(poll(pin!(receiver.changed()), Waker::noop()), Some(Ok(())));
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (sender, mut receiver) = channel(1);
    let other = sender.clone();
    sender.send(2).unwrap();
    drop(sender);
    assert_eq!(receiver.has_changed(), Ok(true));
    drop(other);
    assert_eq!(receiver.has_changed(), Err(RecvError(())));
    assert!(receiver.borrow().has_changed());
    assert_eq!(poll(pin!(receiver.changed()), Waker::noop()), Some(Ok(())));
    assert_eq!(poll(pin!(receiver.changed()), Waker::noop()), Some(Err(RecvError(()))));
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn the_last_sender_that_goes_wakes_who_waits() {
    let (sender, mut receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    let mut waiting = pin!(receiver.changed());
    assert!(poll(waiting.as_mut(), &waker).is_none());
    drop(sender);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(waiting.as_mut(), &waker), Some(Err(RecvError(()))));
}

#[test]
fn without_a_receiver_nothing_is_sent_but_replaced() {
    let (sender, receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    let mut closed = pin!(sender.closed());
    assert!(poll(closed.as_mut(), &waker).is_none());
    drop(receiver.clone());
    assert_eq!(count.get(), 0);
    drop(receiver);
    assert_eq!(count.get(), 1);
    assert!(poll(closed.as_mut(), &waker).is_some());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(sender.send_replace(3), 1);
    let receiver = sender.subscribe();
    assert_eq!((*receiver.borrow(), receiver.has_changed()), (3, Ok(false)));
    assert_eq!((sender.receiver_count(), sender.sender_count()), (1, 1));
}

#[test]
fn a_value_can_be_marked_as_seen_and_as_not_seen() {
    let (sender, mut receiver) = channel(1);
    receiver.mark_changed();
    assert_eq!(receiver.has_changed(), Ok(true));
    sender.send(2).unwrap();
    receiver.mark_unchanged();
    assert_eq!(receiver.has_changed(), Ok(false));
    assert!(!sender.borrow().has_changed());
}

#[test]
fn waiting_for_a_value_looks_at_the_one_there_is_and_at_the_last() {
    let (sender, mut receiver) = channel(1);
    assert_eq!(poll(pin!(receiver.wait_for(|value| *value == 1)), Waker::noop()).unwrap().map(|r| *r), Ok(1));
    let (count, waker) = CountingWaker::pair();
    let mut waiting = Box::pin(receiver.wait_for(|value| *value == 3));
    assert!(poll(waiting.as_mut(), &waker).is_none());
    sender.send(2).unwrap();
    assert!(poll(waiting.as_mut(), &waker).is_none());
    sender.send(3).unwrap();
    drop(sender);
    assert!(count.get() >= 2);
    assert_eq!(poll(waiting.as_mut(), &waker).unwrap().map(|value| *value), Ok(3));
    drop(waiting);
    assert!(poll(pin!(receiver.wait_for(|value| *value == 4)), &waker).unwrap().is_err());
}

#[test]
fn a_panic_while_the_value_is_changed_does_not_poison_it() {
    let (sender, receiver) = channel(1);
    let changed = catch_unwind(AssertUnwindSafe(|| {
        sender.send_modify(|value| {
            *value = 2;
            panic!("on purpose");
        });
    }));
    assert!(changed.is_err());
    assert_eq!((*receiver.borrow(), receiver.has_changed()), (2, Ok(false)));
    sender.send(3).unwrap();
    assert_eq!(*receiver.borrow(), 3);
}

#[test]
fn a_thousand_tasks_see_the_last_value() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let (sender, receiver) = channel(0);
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let mut receiver = receiver.clone();
            runtime.spawn(async move {
                let mut newest = 0;
                while receiver.changed().await.is_ok() {
                    let value = *receiver.borrow_and_update();
                    assert!(value >= newest);
                    newest = value;
                }
                newest
            })
        })
        .collect();
    drop(receiver);
    runtime.block_on(async {
        for value in 1..=100 {
            sender.send(value).unwrap();
            crate::task::yield_now().await;
        }
        drop(sender);
        for task in tasks {
            assert_eq!(task.await, 100);
        }
    });
}

#[test]
fn what_may_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_send_and_sync<T: Send + Sync + Unpin>(_: &T) {}
    let (sender, mut receiver) = channel(1);
    is_send_and_sync(&sender);
    is_send_and_sync(&receiver);
    is_send(&sender.closed());
    is_send(&receiver.changed());
    is_send(&receiver.wait_for(|_| true));
}
