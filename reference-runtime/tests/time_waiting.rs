//! Sleeps, timeouts and intervals. Clocks serve only as an upper bound that nothing but a hang could miss,
//! and as a lower bound that is promised.

#![cfg(not(reference_runtime_loom))]

use std::{
    future::{self, Future, poll_fn},
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use futures::{StreamExt, future::join_all};
use reference_runtime::{
    block_on, task,
    time::{Elapsed, MissedTickBehavior, interval, interval_at, sleep, sleep_until, timeout, timeout_at},
};

const SHORT: Duration = Duration::from_millis(5);

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_sleep_is_never_too_short() {
    block_on(async {
        for micros in [1, 10, 100, 1000, 5000] {
            let start = Instant::now();
            sleep(Duration::from_micros(micros)).await;
            assert!(start.elapsed() >= Duration::from_micros(micros));
        }
    });
}

#[test]
fn no_time_is_over_at_once() {
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(Pin::new(&mut sleep(Duration::ZERO)).poll(&mut cx), Poll::Ready(()));
    let past = Instant::now();
    assert_eq!(Pin::new(&mut sleep_until(past)).poll(&mut cx), Poll::Ready(()));
}

#[test]
fn a_sleep_that_is_over_stays_so() {
    block_on(async {
        let mut sleep = sleep(SHORT);
        (&mut sleep).await;
        (&mut sleep).await;
        sleep.await;
    });
}

#[test]
fn the_longest_sleep_does_not_overflow() {
    block_on(async {
        assert!(timeout(SHORT, sleep(Duration::MAX)).await.is_err());
        assert_eq!(timeout(Duration::MAX, async { 1 }).await, Ok(1));
        let mut interval = interval(Duration::MAX);
        interval.tick().await;
        assert!(timeout(SHORT, interval.tick()).await.is_err());
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    block_on(async {
        let (sender, receiver) = mpsc::channel();
        let start = Instant::now();
        let sleepers = [4u32, 1, 3, 5, 2].map(|name| {
            let sender = sender.clone();
            async move {
                let deadline = start + SHORT * name;
                sleep_until(deadline).await;
                assert!(Instant::now() >= deadline);
                sender.send(name).expect("somebody receives");
            }
        });
        join_all(sleepers).await;
        // One task polls them all, so when it is late, those that are due come in the order in which it holds
        // them.
        let mut names: Vec<u32> = receiver.try_iter().collect();
        names.sort();
        assert_eq!(names, [1, 2, 3, 4, 5]);
    });
}

#[test]
fn an_earlier_sleep_does_not_wait_for_a_later_one() {
    block_on(async {
        let mut later = sleep(LONG);
        assert!(futures::poll!(&mut later).is_pending());
        sleep(SHORT).await;
        assert!(futures::poll!(&mut later).is_pending());
    });
}

#[test]
fn a_sleep_moves_to_another_task() {
    block_on(async {
        let mut sleep = sleep(SHORT);
        let first = Arc::new(Counter::default());
        let waker = Waker::from(first.clone());
        assert!(Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker)).is_pending());
        task::spawn(sleep).await;
        // Only if the spawned task was slower than the clock.
        assert!(first.0.load(Ordering::SeqCst) <= 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&first), 1);
    });
}

#[test]
fn a_dropped_sleep_keeps_no_waker() {
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(counter.clone());
    let mut sleep = sleep(LONG);
    assert!(Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&counter), 2);
    drop(sleep);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[test]
fn resetting_to_earlier_wakes_who_already_waits() {
    block_on(async {
        let mut sleep = sleep(LONG);
        assert!(futures::poll!(&mut sleep).is_pending());
        let deadline = Instant::now() + SHORT;
        sleep.reset(deadline);
        assert_eq!(sleep.deadline(), deadline);
        // Without a further poll, which would set the timer anew.
        let mut first = true;
        poll_fn(|cx| {
            if std::mem::take(&mut first) {
                return Poll::Pending;
            }
            Pin::new(&mut sleep).poll(cx)
        })
        .await;
        assert!(Instant::now() >= deadline);
    });
}

#[test]
fn resetting_to_later_puts_the_end_off() {
    block_on(async {
        let mut sleep = sleep(SHORT);
        assert!(futures::poll!(&mut sleep).is_pending());
        let deadline = Instant::now() + SHORT * 4;
        sleep.reset(deadline);
        (&mut sleep).await;
        assert!(Instant::now() >= deadline);
        sleep.reset(Instant::now() + SHORT);
        sleep.await;
    });
}

#[test]
fn a_value_in_time_wins() {
    block_on(async {
        assert_eq!(timeout(LONG, async { 1 }).await, Ok(1));
        // Even if the time is over as well.
        assert_eq!(timeout(Duration::ZERO, async { 1 }).await, Ok(1));
        assert_eq!(timeout_at(Instant::now() + LONG, future::ready(1)).await, Ok(1));
    });
}

#[test]
fn a_future_without_end_runs_into_the_timeout() {
    block_on(async {
        let start = Instant::now();
        let elapsed: Elapsed = timeout(SHORT, future::pending::<()>()).await.expect_err("it never ends");
        assert!(start.elapsed() >= SHORT);
        assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
        assert!(elapsed.to_string().contains("time"));
    });
}

#[test]
fn an_interval_ticks_at_once_and_then_in_rhythm() {
    block_on(async {
        let mut interval = interval(SHORT);
        let start = interval.tick().await;
        for count in 1..5 {
            let tick = interval.tick().await;
            assert!(Instant::now() >= tick);
            // Later only by whole periods, if this machine was busy.
            assert!(tick >= start + SHORT * count);
            assert_eq!((tick - start).as_nanos() % SHORT.as_nanos(), 0);
        }
    });
}

#[test]
fn missed_ticks_come_once() {
    block_on(async {
        let period = Duration::from_secs(60);
        let start = Instant::now().checked_sub(period * 10 + period / 2);
        // A machine that has just been started cannot count that far back.
        let Some(start) = start else { return };
        let mut interval = interval_at(start, period);
        assert_eq!(interval.tick().await, start);
        assert!(timeout(SHORT, interval.tick()).await.is_err());
    });
}

#[test]
fn a_cancelled_tick_is_not_consumed() {
    block_on(async {
        let start = Instant::now() + SHORT;
        let mut interval = interval_at(start, LONG);
        {
            let tick = interval.tick();
            futures::pin_mut!(tick);
            let _ = futures::poll!(tick);
        }
        assert_eq!(interval.tick().await, start);
    });
}

#[test]
fn an_interval_is_a_stream() {
    block_on(async {
        let ticks: Vec<Instant> = interval(Duration::from_micros(100)).take(3).collect().await;
        assert!(ticks.is_sorted());
    });
}

#[test]
fn an_interval_that_is_reset_begins_a_new_rhythm() {
    block_on(async {
        let mut interval = interval(LONG);
        let start = interval.tick().await;
        let waiting = timeout(SHORT, interval.tick()).await;
        assert!(waiting.is_err(), "the second tick is far away");

        let deadline = Instant::now() + SHORT;
        interval.reset_at(deadline);
        assert_eq!(interval.tick().await, deadline);
        interval.reset_immediately();
        assert!(interval.tick().await > start);
        interval.reset_after(SHORT);
        assert!(interval.tick().await > deadline);
        interval.reset();
        assert!(timeout(SHORT, interval.tick()).await.is_err(), "that is a period away");
    });
}

#[test]
fn a_burst_of_missed_ticks_comes_at_once() {
    block_on(async {
        let period = Duration::from_millis(1);
        // So long ago that all of these ticks are missed.
        let start = Instant::now() - period * 100;
        let mut interval = interval_at(start, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for count in 0..100 {
            assert_eq!(interval.tick().await, start + period * count);
        }
    });
}

#[test]
#[should_panic(expected = "longer than zero")]
fn an_interval_needs_a_period() {
    let _ = interval(Duration::ZERO);
}

#[test]
fn a_hundred_tasks_sleep_at_once() {
    block_on(async {
        let start = Instant::now();
        let tasks = (0..100u32).map(|name| {
            task::spawn(async move {
                let deadline = start + Duration::from_micros(u64::from(name % 10) * 500);
                sleep_until(deadline).await;
                assert!(Instant::now() >= deadline);
            })
        });
        join_all(tasks).await;
    });
}
