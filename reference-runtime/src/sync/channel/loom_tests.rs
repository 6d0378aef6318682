//! The races of a channel, in all the orders that loom finds. A lost wake-up is a deadlock there.

use std::pin::pin;

use loom::{model, thread};

use super::*;
use crate::sync::loom_tests::{block_on, poll_once};

#[test]
fn two_messages_through_a_channel_for_one_arrive_and_then_it_ends() {
    model(|| {
        let (sender, receiver) = channel(1);
        let sending = thread::spawn(move || {
            block_on(sender.send(1)).unwrap();
            block_on(sender.send(2)).unwrap();
        });
        assert_eq!(block_on(receiver.recv()), Ok(1));
        assert_eq!(block_on(receiver.recv()), Ok(2));
        assert_eq!(block_on(receiver.recv()), Err(RecvError));
        sending.join().unwrap();
    });
}

#[test]
fn a_receiver_that_gives_up_passes_its_message_on() {
    model(|| {
        let (sender, receiver) = channel(1);
        let other = receiver.clone();
        let fickle = thread::spawn(move || {
            let mut receiving = pin!(other.recv());
            poll_once(receiving.as_mut()).and_then(Result::ok)
        });
        let sending = thread::spawn(move || {
            block_on(sender.send(1)).unwrap();
        });
        let received = block_on(receiver.recv());
        let stolen = fickle.join().unwrap();
        assert!(matches!((received, stolen), (Ok(1), None) | (Err(RecvError), Some(1))));
        sending.join().unwrap();
    });
}

#[test]
fn a_sender_that_gives_up_passes_its_room_on() {
    model(|| {
        let (sender, receiver) = channel(1);
        sender.try_send(0).unwrap();
        let (other, last) = (sender.clone(), sender);
        let fickle = thread::spawn(move || {
            let mut sending = pin!(other.send(1));
            poll_once(sending.as_mut()).is_some()
        });
        let sending = thread::spawn(move || block_on(last.send(2)).unwrap());
        let mut sum = 0;
        while let Ok(message) = block_on(receiver.recv()) {
            sum += message;
        }
        sending.join().unwrap();
        assert_eq!(sum, 2 + i32::from(fickle.join().unwrap()));
    });
}

#[test]
fn two_receivers_share_two_messages() {
    model(|| {
        let (sender, receiver) = channel(2);
        let other = receiver.clone();
        let receiving = thread::spawn(move || block_on(other.recv()).unwrap());
        let sending = thread::spawn(move || {
            sender.try_send(1).unwrap();
            sender.try_send(2).unwrap();
        });
        let received = block_on(receiver.recv()).unwrap();
        assert_eq!(received + receiving.join().unwrap(), 3);
        sending.join().unwrap();
    });
}

#[test]
fn a_receiver_that_goes_while_a_sender_waits_gives_the_message_back() {
    model(|| {
        let (sender, receiver) = channel(1);
        sender.try_send(0).unwrap();
        let receiving = thread::spawn(move || drop(receiver));
        assert_eq!(block_on(sender.send(1)), Err(SendError(1)));
        receiving.join().unwrap();
    });
}

#[test]
fn what_is_sent_without_a_bound_by_two_arrives_and_then_it_ends() {
    model(|| {
        let (sender, receiver) = without_bound();
        let other = sender.clone();
        let sending = [sender, other].map(|sender| thread::spawn(move || block_on(sender.send(1)).unwrap()));
        assert_eq!(block_on(receiver.recv()), Ok(1));
        assert_eq!(block_on(receiver.recv()), Ok(1));
        assert_eq!(block_on(receiver.recv()), Err(RecvError));
        for thread in sending {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_weak_sender_either_keeps_the_channel_open_or_finds_it_closed() {
    model(|| {
        let (sender, receiver) = channel(1);
        let weak = sender.downgrade();
        let last = thread::spawn(move || drop(sender));
        let upgraded = weak.upgrade();
        last.join().unwrap();
        match upgraded {
            Some(sender) => {
                assert_eq!(sender.try_send(1), Ok(()));
                assert_eq!(block_on(receiver.recv()), Ok(1));
            }
            None => assert_eq!(block_on(receiver.recv()), Err(RecvError)),
        }
    });
}

#[test]
fn the_last_receiver_that_goes_is_told_to_whoever_waits_for_it() {
    model(|| {
        let (sender, receiver) = channel::<u8>(1);
        let other = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        other.join().unwrap();
    });
}
