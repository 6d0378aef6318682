//! The races of a watched value, in all the orders that loom finds. A change that is missed is a deadlock there.

use loom::{model, thread};

use super::*;
use crate::sync::loom_tests::block_on;

#[test]
fn no_change_is_missed_and_then_it_ends() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let sending = thread::spawn(move || sender.send(1).unwrap());
        assert!(block_on(receiver.changed()).is_ok());
        assert_eq!(*receiver.borrow(), 1);
        assert!(block_on(receiver.changed()).is_err());
        sending.join().unwrap();
    });
}

#[test]
fn a_value_that_is_waited_for_is_found_although_its_sender_goes() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let sending = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(block_on(receiver.wait_for(|value| *value == 1)).map(|value| *value), Ok(1));
        sending.join().unwrap();
    });
}

#[test]
fn the_last_receiver_that_goes_is_told_to_the_sender() {
    model(|| {
        let (sender, receiver) = channel(0);
        let other = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        other.join().unwrap();
    });
}
