use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use super::*;
use crate::sync::tests::{CountingWaker, PanickingWaker, poll};

#[test]
fn one_word_is_remembered_and_no_more() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    assert!(poll(pin!(notify.notified()), Waker::noop()).is_some());
    assert!(poll(pin!(notify.notified()), Waker::noop()).is_none());
}

#[test]
fn a_word_goes_to_the_first_in_line_and_is_not_remembered_then() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::pair();
    let mut first = pin!(notify.notified());
    let mut second = pin!(notify.notified());
    assert!(poll(first.as_mut(), &waker).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    notify.notify_one();
    assert_eq!(count.get(), 1);
    assert!(poll(second.as_mut(), &waker).is_none());
    assert!(poll(pin!(notify.notified()), &waker).is_none(), "whoever comes later has none");
    assert!(poll(first.as_mut(), &waker).is_some());
    assert!(poll(first.as_mut(), &waker).is_some(), "it stays over");
    assert!(poll(second.as_mut(), &waker).is_none());
}

#[test]
fn all_are_notified_that_were_made_before_and_none_after() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::pair();
    let mut polled = pin!(notify.notified());
    assert!(poll(polled.as_mut(), &waker).is_none());
    let made = pin!(notify.notified());
    notify.notify_waiters();
    assert_eq!(count.get(), 1);
    assert!(poll(polled, &waker).is_some());
    assert!(poll(made, &waker).is_some());
    assert!(poll(pin!(notify.notified()), &waker).is_none());
}

#[test]
fn a_future_that_all_reached_leaves_the_word_for_the_next() {
    let notify = Notify::new();
    let made = pin!(notify.notified());
    notify.notify_waiters();
    notify.notify_one();
    assert!(poll(made, Waker::noop()).is_some());
    assert!(poll(pin!(notify.notified()), Waker::noop()).is_some());
}

#[test]
fn a_future_dropped_after_it_was_chosen_passes_the_word_on() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::pair();
    let mut first = Box::pin(notify.notified());
    let mut second = Box::pin(notify.notified());
    assert!(poll(first.as_mut(), Waker::noop()).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    notify.notify_one();
    drop(first);
    assert_eq!(count.get(), 1, "to the next in line");
    drop(second);
    assert!(poll(pin!(notify.notified()), &waker).is_some(), "or for whoever comes");

    let mut chosen = Box::pin(notify.notified());
    assert!(poll(chosen.as_mut(), &waker).is_none());
    notify.notify_one();
    notify.notify_waiters();
    drop(chosen);
    assert!(poll(pin!(notify.notified()), &waker).is_some(), "also if all were notified since");
}

#[test]
fn a_future_dropped_with_nothing_or_with_what_went_to_all_passes_nothing_on() {
    let notify = Notify::new();
    let mut waiting = Box::pin(notify.notified());
    assert!(poll(waiting.as_mut(), Waker::noop()).is_none());
    drop(waiting);
    let mut all = Box::pin(notify.notified());
    assert!(poll(all.as_mut(), Waker::noop()).is_none());
    notify.notify_waiters();
    drop(all);
    drop(notify.notified());
    assert!(poll(pin!(notify.notified()), Waker::noop()).is_none());
}

#[test]
fn a_future_that_is_enabled_is_in_line() {
    let notify = Arc::new(Notify::new());
    let mut enabled = pin!(Arc::clone(&notify).notified_owned());
    assert!(!enabled.as_mut().enable());
    let mut second = pin!(notify.notified());
    assert!(!second.as_mut().enable());
    notify.notify_one();
    assert!(!second.as_mut().enable());
    assert!(enabled.as_mut().enable());
    assert!(poll(enabled, Waker::noop()).is_some());
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_waiting() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::pair();
    let mut first = Box::pin(notify.notified());
    let mut second = Box::pin(notify.notified());
    assert!(poll(first.as_mut(), &PanickingWaker::waker()).is_none());
    assert!(poll(second.as_mut(), &waker).is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).is_err());
    assert_eq!(count.get(), 1);
    assert!(poll(second.as_mut(), &waker).is_some());
}

#[test]
fn a_thousand_tasks_pass_a_word_around() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let notify = Arc::new(Notify::new());
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let notify = Arc::clone(&notify);
            runtime.spawn(async move {
                notify.notified().await;
                notify.notify_one();
            })
        })
        .collect();
    notify.notify_one();
    runtime.block_on(async {
        for task in tasks {
            task.await;
        }
        notify.notified().await;
    });
}
