//! Handles that do not keep a channel open.

use super::*;

#[test]
fn a_weak_sender_does_not_keep_the_channel_open() {
    let (sender, receiver) = channel::<u8>(1);
    let (count, waker) = CountingWaker::pair();
    let weak = sender.downgrade();
    let mut receiving = pin!(receiver.recv());
    assert!(poll(receiving.as_mut(), &waker).is_none());
    let other = weak.upgrade().unwrap();
    assert!(other.same_channel(&sender));
    assert_eq!(sender.sender_count(), 2);
    drop(sender);
    assert_eq!(count.get(), 0);
    drop(other);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(receiving.as_mut(), &waker), Some(Err(RecvError)));
    assert!(weak.clone().upgrade().is_none());
}

#[test]
fn a_weak_receiver_does_not_keep_the_channel_open() {
    let (sender, receiver) = channel(1);
    let weak = receiver.downgrade();
    let other = weak.upgrade().unwrap();
    assert!(other.same_channel(&receiver));
    assert_eq!(sender.receiver_count(), 2);
    drop((receiver, other));
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert!(weak.clone().upgrade().is_none());
}

#[test]
fn no_weak_handle_opens_a_channel_again_that_was_closed() {
    let (sender, receiver) = channel::<u8>(1);
    let (weak_sender, weak_receiver) = (sender.downgrade(), receiver.downgrade());
    sender.close();
    assert!(weak_sender.upgrade().is_none() && weak_receiver.upgrade().is_none());
}
