//! The races of a condition variable, in all the orders that loom finds. A lost notification is a deadlock there.

use std::pin::pin;

use loom::{model, thread};

use super::*;
use crate::primitive::Arc;
use crate::sync::Mutex;
use crate::sync::loom_tests::{block_on, poll_once};

fn wait_and_take(shared: &(Mutex<usize>, Condvar)) {
    let (mutex, condvar) = shared;
    block_on(async { *condvar.wait_until(mutex.lock().await, |count| *count > 0).await -= 1 });
}

fn add(shared: &(Mutex<usize>, Condvar), count: usize) {
    block_on(async { *shared.0.lock().await += count });
}

#[test]
fn a_change_between_the_look_and_the_wait_is_not_missed() {
    model(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                add(&shared, 1);
                shared.1.notify_one();
            }
        });
        wait_and_take(&shared);
        other.join().unwrap();
    });
}

#[test]
fn notify_all_lets_two_go_on() {
    model(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || wait_and_take(&shared)
        });
        let notifying = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                add(&shared, 2);
                shared.1.notify_all();
            }
        });
        wait_and_take(&shared);
        other.join().unwrap();
        notifying.join().unwrap();
    });
}

#[test]
fn one_that_gives_up_passes_its_notification_on() {
    model(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let fickle = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (mutex, condvar) = &*shared;
                let guard = block_on(mutex.lock());
                assert!(poll_once(pin!(condvar.wait(guard))).is_none());
            }
        });
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || wait_and_take(&shared)
        });
        add(&shared, 1);
        shared.1.notify_one();
        fickle.join().unwrap();
        other.join().unwrap();
    });
}
