//! The races of a mutex, in all the orders that loom finds. A lost wake-up is a deadlock there, and loom's cell finds
//! two at a time at the value.

use std::pin::pin;

use loom::{model, thread};

use super::*;
use crate::primitive::Arc;
use crate::sync::loom_tests::{block_on, poll_once};

fn add_one(mutex: &Mutex<usize>) {
    block_on(async { *mutex.lock().await += 1 });
}

#[test]
fn two_threads_get_in_one_after_the_other() {
    model(|| {
        let mutex = Arc::new(Mutex::new(0));
        let other = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                add_one(&mutex);
                add_one(&mutex);
            }
        });
        add_one(&mutex);
        add_one(&mutex);
        other.join().unwrap();
        assert_eq!(*mutex.try_lock().unwrap(), 4);
    });
}

#[test]
fn three_threads_get_in_one_after_the_other() {
    model(|| {
        let mutex = Arc::new(Mutex::new(0));
        let others = [(); 2].map(|()| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || add_one(&mutex))
        });
        add_one(&mutex);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(*mutex.try_lock().unwrap(), 3);
    });
}

#[test]
fn a_waiter_that_gives_up_wakes_the_next() {
    model(|| {
        let mutex = Arc::new(Mutex::new(0));
        let guard = mutex.try_lock().unwrap();
        let fickle = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                let mut lock = pin!(mutex.lock());
                poll_once(lock.as_mut()).is_some()
            }
        });
        let other = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || add_one(&mutex)
        });
        drop(guard);
        fickle.join().unwrap();
        other.join().unwrap();
        assert_eq!(*mutex.try_lock().unwrap(), 1);
    });
}

#[test]
fn the_mutex_is_handed_to_one_that_lost_and_one_that_gives_up_passes_it_on() {
    model(|| {
        let mutex = Arc::new(Mutex::new(0));
        // It has lost once, which is too often in this build.
        let mut loser = Box::pin(mutex.lock());
        let guard = mutex.try_lock().unwrap();
        assert!(poll_once(loser.as_mut()).is_none());
        drop(guard);
        let guard = mutex.try_lock().unwrap();
        assert!(poll_once(loser.as_mut()).is_none());
        let other = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || add_one(&mutex)
        });
        drop(guard);
        assert!(mutex.try_lock().is_none());
        drop(loser);
        other.join().unwrap();
        assert_eq!(*mutex.try_lock().unwrap(), 1);
    });
}
