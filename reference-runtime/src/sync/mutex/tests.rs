use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::super::waiters::LOSSES;
use super::*;
use crate::sync::tests::{CountingWaker, PanickingWaker};

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(waker)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn tasks_on_several_threads_get_in_one_after_the_other() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let mutex = Arc::new(Mutex::new(0_usize));
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let mutex = Arc::clone(&mutex);
            runtime.spawn(async move {
                for round in 0..500 {
                    let mut guard = mutex.lock().await;
                    let seen = *guard;
                    if (round + number) % 7 == 0 {
                        crate::task::yield_now().await;
                    }
                    *guard = seen + 1;
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(Arc::into_inner(mutex).unwrap().into_inner(), 5_000);
}

#[test]
fn who_waits_is_woken_by_the_unlock_and_once() {
    let mutex = Mutex::new(());
    let (count, waker) = CountingWaker::pair();
    let guard = mutex.try_lock().unwrap();
    let mut first = pin!(mutex.lock());
    let mut second = pin!(mutex.lock());
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    assert_eq!(count.get(), 0);
    drop(guard);
    assert_eq!(count.get(), 1);
    let guard = poll(first.as_mut(), &waker).unwrap();
    assert_eq!(count.get(), 1);
    drop(guard);
    assert_eq!(count.get(), 2);
    assert!(poll(second.as_mut(), &waker).is_some());
    assert!(mutex.try_lock().is_some());
}

#[test]
fn of_several_wakers_the_last_is_called() {
    let mutex = Mutex::new(());
    let (old, new) = (CountingWaker::pair(), CountingWaker::pair());
    let guard = mutex.try_lock().unwrap();
    let mut waiting = pin!(mutex.lock());
    assert!(poll(waiting.as_mut(), &old.1).is_none());
    assert!(poll(waiting.as_mut(), &new.1).is_none());
    drop(guard);
    assert_eq!((old.0.get(), new.0.get()), (0, 1));
}

#[test]
fn a_waiter_dropped_after_it_was_woken_wakes_the_next() {
    let mutex = Mutex::new(());
    let (count, waker) = CountingWaker::pair();
    let guard = mutex.try_lock().unwrap();
    let mut first = Box::pin(mutex.lock());
    let mut second = pin!(mutex.lock());
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    drop(guard);
    drop(first);
    assert_eq!(count.get(), 2);
    assert!(poll(second.as_mut(), &waker).is_some());
}

#[test]
fn a_waiter_dropped_before_it_was_woken_is_passed_over() {
    let mutex = Mutex::new(());
    let (first_count, first_waker) = CountingWaker::pair();
    let (count, waker) = CountingWaker::pair();
    let guard = mutex.try_lock().unwrap();
    let mut first = Box::pin(mutex.lock());
    let mut second = pin!(mutex.lock());
    assert!(poll(first.as_mut(), &first_waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    drop(first);
    drop(guard);
    assert_eq!((first_count.get(), count.get()), (0, 1));
}

#[test]
fn a_woken_waiter_that_is_dropped_while_another_holds_the_mutex_is_no_loss() {
    let mutex = Mutex::new(());
    let (count, waker) = CountingWaker::pair();
    let guard = mutex.try_lock().unwrap();
    let mut first = Box::pin(mutex.lock());
    let mut second = pin!(mutex.lock());
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    drop(guard);
    let guard = mutex.try_lock().unwrap();
    drop(first);
    assert_eq!(count.get(), 1);
    drop(guard);
    assert_eq!(count.get(), 2);
    assert!(poll(second.as_mut(), &waker).is_some());
}

/// A future that was woken in vain so often that the mutex is handed to it.
fn hand_over<'a>(mutex: &'a Mutex<()>, waker: &Waker) -> Pin<Box<Lock<'a, ()>>> {
    let mut guard = mutex.try_lock().unwrap();
    let mut waiting = Box::pin(mutex.lock());
    assert!(poll(waiting.as_mut(), waker).is_none());
    for _ in 0..LOSSES {
        drop(guard);
        guard = mutex.try_lock().expect("whoever comes first takes it");
        assert!(poll(waiting.as_mut(), waker).is_none());
    }
    drop(guard);
    assert!(mutex.try_lock().is_none(), "it is not free in between");
    waiting
}

#[test]
fn one_that_was_woken_in_vain_too_often_gets_the_mutex_handed_over() {
    let mutex = Mutex::new(());
    let (count, waker) = CountingWaker::pair();
    let mut waiting = hand_over(&mutex, &waker);
    assert_eq!(count.get(), LOSSES as usize + 1);
    assert!(poll(waiting.as_mut(), &waker).is_some());
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_mutex_handed_to_a_future_that_is_dropped_goes_to_the_next() {
    let mutex = Mutex::new(());
    let waker = CountingWaker::pair().1;
    drop(hand_over(&mutex, &waker));
    assert!(mutex.try_lock().is_some());

    let waiting = hand_over(&mutex, &waker);
    let (count, waker) = CountingWaker::pair();
    let mut next = pin!(mutex.lock());
    assert!(poll(next.as_mut(), &waker).is_none());
    drop(waiting);
    assert_eq!(count.get(), 1);
    assert!(poll(next.as_mut(), &waker).is_some());
}

#[test]
fn a_panic_with_the_guard_unlocks_and_does_not_poison() {
    let mutex = Mutex::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.try_lock().unwrap();
        *guard = 2;
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 2);
}

#[test]
fn a_panic_in_a_waker_leaves_the_mutex_unlocked() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut waiting = Box::pin(mutex.lock());
    assert!(poll(waiting.as_mut(), &PanickingWaker::waker()).is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
    drop(waiting);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn an_owned_guard_outlives_what_it_was_taken_through() {
    let mutex = Arc::new(Mutex::new(1));
    let (count, waker) = CountingWaker::pair();
    let mut guard = mutex.try_lock_arc().unwrap();
    assert!(mutex.try_lock_arc().is_none());
    let mut waiting = mutex.lock_arc();
    let mut given_up = mutex.lock_arc();
    drop(mutex);
    assert!(poll(Pin::new(&mut waiting), &waker).is_none());
    assert!(poll(Pin::new(&mut given_up), &waker).is_none());
    *guard += 1;
    drop(guard);
    drop(given_up);
    assert_eq!(count.get(), 1);
    assert_eq!(*poll(Pin::new(&mut waiting), &waker).unwrap(), 2);
}

#[test]
fn what_may_cross_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Mutex<std::cell::Cell<u8>>>();
    is_sync::<Mutex<std::cell::Cell<u8>>>();
    is_send::<MutexGuard<'_, std::cell::Cell<u8>>>();
    is_send::<MutexGuardArc<std::cell::Cell<u8>>>();
    is_sync::<MutexGuard<'_, u8>>();
    is_sync::<MutexGuardArc<u8>>();
    is_send::<Lock<'_, u8>>();
    is_send::<LockArc<u8>>();
    let _: &Mutex<[u8]> = &Mutex::new([1, 2]);
}

#[test]
fn debug_shows_the_value_or_that_it_is_locked() {
    let mutex = Mutex::new(7);
    assert_eq!(format!("{mutex:?}"), "Mutex { value: 7, .. }");
    let guard = mutex.try_lock();
    assert_eq!(format!("{mutex:?} {guard:?}"), "Mutex { value: <locked>, .. } Some(7)");
}
