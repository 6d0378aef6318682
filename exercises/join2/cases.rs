//! What `join2` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::join2;
use exercises::Case;
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

pub const CASES: &[Case] = &[
    Case {
        name: "two_that_are_ready_need_one_poll",
        promise: "the poll in which the last of the two is ready is ready, with both outputs in order",
        hang: "a poll waits where it should return",
        supported: true,
        run: two_that_are_ready_need_one_poll,
    },
    Case {
        name: "both_are_polled_by_the_first_poll",
        promise: "the second one does not wait for the first",
        hang: "a poll waits where it should return",
        supported: true,
        run: both_are_polled_by_the_first_poll,
    },
    Case {
        name: "one_that_is_done_is_not_polled_again",
        promise: "after its Ready a future is left alone, and its output kept, whichever of the two it is",
        hang: "a poll waits where it should return",
        supported: true,
        run: one_that_is_done_is_not_polled_again,
    },
    Case {
        name: "each_poll_passes_its_own_waker_on",
        promise: "the two are polled with the waker of this poll, not with that of an earlier one",
        hang: "a poll waits where it should return",
        supported: true,
        run: each_poll_passes_its_own_waker_on,
    },
    Case {
        name: "waiting_calls_no_waker",
        promise: "while both wait, the waker is theirs to call",
        hang: "a poll waits where it should return",
        supported: true,
        run: waiting_calls_no_waker,
    },
    Case {
        name: "one_that_is_done_is_dropped_before_the_other_goes_on",
        promise: "what a finished future holds is given up at once: the other may wait for just that",
        hang: "a poll waits where it should return",
        supported: true,
        run: one_that_is_done_is_dropped_before_the_other_goes_on,
    },
];

/// Counts its calls.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn poll<F: Future>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// A future that counts its polls and is ready at the one with this number.
fn ready_at<T>(number: usize, polls: &Cell<usize>, output: T) -> impl Future<Output = T> {
    let mut output = Some(output);
    poll_fn(move |_| {
        polls.set(polls.get() + 1);
        assert!(polls.get() <= number, "a future that said Ready was polled again");
        if polls.get() < number {
            Poll::Pending
        } else {
            Poll::Ready(output.take().expect("it was not ready yet"))
        }
    })
}

fn two_that_are_ready_need_one_poll() {
    let (a, b) = (Cell::new(0), Cell::new(0));
    let mut both = pin!(join2(ready_at(1, &a, 7), ready_at(1, &b, "seven")));
    assert_eq!(poll(&mut both), Poll::Ready((7, "seven")), "both are ready, and nobody will call a waker");
}

fn both_are_polled_by_the_first_poll() {
    let (a, b) = (Cell::new(0), Cell::new(0));
    let mut both = pin!(join2(ready_at(9, &a, ()), ready_at(9, &b, ())));
    assert!(poll(&mut both).is_pending(), "neither is ready");
    assert_eq!((a.get(), b.get()), (1, 1), "polls of the first and of the second, after one poll of both");
}

fn one_that_is_done_is_not_polled_again() {
    for (first, second) in [(1, 3), (3, 1)] {
        let (a, b) = (Cell::new(0), Cell::new(0));
        let mut both = pin!(join2(ready_at(first, &a, 'a'), ready_at(second, &b, "b")));
        assert!(poll(&mut both).is_pending(), "one of the two is not ready");
        assert!(poll(&mut both).is_pending(), "one of the two is not ready");
        assert_eq!(poll(&mut both), Poll::Ready(('a', "b")), "both are ready now");
    }
}

fn each_poll_passes_its_own_waker_on() {
    let wakers: Vec<Waker> = (0..3).map(|_| Waker::from(Arc::new(Count::default()))).collect();
    let (current, seen) = (Cell::new(0), Cell::new(0));
    let child = || {
        poll_fn(|cx| {
            seen.set(seen.get() + usize::from(cx.waker().will_wake(&wakers[current.get()])));
            Poll::<()>::Pending
        })
    };
    let mut both = pin!(join2(child(), child()));
    for (number, waker) in wakers.iter().enumerate() {
        current.set(number);
        seen.set(0);
        assert!(both.as_mut().poll(&mut Context::from_waker(waker)).is_pending(), "neither is ready");
        assert_eq!(seen.get(), 2, "futures that were polled with the waker of poll {number}, counted from 0");
    }
}

fn waiting_calls_no_waker() {
    let (count, a, b) = (Arc::new(Count::default()), Cell::new(0), Cell::new(0));
    let waker = Waker::from(Arc::clone(&count));
    let mut both = pin!(join2(ready_at(9, &a, ()), ready_at(9, &b, ())));
    for _ in 0..3 {
        assert!(both.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), "neither is ready");
    }
    assert_eq!(count.0.load(SeqCst), 0, "wakes by nobody but `join2`: that is a busy loop");
}

fn one_that_is_done_is_dropped_before_the_other_goes_on() {
    /// Is there as long as the future that holds it.
    struct Held<'a>(&'a Cell<bool>);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    for first_is_done in [true, false] {
        let is_held = Cell::new(true);
        let held = Held(&is_held);
        // Not an `async` block: that would drop what it holds when its body ends, whoever keeps the block.
        let done = poll_fn(move |_| {
            let _ = &held;
            Poll::Ready("done")
        });
        let waits = async {
            let mut is_first = true;
            poll_fn(|_| {
                if std::mem::take(&mut is_first) {
                    return Poll::Pending;
                }
                assert!(
                    !is_held.get(),
                    "the other one was ready in the poll before, and still holds what it held"
                );
                Poll::Ready("waited")
            })
            .await
        };
        if first_is_done {
            let mut both = pin!(join2(done, waits));
            assert!(poll(&mut both).is_pending(), "the second is not ready");
            assert_eq!(poll(&mut both), Poll::Ready(("done", "waited")));
        } else {
            let mut both = pin!(join2(waits, done));
            assert!(poll(&mut both).is_pending(), "the first is not ready");
            assert_eq!(poll(&mut both), Poll::Ready(("waited", "done")));
        }
    }
}
