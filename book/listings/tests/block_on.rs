use std::future::poll_fn;
use std::task::{Context, Poll};
use std::thread;
use tiny::block_on::block_on;

/// Runs `first` in the first poll and is ready in the second; gives the number of polls.
fn pend_once(mut first: impl FnMut(&mut Context<'_>)) -> impl Future<Output = u32> {
    let mut polls = 0;
    poll_fn(move |context| {
        polls += 1;
        if polls == 1 {
            first(context);
            return Poll::Pending;
        }
        Poll::Ready(polls)
    })
}

#[test]
fn a_wake_during_the_poll_is_kept() {
    assert_eq!(block_on(pend_once(|context| context.waker().wake_by_ref())), 2);
}

#[test]
fn a_wake_by_another_thread_during_the_poll_is_kept() {
    let polls = block_on(pend_once(|context| {
        let waker = context.waker().clone();
        thread::spawn(move || waker.wake()).join().unwrap();
    }));
    assert_eq!(polls, 2);
}

#[test]
fn many_wakes_lead_to_one_poll() {
    let polls = block_on(pend_once(|context| (0..1000).for_each(|_| context.waker().wake_by_ref())));
    assert_eq!(polls, 2);
}

#[test]
fn a_future_that_parks_the_thread_takes_nothing_of_ours() {
    let polls = block_on(pend_once(|context| {
        context.waker().wake_by_ref();
        thread::current().unpark();
        thread::park();
    }));
    assert_eq!(polls, 2);
}

#[test]
fn a_call_within_a_call_leaves_the_outer_wake_alone() {
    let polls = block_on(pend_once(|outer| {
        outer.waker().wake_by_ref();
        assert_eq!(block_on(pend_once(|inner| inner.waker().wake_by_ref())), 2);
    }));
    assert_eq!(polls, 2);
}
