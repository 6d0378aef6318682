//! The races of a channel for one message, in all the orders that loom finds. A lost one is a deadlock there.

use std::pin::pin;

use loom::{model, thread};

use super::*;
use crate::sync::loom_tests::{block_on, poll_once};

#[test]
fn the_message_arrives() {
    model(|| {
        let (sender, receiver) = channel();
        let other = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(block_on(receiver), Ok(7));
        other.join().unwrap();
    });
}

#[test]
fn a_message_is_received_or_comes_back_and_the_sender_learns_of_the_end() {
    model(|| {
        let (mut sender, mut receiver) = channel();
        let other = thread::spawn(move || {
            let received = poll_once(pin!(&mut receiver)).is_some();
            receiver.close();
            received || receiver.try_recv().is_ok()
        });
        let is_closed = poll_once(pin!(sender.closed())).is_some();
        let is_sent = sender.send(7).is_ok();
        assert!(!(is_closed && is_sent));
        assert_eq!(other.join().unwrap(), is_sent);
    });
}

#[test]
fn a_sender_that_waits_for_the_end_is_woken_by_it() {
    model(|| {
        let (mut sender, receiver) = channel::<u8>();
        let other = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        other.join().unwrap();
    });
}
