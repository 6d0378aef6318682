//! The races of a broadcast, in all the orders that loom finds. A message that is missed is a deadlock there.

use loom::{model, thread};

use super::error::RecvError;
use super::*;
use crate::sync::loom_tests::block_on;

#[test]
fn two_receivers_get_the_message_and_then_it_ends() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let mut other = sender.subscribe();
        let receiving = thread::spawn(move || {
            assert_eq!(block_on(other.recv()), Ok(1));
            assert_eq!(block_on(other.recv()), Err(RecvError::Closed));
        });
        let sending = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(block_on(receiver.recv()), Ok(1));
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
        receiving.join().unwrap();
        sending.join().unwrap();
    });
}

#[test]
fn a_receiver_gets_each_message_or_learns_that_it_was_lost() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let sending = thread::spawn(move || {
            sender.send(1).unwrap();
            sender.send(2).unwrap();
        });
        let mut seen = 0;
        loop {
            match block_on(receiver.recv()) {
                Ok(_) => seen += 1,
                Err(RecvError::Lagged(missed)) => seen += missed,
                Err(RecvError::Closed) => break,
            }
        }
        assert_eq!(seen, 2);
        sending.join().unwrap();
    });
}
