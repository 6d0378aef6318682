use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::*;
use crate::sync::Mutex;
use crate::sync::tests::{CountingWaker, PanickingWaker, poll};

#[test]
fn a_wait_gives_the_mutex_up_once_it_is_in_line_and_takes_it_again() {
    let (mutex, condvar) = (Mutex::new(1), Condvar::new());
    let (count, waker) = CountingWaker::pair();
    let mut waiting = pin!(condvar.wait(mutex.try_lock().unwrap()));
    assert!(mutex.try_lock().is_none(), "not before it is polled");
    assert!(poll(waiting.as_mut(), &waker).is_none());
    *mutex.try_lock().unwrap() = 2;
    assert!(poll(waiting.as_mut(), &waker).is_none(), "nobody has notified it");
    condvar.notify_one();
    assert_eq!(count.get(), 1);
    let guard = poll(waiting.as_mut(), &waker).unwrap();
    assert_eq!(*guard, 2);
    assert!(mutex.try_lock().is_none());
}

#[test]
fn a_notification_that_nobody_waits_for_is_not_remembered() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    condvar.notify_one();
    condvar.notify_all();
    let mut waiting = pin!(condvar.wait(mutex.try_lock().unwrap()));
    assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
    assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
}

#[test]
fn one_is_notified_in_the_order_in_which_they_came_or_all() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let wakers: Vec<_> = (0..5).map(|_| CountingWaker::pair()).collect();
    let mut waiting: Vec<_> = wakers
        .iter()
        .map(|(_, waker)| {
            let mut future = Box::pin(condvar.wait(mutex.try_lock().unwrap()));
            assert!(poll(future.as_mut(), waker).is_none());
            future
        })
        .collect();
    let counts = || wakers.iter().map(|(count, _)| count.get()).collect::<Vec<_>>();
    condvar.notify_one();
    assert_eq!(counts(), [1, 0, 0, 0, 0]);
    condvar.notify_one();
    assert_eq!(counts(), [1, 1, 0, 0, 0]);
    condvar.notify_all();
    assert_eq!(counts(), [1, 1, 1, 1, 1]);
    for future in &mut waiting {
        assert!(poll(future.as_mut(), Waker::noop()).is_some());
    }
}

#[test]
fn a_future_dropped_in_any_state_neither_keeps_the_mutex_nor_a_notification() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let (count, waker) = CountingWaker::pair();
    // Before the first poll: the guard goes.
    drop(condvar.wait(mutex.try_lock().unwrap()));
    assert!(mutex.try_lock().is_some());
    let wait = || Box::pin(condvar.wait(mutex.try_lock().unwrap()));
    // In line: it is passed over.
    let (mut first, mut second) = (wait(), None);
    assert!(poll(first.as_mut(), Waker::noop()).is_none());
    let mut last = wait();
    assert!(poll(last.as_mut(), &waker).is_none());
    drop(first);
    condvar.notify_one();
    assert_eq!(count.get(), 1);
    assert!(poll(last.as_mut(), &waker).is_some());
    // Notified, and not polled since, or polled and waiting for the mutex: the next gets it.
    for is_polled in [false, true] {
        let mut first = wait();
        assert!(poll(first.as_mut(), Waker::noop()).is_none());
        let next = second.insert(wait());
        assert!(poll(next.as_mut(), &waker).is_none());
        condvar.notify_one();
        let guard = mutex.try_lock().unwrap();
        if is_polled {
            assert!(poll(first.as_mut(), Waker::noop()).is_none());
        }
        let before = count.get();
        drop(first);
        assert_eq!(count.get(), before + 1);
        drop(guard);
        assert!(poll(next.as_mut(), &waker).is_some());
    }
}

#[test]
fn a_future_that_was_notified_with_all_others_passes_nothing_on() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let (count, waker) = CountingWaker::pair();
    let mut first = Box::pin(condvar.wait(mutex.try_lock().unwrap()));
    assert!(poll(first.as_mut(), Waker::noop()).is_none());
    condvar.notify_all();
    let mut later = pin!(condvar.wait(mutex.try_lock().unwrap()));
    assert!(poll(later.as_mut(), &waker).is_none());
    drop(first);
    assert_eq!(count.get(), 0);
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let (count, waker) = CountingWaker::pair();
    let wait = || Box::pin(condvar.wait(mutex.try_lock().unwrap()));
    let mut first = wait();
    assert!(poll(first.as_mut(), &PanickingWaker::waker()).is_none());
    let mut second = wait();
    assert!(poll(second.as_mut(), &waker).is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| condvar.notify_all())).is_err());
    assert_eq!(count.get(), 1);
    assert!(poll(second.as_mut(), &waker).is_some());
}

#[test]
fn a_panic_in_the_condition_unlocks_the_mutex() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let mut waiting = Box::pin(condvar.wait_until(mutex.try_lock().unwrap(), |()| panic!("on purpose")));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(waiting.as_mut(), Waker::noop()))).is_err());
    drop(waiting);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn time_that_is_over_leaves_the_notification_to_others() {
    crate::block_on(async {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let (guard, result) = condvar.wait_timeout(mutex.lock().await, Duration::from_millis(1)).await;
        assert!(result.timed_out());
        // Were it still in line, it would get this one.
        let (count, waker) = CountingWaker::pair();
        let mut other = pin!(condvar.wait(guard));
        assert!(poll(other.as_mut(), &waker).is_none());
        condvar.notify_one();
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_notification_in_time_is_no_time_out_however_long_the_mutex_takes() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let mut waiting = pin!(condvar.wait_timeout(mutex.try_lock().unwrap(), Duration::from_secs(3600)));
    assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
    condvar.notify_one();
    let guard = mutex.try_lock().unwrap();
    assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
    drop(guard);
    assert!(!poll(waiting.as_mut(), Waker::noop()).unwrap().1.timed_out());
}

#[test]
fn the_condition_is_what_counts_when_time_is_over() {
    crate::block_on(async {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        let mut looks = 0;
        let wait = condvar.wait_timeout_until(mutex.lock().await, Duration::from_millis(1), |_| {
            looks += 1;
            looks == 2
        });
        assert!(!wait.await.1.timed_out(), "false at first, true when time was over");
        let wait = condvar.wait_timeout_while(mutex.lock().await, Duration::ZERO, |_| true);
        assert!(wait.await.1.timed_out());
    });
}

#[test]
fn a_thousand_tasks_take_turns_by_condvar() {
    const TASKS: usize = 1000;
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let tasks: Vec<_> = (0..TASKS)
        .map(|turn| {
            let shared = Arc::clone(&shared);
            runtime.spawn(async move {
                let (mutex, condvar) = &*shared;
                let mut next = condvar.wait_until(mutex.lock().await, |next| *next == turn).await;
                *next += 1;
                drop(next);
                condvar.notify_all();
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(*shared.0.try_lock().unwrap(), TASKS);
}

#[test]
fn what_may_cross_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    let (mutex, condvar) = (Mutex::new(1), Condvar::new());
    is_send_and_sync(&condvar);
    is_send(&condvar.wait(mutex.try_lock().unwrap()));
    is_send(&condvar.wait_timeout_until(mutex.try_lock().unwrap(), Duration::ZERO, |_| true));
}
