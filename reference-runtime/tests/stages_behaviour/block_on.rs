//! From stage 1 on: one future on the calling thread.

use std::future::{Future, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use reference_runtime::stages::{Stage, s1_block_on};

use crate::start;

/// How often the future of [`woken_in_turns`] is woken.
const TURNS: usize = 100;

pub(crate) fn a_future_woken_by_another_thread_finishes(stage: Stage) {
    let (give, given) = futures::channel::oneshot::channel();
    let (polled, is_polled) = mpsc::channel();
    let thread = thread::spawn(move || {
        is_polled.recv().expect("the future is polled");
        give.send(7).expect("the future waits");
    });
    let front = start(stage, 1);
    let got = front.block_on(async move {
        let mut given = std::pin::pin!(given);
        poll_fn(|context| {
            let poll = given.as_mut().poll(context);
            let _ = polled.send(());
            poll
        })
        .await
    });
    assert_eq!(got, Ok(7));
    thread.join().expect("it does not panic");
}

/// A future that another thread wakes [`TURNS`] times, each time after it has seen one more poll; and its
/// polls.
fn woken_in_turns() -> (impl Future<Output = ()>, Arc<AtomicUsize>) {
    let polls = Arc::new(AtomicUsize::new(0));
    let (pass, passed) = mpsc::channel::<Waker>();
    let (turns, woken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    thread::spawn({
        let (turns, woken) = (Arc::clone(&turns), Arc::clone(&woken));
        move || {
            for waker in passed {
                woken.store(turns.load(Ordering::SeqCst), Ordering::SeqCst);
                waker.wake();
            }
        }
    });
    let future = poll_fn({
        let polls = Arc::clone(&polls);
        move |context| {
            polls.fetch_add(1, Ordering::SeqCst);
            let turn = turns.load(Ordering::SeqCst);
            if woken.load(Ordering::SeqCst) < turn {
                return Poll::Pending;
            }
            if turn == TURNS {
                return Poll::Ready(());
            }
            turns.store(turn + 1, Ordering::SeqCst);
            pass.send(context.waker().clone()).expect("the other thread waits");
            Poll::Pending
        }
    });
    (future, polls)
}

pub(crate) fn a_future_is_polled_only_when_woken(stage: Stage) {
    let (future, polls) = woken_in_turns();
    start(stage, 1).block_on(future);
    assert_eq!(polls.load(Ordering::SeqCst), TURNS + 1, "one poll at first, and one for each wake");
}

/// The first of chapter 1's three ways to wait.
#[test]
fn spinning_polls_more_often_than_it_is_woken() {
    let (future, polls) = woken_in_turns();
    s1_block_on::spinning(future);
    assert!(polls.load(Ordering::SeqCst) > TURNS + 1);
}

/// The second.
#[test]
fn waiting_with_the_threads_own_token_polls_only_when_woken() {
    let (future, polls) = woken_in_turns();
    s1_block_on::on_thread_park(future);
    // Whoever else unparks the thread costs it a poll: std's own channels do.
    assert!(polls.load(Ordering::SeqCst) < 2 * TURNS);
}

pub(crate) fn a_wake_during_the_poll_polls_again(stage: Stage) {
    let mut polls = 0;
    start(stage, 1).block_on(poll_fn(|context| {
        polls += 1;
        context.waker().wake_by_ref();
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert_eq!(polls, 3);
}

/// A future that parks the thread after it was woken, as a blocking channel inside it may.
fn woken_and_then_parking() -> impl Future<Output = ()> {
    let mut is_woken = false;
    poll_fn(move |context| {
        if is_woken {
            return Poll::Ready(());
        }
        is_woken = true;
        context.waker().wake_by_ref();
        thread::park_timeout(Duration::ZERO);
        Poll::Pending
    })
}

pub(crate) fn a_future_that_parks_its_thread_keeps_its_wake(stage: Stage) {
    start(stage, 1).block_on(woken_and_then_parking());
}

pub(crate) fn a_future_that_parks_hangs_on_the_threads_own_token(_: Stage) {
    s1_block_on::on_thread_park(woken_and_then_parking());
}

pub(crate) fn block_on_works_after_a_panic(stage: Stage) {
    let front = start(stage, 1);
    let panic = catch_unwind(AssertUnwindSafe(|| front.block_on(async { panic!("out of luck") })));
    assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&"out of luck"));
    assert_eq!(front.block_on(ready(7)), 7);
}

pub(crate) fn block_on_nests_outside_of_tasks(stage: Stage) {
    let front = start(stage, 1);
    let mut is_woken = false;
    let nested = front.block_on(poll_fn(|context| {
        if is_woken {
            return Poll::Ready(front.block_on(ready(7)));
        }
        is_woken = true;
        context.waker().wake_by_ref();
        // Must not take the wake of the future around it.
        front.block_on(ready(()));
        Poll::Pending
    }));
    assert_eq!(nested, 7);
}
