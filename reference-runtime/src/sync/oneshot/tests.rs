use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use super::*;
use crate::sync::tests::{CountingWaker, poll};

#[test]
fn the_message_arrives_and_wakes_its_receiver_once() {
    let (sender, mut receiver) = channel();
    let (count, waker) = CountingWaker::pair();
    assert!(poll(pin!(&mut receiver), &waker).is_none());
    assert!(!receiver.is_terminated());
    sender.send(7).unwrap();
    assert_eq!(count.get(), 1);
    assert_eq!(poll(pin!(&mut receiver), &waker), Some(Ok(7)));
    assert!(receiver.is_terminated());
    assert_eq!(poll(pin!(&mut receiver), &waker), Some(Err(RecvError(()))), "only once");
}

#[test]
fn a_wait_that_is_dropped_loses_no_message() {
    let (sender, mut receiver) = channel();
    {
        let mut lost = pin!(&mut receiver);
        assert!(poll(lost.as_mut(), Waker::noop()).is_none());
        sender.send(7).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(7));
}

#[test]
fn a_sender_dropped_without_a_message_ends_the_wait() {
    let (sender, mut receiver) = channel::<u8>();
    let (count, waker) = CountingWaker::pair();
    assert!(poll(pin!(&mut receiver), &waker).is_none());
    drop(sender);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(pin!(&mut receiver), &waker), Some(Err(RecvError(()))));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_receiver_that_goes_is_told_to_the_sender_and_drops_what_was_sent() {
    let (mut sender, receiver) = channel();
    let (count, waker) = CountingWaker::pair();
    assert!(poll(pin!(sender.closed()), &waker).is_none());
    assert!(!sender.is_closed());
    drop(receiver);
    assert_eq!(count.get(), 1);
    assert!(poll(pin!(sender.closed()), &waker).is_some() && sender.is_closed());
    let message = Arc::new(());
    assert!(sender.send(Arc::clone(&message)).is_err());

    let (sender, receiver) = channel();
    sender.send(Arc::clone(&message)).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn what_was_sent_before_the_close_is_received_after_it() {
    let (sender, mut receiver) = channel();
    sender.send(7).unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(7));
}

#[test]
fn a_thousand_tasks_get_their_answers() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let (sender, receiver) = channel();
            runtime.spawn(async move { sender.send(number).unwrap() });
            runtime.spawn(receiver)
        })
        .collect();
    runtime.block_on(async {
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await, Ok(number));
        }
    });
}

#[test]
fn of_several_wakers_the_last_is_called() {
    let (sender, mut receiver) = channel();
    let ((first, one), (second, two)) = (CountingWaker::pair(), CountingWaker::pair());
    assert!(poll(pin!(&mut receiver), &one).is_none());
    assert!(poll(pin!(&mut receiver), &two).is_none());
    assert!(poll(pin!(&mut receiver), &two).is_none());
    assert!(receiver.is_empty());
    sender.send(7).unwrap();
    assert_eq!((first.get(), second.get(), receiver.is_empty()), (0, 1, false));
}

#[test]
fn a_sender_that_waits_for_the_end_and_then_sends_leaves_nothing_behind() {
    let (mut sender, mut receiver) = channel();
    let (count, waker) = CountingWaker::pair();
    assert!(poll(pin!(sender.closed()), &waker).is_none());
    sender.send(7).unwrap();
    receiver.close();
    assert_eq!((receiver.try_recv(), count.get()), (Ok(7), 0));
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
}
