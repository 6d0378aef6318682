//! What a `watched` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! Time is a number that the polls advance, so a case takes no time and says the same on every machine.

use super::answer::watched;
use exercises::Case;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

const HANG: &str = "a poll of the watched future does not return, though that of the inner one does";

pub const CASES: &[Case] = &[
    Case {
        name: "a_slow_poll_is_reported_with_its_name_and_its_length",
        promise: "a poll above the limit is reported once, with the name and how long it took",
        hang: HANG,
        supported: true,
        run: a_slow_poll_is_reported_with_its_name_and_its_length,
    },
    Case {
        name: "every_slow_poll_is_reported",
        promise: "a future that was slow before is still watched",
        hang: HANG,
        supported: true,
        run: every_slow_poll_is_reported,
    },
    Case {
        name: "the_last_poll_is_measured_too",
        promise: "a poll that ends the future is measured like any other",
        hang: HANG,
        supported: true,
        run: the_last_poll_is_measured_too,
    },
    Case {
        name: "the_time_between_two_polls_does_not_count",
        promise: "a future that waits for long, and is polled briefly, is not slow",
        hang: HANG,
        supported: true,
        run: the_time_between_two_polls_does_not_count,
    },
    Case {
        name: "many_short_polls_are_not_a_long_one",
        promise: "each poll is measured alone",
        hang: HANG,
        supported: true,
        run: many_short_polls_are_not_a_long_one,
    },
    Case {
        name: "a_poll_that_takes_as_long_as_the_limit_is_not_above_it",
        promise: "only what takes longer than the limit is reported",
        hang: HANG,
        supported: true,
        run: a_poll_that_takes_as_long_as_the_limit_is_not_above_it,
    },
    Case {
        name: "watching_adds_no_wake",
        promise: "the task is woken as often as the inner future asked for, and no more",
        hang: HANG,
        supported: true,
        run: watching_adds_no_wake,
    },
    Case {
        name: "the_inner_future_gets_the_waker_of_each_poll",
        promise: "a future may be polled with another waker each time, and the last one counts",
        hang: HANG,
        supported: true,
        run: the_inner_future_gets_the_waker_of_each_poll,
    },
];

const LIMIT: Duration = ms(10);

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Polls a future whose polls take so long, one after the other, and returns what was reported. Between two polls
/// passes `pause`.
fn reports(polls: &[u64], pause: Duration) -> Vec<(String, Duration)> {
    let (now, reported) = (Cell::new(Duration::ZERO), RefCell::new(Vec::new()));
    let report = |name: &str, took| reported.borrow_mut().push((name.to_owned(), took));
    let mut left = polls.iter();
    let inner = poll_fn(|_| {
        let took = left.next().expect("a future that is ready is not polled again");
        now.set(now.get() + ms(*took));
        if left.len() == 0 { Poll::Ready(7) } else { Poll::Pending }
    });
    let mut future = pin!(watched("fetch", LIMIT, || now.get(), report, inner));
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            assert_eq!(output, 7, "the output is that of the inner future");
            break;
        }
        now.set(now.get() + pause);
    }
    reported.take()
}

fn lengths(polls: &[u64]) -> Vec<Duration> {
    reports(polls, Duration::ZERO).into_iter().map(|(_, took)| took).collect()
}

fn a_slow_poll_is_reported_with_its_name_and_its_length() {
    let reported = reports(&[25, 1], Duration::ZERO);
    assert_eq!(reported, [("fetch".to_owned(), ms(25))], "one poll of two was above the limit of 10 ms");
}

fn every_slow_poll_is_reported() {
    assert_eq!(lengths(&[25, 1, 30, 1]), [ms(25), ms(30)], "the first and the third poll were slow");
}

fn the_last_poll_is_measured_too() {
    assert_eq!(lengths(&[1, 25]), [ms(25)], "the second poll was slow, and the last");
}

fn the_time_between_two_polls_does_not_count() {
    let reported = reports(&[1, 1], Duration::from_secs(3600));
    assert_eq!(reported, [], "both polls took 1 ms; the hour between them was waiting");
}

fn many_short_polls_are_not_a_long_one() {
    assert_eq!(lengths(&[4, 4, 4, 4]), [], "no poll took more than 4 ms");
}

fn a_poll_that_takes_as_long_as_the_limit_is_not_above_it() {
    assert_eq!(lengths(&[10]), [], "the poll took 10 ms, and so much is allowed");
}

/// Counts how often it is called.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn watching_adds_no_wake() {
    let (bell, now) = (Arc::new(Bell::default()), Cell::new(Duration::ZERO));
    let inner = poll_fn(|_| {
        now.set(now.get() + ms(25));
        Poll::<()>::Pending
    });
    let mut future = pin!(watched("fetch", LIMIT, || now.get(), |_, _| (), inner));
    let polled = future.as_mut().poll(&mut Context::from_waker(&Waker::from(bell.clone())));
    assert!(polled.is_pending(), "the inner future is not ready");
    assert_eq!(bell.0.load(SeqCst), 0, "the inner future asked for no wake");
}

fn the_inner_future_gets_the_waker_of_each_poll() {
    let bells = [(); 2].map(|()| Arc::new(Bell::default()));
    let inner = poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    let mut future = pin!(watched("fetch", LIMIT, || Duration::ZERO, |_, _| (), inner));
    for bell in &bells {
        let polled = future.as_mut().poll(&mut Context::from_waker(&Waker::from(bell.clone())));
        assert!(polled.is_pending(), "the inner future is not ready");
    }
    let rung = bells.each_ref().map(|bell| bell.0.load(SeqCst));
    assert_eq!(rung, [1, 1], "each of two polls had a waker of its own, and each called it once");
}
