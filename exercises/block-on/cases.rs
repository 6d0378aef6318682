//! What a `block_on` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::block_on;
use exercises::Case;
use std::{
    future::{Future, poll_fn, ready},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

pub const CASES: &[Case] = &[
    Case {
        name: "a_ready_future_is_polled_once",
        promise: "a future that is ready at its first poll is polled once, and its value returned",
        hang: "block_on waits for a wake before it polls, and nobody has the waker yet",
        supported: true,
        run: a_ready_future_is_polled_once,
    },
    Case {
        name: "a_wake_from_another_thread_ends_the_sleep",
        promise: "a thread that sleeps in block_on wakes up when another thread calls the waker",
        hang: "the waker notes the wake but does not unpark the thread",
        supported: true,
        run: a_wake_from_another_thread_ends_the_sleep,
    },
    Case {
        name: "a_wake_during_poll_is_not_lost",
        promise: "a wake that comes while the future is being polled leads to another poll",
        hang: "the note of a wake is wiped after the poll: a wake during the poll is wiped with it",
        supported: true,
        run: a_wake_during_poll_is_not_lost,
    },
    Case {
        name: "a_pending_future_is_not_polled_again_until_its_waker_is_called",
        promise: "block_on polls once at first and then once for each wake, however long it waits",
        hang: "the waker's call does not reach the loop",
        supported: true,
        run: a_pending_future_is_not_polled_again_until_its_waker_is_called,
    },
    Case {
        name: "waiting_costs_no_cpu_time",
        promise: "while its future waits, the thread sleeps",
        hang: "the waker's call does not reach the loop",
        supported: cfg!(target_os = "linux"),
        run: waiting_costs_no_cpu_time,
    },
    Case {
        name: "an_unpark_without_a_wake_does_not_lead_to_a_poll",
        promise: "park may return when nobody called the waker; block_on then goes back to sleep",
        hang: "the waker's call does not reach the loop",
        supported: true,
        run: an_unpark_without_a_wake_does_not_lead_to_a_poll,
    },
    Case {
        name: "a_future_may_take_the_park_token",
        promise: "a future that parks this thread inside its poll does not swallow a wake",
        hang: "the only trace of the wake was the thread's park token, and the future's own park took it",
        supported: true,
        run: a_future_may_take_the_park_token,
    },
    Case {
        name: "a_block_on_inside_a_block_on_leaves_the_outer_wake_alone",
        promise: "each call of block_on keeps its own note of a wake, even on one thread",
        hang: "both calls share one note, and the inner one took the outer one's wake",
        supported: true,
        run: a_block_on_inside_a_block_on_leaves_the_outer_wake_alone,
    },
];

fn a_ready_future_is_polled_once() {
    let mut polls = 0;
    let future = poll_fn(|_| {
        polls += 1;
        Poll::Ready("done")
    });
    assert_eq!(block_on(future), "done", "block_on returns what the future returned");
    assert_eq!(polls, 1, "a future that was ready at once was polled again");
}

fn a_wake_from_another_thread_ends_the_sleep() {
    let (is_done, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            // The pause makes it likely that the other thread sleeps by then. If it does not, this is the case of a
            // wake that comes early, which has to work as well.
            wake_from_elsewhere(cx, &is_done, || thread::sleep(Duration::from_millis(30)));
        }
        if is_done.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }));
}

fn a_wake_during_poll_is_not_lost() {
    // By this thread, and by another one that has ended before the poll has.
    block_on(pending_once(|cx| cx.waker().wake_by_ref()));
    block_on(pending_once(|cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    }));
}

fn a_pending_future_is_not_polled_again_until_its_waker_is_called() {
    let (is_done, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            wake_from_elsewhere(cx, &is_done, || thread::sleep(Duration::from_millis(30)));
        }
        // Not at once: a loop that polls without end would then count without end.
        if is_done.load(SeqCst) || polls > 1000 { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert_eq!(polls, 2, "one poll to begin with and one for the only wake; more than that is a busy loop");
}

fn waiting_costs_no_cpu_time() {
    // Time on the wall says nothing on a busy machine. So the other thread computes until *it* has had this much CPU
    // time, and a scheduler that is fair gives a busy loop here about the same.
    let enough = Duration::from_millis(60);
    let (is_done, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
    let before = cpu_time_of_this_thread();
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            wake_from_elsewhere(cx, &is_done, move || while cpu_time_of_this_thread() < enough {});
        }
        if is_done.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }));
    let spent = cpu_time_of_this_thread() - before;
    assert!(
        spent < enough / 3,
        "the thread that waited used {spent:?} of CPU time: it looked instead of sleeping"
    );
}

fn an_unpark_without_a_wake_does_not_lead_to_a_poll() {
    let (is_done, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
    block_on(poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            // The next park of this thread returns at once.
            thread::current().unpark();
            wake_from_elsewhere(cx, &is_done, || thread::sleep(Duration::from_millis(30)));
            return Poll::Pending;
        }
        assert!(is_done.load(SeqCst), "the future was polled again though nobody had called its waker");
        Poll::Ready(())
    }));
}

fn a_future_may_take_the_park_token() {
    block_on(pending_once(|cx| {
        cx.waker().wake_by_ref();
        // What any lock or channel that the future uses may do. It returns at once if a token is there, and takes it;
        // an answer that sleeps by other means has left none, hence the limit.
        thread::park_timeout(Duration::from_millis(10));
    }));
}

fn a_block_on_inside_a_block_on_leaves_the_outer_wake_alone() {
    block_on(pending_once(|outer| {
        outer.waker().wake_by_ref();
        block_on(pending_once(|inner| inner.waker().wake_by_ref()));
        assert_eq!(block_on(ready(7)), 7);
    }));
}

/// A future that runs `first` in its first poll and is ready at its second.
fn pending_once(first: impl FnOnce(&mut Context<'_>)) -> impl Future<Output = ()> {
    let mut first = Some(first);
    poll_fn(move |cx| match first.take() {
        Some(first) => {
            first(cx);
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
}

/// Sets `is_done` and calls the waker, on another thread, after `pause`.
fn wake_from_elsewhere(cx: &Context<'_>, is_done: &Arc<AtomicBool>, pause: impl FnOnce() + Send + 'static) {
    let (waker, is_done) = (cx.waker().clone(), is_done.clone());
    thread::spawn(move || {
        pause();
        is_done.store(true, SeqCst);
        waker.wake();
    });
}

/// From the kernel's own account: the first number of `schedstat` is the time this thread has run, in nanoseconds.
fn cpu_time_of_this_thread() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .expect("Linux keeps an account of each thread");
    let ran = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(ran.expect("the account begins with a number"))
}
