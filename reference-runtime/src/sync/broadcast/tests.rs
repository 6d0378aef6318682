mod model;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use super::error::{RecvError, SendError, TryRecvError};
use super::*;
use crate::sync::tests::{CountingWaker, PanickingWaker, poll};

#[test]
fn every_receiver_gets_every_message_in_order() {
    let (sender, mut first) = channel(4);
    let mut second = sender.subscribe();
    assert_eq!((sender.send(1), sender.send(2)), (Ok(2), Ok(2)));
    assert_eq!((first.try_recv(), first.try_recv()), (Ok(1), Ok(2)));
    assert_eq!(sender.len(), 2, "the second has still to get them");
    assert_eq!((second.try_recv(), second.try_recv()), (Ok(1), Ok(2)));
    assert!(sender.is_empty());
    assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn who_comes_later_gets_what_is_sent_later() {
    let (sender, first) = channel(4);
    sender.send(1).unwrap();
    let (mut second, mut third) = (sender.subscribe(), first.resubscribe());
    sender.send(2).unwrap();
    assert_eq!((second.try_recv(), third.try_recv()), (Ok(2), Ok(2)));
    assert_eq!(second.try_recv(), Err(TryRecvError::Empty));
    assert_eq!((first.len(), second.len()), (2, 0));
}

#[test]
fn who_is_too_far_behind_learns_how_far_and_goes_on_with_the_oldest() {
    let (sender, mut slow) = channel(2);
    let mut fast = sender.subscribe();
    for message in 1..=5 {
        sender.send(message).unwrap();
        assert_eq!(fast.try_recv(), Ok(message));
    }
    assert_eq!((slow.len(), sender.len()), (5, 2));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(3)));
    assert_eq!((slow.try_recv(), slow.try_recv()), (Ok(4), Ok(5)));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Empty));
    // Again, and then the end.
    for message in 6..=8 {
        sender.send(message).unwrap();
    }
    drop(sender);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(1)));
    assert_eq!((slow.try_recv(), slow.try_recv()), (Ok(7), Ok(8)));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_message_wakes_all_who_wait() {
    let (sender, mut first) = channel(1);
    let mut second = sender.subscribe();
    let (count, waker) = CountingWaker::pair();
    let (mut one, mut two) = (pin!(first.recv()), pin!(second.recv()));
    assert!(poll(one.as_mut(), &waker).is_none() && poll(two.as_mut(), &waker).is_none());
    sender.send(7).unwrap();
    assert_eq!(count.get(), 2);
    assert_eq!((poll(one, &waker), poll(two, &waker)), (Some(Ok(7)), Some(Ok(7))));
}

#[test]
fn a_wait_that_is_dropped_loses_no_message() {
    let (sender, mut receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    {
        let mut woken = pin!(receiver.recv());
        assert!(poll(woken.as_mut(), &waker).is_none());
        sender.send(7).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(7));
    {
        let mut waiting = pin!(receiver.recv());
        assert!(poll(waiting.as_mut(), &waker).is_none());
    }
    sender.send(8).unwrap();
    assert_eq!(count.get(), 1, "who is gone is not woken");
}

#[test]
fn the_last_sender_that_goes_ends_the_waits_and_leaves_the_messages() {
    let (sender, mut receiver) = channel::<u8>(4);
    let (count, waker) = CountingWaker::pair();
    let other = sender.clone();
    let mut waiting = Box::pin(receiver.recv());
    assert!(poll(waiting.as_mut(), &waker).is_none());
    drop(sender);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(waiting.as_mut(), &waker), Some(Err(RecvError::Closed)));
    drop(waiting);
    assert!(receiver.is_closed());

    let (sender, mut receiver) = channel(4);
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(1), Err(TryRecvError::Closed)));
}

#[test]
fn without_a_receiver_nothing_is_sent_or_kept() {
    let (sender, receiver) = channel(4);
    let (count, waker) = CountingWaker::pair();
    let message = Arc::new(());
    sender.send(Arc::clone(&message)).unwrap();
    let mut closed = pin!(sender.closed());
    assert!(poll(closed.as_mut(), &waker).is_none());
    drop(receiver);
    assert_eq!((count.get(), Arc::strong_count(&message)), (1, 1));
    assert!(poll(closed, &waker).is_some());
    assert!(sender.send(message).is_err());
    let mut late = sender.subscribe();
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(sender.send(Arc::new(())), Ok(1));
}

#[test]
fn a_receiver_that_goes_takes_only_its_own_share_of_the_messages_along() {
    let (sender, first) = channel(4);
    let mut second = sender.subscribe();
    let mut third = sender.subscribe();
    for message in 1..=3 {
        sender.send(message).unwrap();
    }
    assert_eq!(second.try_recv(), Ok(1));
    drop(first);
    assert_eq!(third.try_recv(), Ok(1));
    assert_eq!(sender.len(), 2);
    drop(third);
    assert_eq!(sender.len(), 2);
    assert_eq!((second.try_recv(), second.try_recv()), (Ok(2), Ok(3)));
    assert!(sender.is_empty());
    // One that has missed messages, too.
    let lagging = sender.subscribe();
    for message in 4..=10 {
        sender.send(message).unwrap();
    }
    drop(lagging);
    assert_eq!((sender.len(), second.try_recv()), (4, Err(TryRecvError::Lagged(3))));
}

#[test]
fn the_last_receiver_of_a_message_gets_it_without_a_clone() {
    #[derive(Debug)]
    struct Cloned(bool);
    impl Clone for Cloned {
        fn clone(&self) -> Cloned {
            Cloned(true)
        }
    }
    let (sender, mut first) = channel(4);
    let mut second = sender.subscribe();
    sender.send(Cloned(false)).unwrap();
    assert!(first.try_recv().unwrap().0);
    assert!(!second.try_recv().unwrap().0);
}

/// Looks into its channel when it is cloned and when it is dropped: under its lock, that would hang.
#[derive(Debug)]
struct Nosy(Sender<Nosy>);

impl Clone for Nosy {
    fn clone(&self) -> Nosy {
        self.0.len();
        Nosy(self.0.clone())
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.0.len();
    }
}

#[test]
fn messages_are_cloned_and_dropped_without_the_lock() {
    let (sender, mut first) = channel(1);
    let second = sender.subscribe();
    sender.send(Nosy(sender.clone())).unwrap();
    drop(first.try_recv().unwrap());
    sender.send(Nosy(sender.clone())).unwrap();
    drop((first, second));
    assert!(matches!(sender.send(Nosy(sender.clone())), Err(SendError(_))));
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    let (sender, mut first) = channel(1);
    let mut second = sender.subscribe();
    let (count, waker) = CountingWaker::pair();
    let (mut one, mut two) = (Box::pin(first.recv()), Box::pin(second.recv()));
    assert!(poll(one.as_mut(), &PanickingWaker::waker()).is_none());
    assert!(poll(two.as_mut(), &waker).is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.send(7))).is_err());
    assert_eq!(count.get(), 1);
    assert_eq!(poll(two.as_mut(), &waker), Some(Ok(7)));
}

#[test]
#[should_panic = "at least one message"]
fn a_channel_that_keeps_nothing_is_refused() {
    channel::<()>(0);
}

#[test]
fn a_thousand_tasks_get_all_that_is_sent() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let (sender, receiver) = channel(100);
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let mut receiver = receiver.resubscribe();
            runtime.spawn(async move {
                let mut sum = 0;
                while let Ok(number) = receiver.recv().await {
                    sum += number;
                }
                assert_eq!(receiver.recv().await, Err(RecvError::Closed));
                sum
            })
        })
        .collect();
    drop(receiver);
    runtime.block_on(async {
        for number in 1..=100 {
            sender.send(number).unwrap();
            crate::task::yield_now().await;
        }
        drop(sender);
        for task in tasks {
            assert_eq!(task.await, 5050);
        }
    });
}

#[test]
fn what_may_cross_threads() {
    fn is_send_and_sync<T: Send + Sync + Unpin>(_: &T) {}
    let (sender, mut receiver) = channel::<u8>(1);
    is_send_and_sync(&sender);
    is_send_and_sync(&receiver);
    is_send_and_sync(&receiver.recv());
    assert!(poll(pin!(receiver.recv()), Waker::noop()).is_none());
}
