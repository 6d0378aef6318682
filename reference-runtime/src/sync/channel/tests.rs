mod unbounded;
mod weak;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use futures::StreamExt;

use super::super::waiters::LOSSES;
use super::*;
use crate::sync::tests::{CountingWaker, PanickingWaker, poll};

#[test]
fn each_message_arrives_once_on_several_threads() {
    const EACH: usize = 2_000;
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    for (capacity, senders, receivers) in [(1, 1, 1), (1, 4, 4), (3, 8, 1), (3, 1, 8), (100, 8, 8)] {
        let (sender, receiver) = channel(capacity);
        for first in 0..senders {
            let sender = sender.clone();
            runtime.spawn(async move {
                for message in 0..EACH {
                    sender.send(message * senders + first).await.unwrap();
                }
            });
        }
        drop(sender);
        let receiving: Vec<_> =
            (0..receivers).map(|_| runtime.spawn(receiver.clone().collect::<Vec<usize>>())).collect();
        drop(receiver);
        let mut received = runtime.block_on(async {
            let mut all = Vec::new();
            for task in receiving {
                all.extend(task.await);
            }
            all
        });
        received.sort_unstable();
        assert!(received.into_iter().eq(0..EACH * senders), "{capacity}, {senders}, {receivers}");
    }
}

#[test]
fn messages_come_in_order_and_no_more_than_there_is_room_for() {
    let (sender, receiver) = channel(2);
    assert_eq!((sender.try_send(1), sender.try_send(2)), (Ok(()), Ok(())));
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    assert!(sender.is_full() && receiver.is_full());
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(1), Ok(2)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(sender.is_empty() && receiver.is_empty());
}

#[test]
#[should_panic = "room for at least one"]
fn a_channel_without_room_is_refused() {
    channel::<()>(0);
}

#[test]
fn for_one_message_one_receiver_is_woken() {
    let (sender, receiver) = channel(4);
    let (count, waker) = CountingWaker::pair();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(receiver.recv())).collect();
    for future in &mut waiting {
        assert!(poll(future.as_mut(), &waker).is_none());
    }
    sender.try_send(1).unwrap();
    assert_eq!(count.get(), 1);
    assert!(poll(waiting[1].as_mut(), &waker).is_some(), "whoever comes first gets it");
    assert!(poll(waiting[0].as_mut(), &waker).is_none());
    assert!(poll(waiting[2].as_mut(), &waker).is_none());
    sender.try_send(2).unwrap();
    assert_eq!(count.get(), 2);
    assert!(poll(waiting[0].as_mut(), &waker).is_some(), "it has kept its place");
}

#[test]
fn every_message_has_its_receiver_woken_in_the_end() {
    let (sender, receiver) = channel(20);
    let wakers: Vec<_> = (0..20).map(|_| CountingWaker::pair()).collect();
    let mut waiting: Vec<_> = wakers.iter().map(|_| Box::pin(receiver.recv())).collect();
    for (future, (_, waker)) in waiting.iter_mut().zip(&wakers) {
        assert!(poll(future.as_mut(), waker).is_none());
    }
    for message in 0..20 {
        sender.try_send(message).unwrap();
    }
    for message in 0..20 {
        assert_eq!(wakers[message].0.get(), 1);
        assert_eq!(poll(waiting[message].as_mut(), &wakers[message].1), Some(Ok(message)));
    }
}

#[test]
fn a_woken_one_that_does_not_come_back_keeps_one_message_from_the_others() {
    let (sender, receiver) = channel(2);
    let (count, waker) = CountingWaker::pair();
    let mut kept = Box::pin(receiver.recv());
    let mut next = Box::pin(receiver.recv());
    assert!(poll(kept.as_mut(), &waker).is_none());
    assert!(poll(next.as_mut(), &waker).is_none());
    sender.try_send(1).unwrap();
    assert_eq!(count.get(), 1);
    sender.try_send(2).unwrap();
    assert_eq!(count.get(), 2, "nobody polls the first, and a message is there for the second");
    assert_eq!(poll(next.as_mut(), &waker), Some(Ok(1)));
    assert_eq!(poll(kept.as_mut(), &waker), Some(Ok(2)));
}

#[test]
fn a_receiver_dropped_after_it_was_woken_wakes_the_next() {
    let (sender, receiver) = channel(4);
    let (count, waker) = CountingWaker::pair();
    let mut first = Box::pin(receiver.recv());
    let mut second = pin!(receiver.recv());
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    sender.try_send(1).unwrap();
    drop(first);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(second.as_mut(), &waker), Some(Ok(1)));
}

#[test]
fn a_stream_dropped_after_it_was_woken_wakes_the_next() {
    let (sender, mut stream) = channel(4);
    let (count, waker) = CountingWaker::pair();
    let receiver = stream.clone();
    let mut second = pin!(receiver.recv());
    assert!(poll(pin!(stream.next()), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    sender.try_send(1).unwrap();
    drop(stream);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(second.as_mut(), &waker), Some(Ok(1)));
}

#[test]
fn a_sender_dropped_after_it_was_woken_wakes_the_next_and_sends_nothing() {
    let (sender, receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    sender.try_send(1).unwrap();
    let mut first = Box::pin(sender.send(2));
    let mut second = pin!(sender.send(3));
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    assert_eq!(receiver.try_recv(), Ok(1));
    drop(first);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(second.as_mut(), &waker), Some(Ok(())));
    assert_eq!(receiver.try_recv(), Ok(3));
}

#[test]
fn behind_one_that_was_woken_in_vain_too_often_newcomers_queue_up() {
    let (sender, receiver) = channel(1);
    let (_, waker) = CountingWaker::pair();
    let mut loser = pin!(receiver.recv());
    assert!(poll(loser.as_mut(), &waker).is_none());
    for _ in 0..LOSSES {
        sender.try_send(0).unwrap();
        assert_eq!(poll(pin!(receiver.recv()), &waker), Some(Ok(0)));
        assert!(poll(loser.as_mut(), &waker).is_none());
    }
    sender.try_send(1).unwrap();
    let (count, newcomers) = CountingWaker::pair();
    let mut newcomer = pin!(receiver.recv());
    assert!(poll(newcomer.as_mut(), &newcomers).is_none());
    assert_eq!(poll(loser.as_mut(), &waker), Some(Ok(1)));
    assert_eq!(count.get(), 0);
    sender.try_send(2).unwrap();
    assert_eq!(count.get(), 1);
    assert_eq!(poll(newcomer.as_mut(), &newcomers), Some(Ok(2)));
}

#[test]
fn closing_wakes_all_and_what_was_sent_still_arrives() {
    let (sender, receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    sender.try_send(1).unwrap();
    let mut sending: Vec<_> = (2..4).map(|message| Box::pin(sender.send(message))).collect();
    for future in &mut sending {
        assert!(poll(future.as_mut(), &waker).is_none());
    }
    assert!(receiver.close() && !receiver.close() && sender.is_closed());
    assert_eq!(count.get(), 2);
    assert_eq!(poll(sending[0].as_mut(), &waker), Some(Err(SendError(2))));
    assert_eq!(poll(sending[1].as_mut(), &waker), Some(Err(SendError(3))));
    assert_eq!(poll(pin!(receiver.recv()), &waker), Some(Ok(1)));
    assert_eq!(poll(pin!(receiver.recv()), &waker), Some(Err(RecvError)));
}

#[test]
fn who_waits_for_the_end_is_woken_by_it_and_by_nothing_else() {
    let (sender, receiver) = channel(1);
    let (count, waker) = CountingWaker::pair();
    let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(sender.closed())).collect();
    for future in &mut waiting {
        assert!(poll(future.as_mut(), &waker).is_none());
    }
    sender.try_send(1).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    drop(waiting.remove(0));
    drop(receiver.clone());
    assert_eq!(count.get(), 0);
    drop(receiver);
    assert_eq!(count.get(), 1);
    assert!(poll(waiting[0].as_mut(), &waker).is_some());
    assert!(poll(pin!(sender.closed()), &waker).is_some());
}

#[test]
fn the_last_sender_ends_the_channel_and_the_last_receiver_fails_the_senders() {
    let (sender, receiver) = channel::<u8>(1);
    let (count, waker) = CountingWaker::pair();
    let mut receiving = pin!(receiver.recv());
    assert!(poll(receiving.as_mut(), &waker).is_none());
    let other = sender.clone();
    assert_eq!((sender.sender_count(), sender.receiver_count()), (2, 1));
    drop(sender);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(receiving.as_mut(), &waker), Some(Err(RecvError)));

    let (sender, receiver) = channel(1);
    sender.try_send(1).unwrap();
    let mut sending = pin!(sender.send(2));
    assert!(poll(sending.as_mut(), &waker).is_none());
    drop(receiver.clone());
    assert_eq!(count.get(), 1);
    drop(receiver);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(sending.as_mut(), &waker), Some(Err(SendError(2))));
    assert!(sender.is_empty(), "nobody would have received it");
}

#[test]
fn a_stream_that_is_the_last_receiver_wakes_all_senders_when_dropped() {
    let (sender, mut stream) = channel(1);
    let (count, waker) = CountingWaker::pair();
    assert!(poll(pin!(stream.next()), &waker).is_none());
    sender.try_send(0).unwrap();
    assert_eq!(count.get(), 1);
    let mut sending: Vec<_> = (1..4).map(|message| Box::pin(sender.send(message))).collect();
    for future in &mut sending {
        assert!(poll(future.as_mut(), &waker).is_none());
    }
    drop(stream);
    assert_eq!(count.get(), 4);
    for (message, future) in (1..4).zip(&mut sending) {
        assert_eq!(poll(future.as_mut(), &waker), Some(Err(SendError(message))));
    }
}

/// Looks into its channel when it is cloned (by [`Waker`]), woken and dropped: under its lock, that would hang.
struct Nosy(Sender<Nosy>, Arc<AtomicUsize>);

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.0.len();
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.0.len();
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn wakers_and_messages_are_called_and_dropped_without_the_lock() {
    let (sender, receiver) = channel(1);
    let dropped = Arc::new(AtomicUsize::new(0));
    let nosy = || Nosy(sender.clone(), Arc::clone(&dropped));
    let waker = || Waker::from(Arc::new(nosy()));
    let mut receiving = Box::pin(receiver.recv());
    // One waker replaced, one woken, one given up.
    assert!(poll(receiving.as_mut(), &waker()).is_none());
    assert!(poll(receiving.as_mut(), &waker()).is_none());
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert!(sender.try_send(nosy()).is_ok());
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    drop(receiving);
    let mut sending = Box::pin(sender.send(nosy()));
    assert!(poll(sending.as_mut(), &waker()).is_none());
    drop(sending);
    assert_eq!(dropped.load(Ordering::SeqCst), 4);
    // One waits while the channel closes, one message is left in it.
    let mut sending = Box::pin(sender.send(nosy()));
    assert!(poll(sending.as_mut(), &waker()).is_none());
    drop(receiver);
    assert_eq!(dropped.load(Ordering::SeqCst), 6);
    assert!(poll(sending.as_mut(), &waker()).unwrap().is_err());
    assert_eq!(dropped.load(Ordering::SeqCst), 8);
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    let (sender, receiver) = channel::<u8>(1);
    let (count, waker) = CountingWaker::pair();
    let mut receiving: Vec<_> = (0..3).map(|_| Box::pin(receiver.recv())).collect();
    assert!(poll(receiving[0].as_mut(), &PanickingWaker::waker()).is_none());
    assert!(poll(receiving[1].as_mut(), &waker).is_none());
    assert!(poll(receiving[2].as_mut(), &waker).is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.try_send(1))).is_err());
    assert_eq!(sender.len(), 1, "sent, if not said so");
    assert!(catch_unwind(AssertUnwindSafe(|| receiving.remove(0))).is_ok());
    assert_eq!(count.get(), 1);
    assert_eq!(poll(receiving[0].as_mut(), &waker), Some(Ok(1)));

    let mut panicking = Box::pin(receiver.recv());
    assert!(poll(panicking.as_mut(), &PanickingWaker::waker()).is_none());
    let mut last = Box::pin(receiver.recv());
    assert!(poll(last.as_mut(), &waker).is_none());
    let before = count.get();
    assert!(catch_unwind(AssertUnwindSafe(|| sender.close())).is_err());
    assert_eq!(count.get(), before + 2, "the one from before, and the one behind it");
}

#[test]
fn a_message_that_panics_when_dropped_does_so_where_the_receiver_is_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let (sender, receiver) = channel(1);
    assert!(sender.try_send(Bomb).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert!(sender.is_closed() && sender.is_empty());
}

#[test]
fn what_may_cross_threads() {
    fn is_send_and_sync<T: std::marker::Send + Sync + Unpin>() {}
    is_send_and_sync::<Sender<std::cell::Cell<u8>>>();
    is_send_and_sync::<Receiver<std::cell::Cell<u8>>>();
    is_send_and_sync::<Recv<'_, u8>>();
    is_send_and_sync::<Send<'_, u8>>();
}
