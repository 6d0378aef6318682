//! The races of a notification, in all the orders that loom finds. A lost one is a deadlock there.

use std::pin::pin;

use loom::{model, thread};

use super::*;
use crate::primitive;
use crate::sync::loom_tests::{block_on, poll_once};

#[test]
fn a_word_arrives_whether_it_or_its_receiver_comes_first() {
    model(|| {
        let notify = primitive::Arc::new(Notify::new());
        let other = thread::spawn({
            let notify = notify.clone();
            move || notify.notify_one()
        });
        block_on(notify.notified());
        other.join().unwrap();
    });
}

#[test]
fn a_future_that_gives_up_leaves_the_word_to_the_other() {
    model(|| {
        let notify = primitive::Arc::new(Notify::new());
        let fickle = thread::spawn({
            let notify = notify.clone();
            move || poll_once(pin!(notify.notified())).is_some()
        });
        let other = thread::spawn({
            let notify = notify.clone();
            move || notify.notify_one()
        });
        if fickle.join().unwrap() {
            notify.notify_one();
        }
        block_on(notify.notified());
        other.join().unwrap();
    });
}

#[test]
fn what_is_changed_before_all_are_notified_is_seen_by_whoever_makes_its_future_first() {
    model(|| {
        let shared = primitive::Arc::new((Notify::new(), primitive::AtomicBool::new(false)));
        let other = thread::spawn({
            let shared = shared.clone();
            move || {
                shared.1.store(true, primitive::Ordering::SeqCst);
                shared.0.notify_waiters();
            }
        });
        let notified = shared.0.notified();
        if !shared.1.load(primitive::Ordering::SeqCst) {
            block_on(notified);
        }
        other.join().unwrap();
    });
}
