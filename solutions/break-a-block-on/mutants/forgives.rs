//! Is woken late, and forgets that it was polled before that.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

pub const FAILS: &[&str] = &["one_that_polls_after_any_park_hangs", "one_that_polls_in_a_loop_hangs"];

pub type Breaker = Pin<Box<dyn Future<Output = ()>>>;

fn pending(times: usize, mut during: impl FnMut(&mut Context<'_>) + 'static) -> Breaker {
    let mut polls = 0;
    Box::pin(poll_fn(move |cx| {
        polls += 1;
        if polls > times {
            return Poll::Ready(());
        }
        during(cx);
        Poll::Pending
    }))
}

pub fn wipes_the_note() -> Breaker {
    pending(1, |cx| cx.waker().wake_by_ref())
}

pub fn trusts_the_token() -> Breaker {
    pending(1, |cx| {
        cx.waker().wake_by_ref();
        thread::park();
    })
}

pub fn notes_one_wake() -> Breaker {
    pending(2, |cx| cx.waker().wake_by_ref())
}

pub fn notes_it_with_the_caller() -> Breaker {
    pending(1, |cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    })
}

pub fn shares_one_note(block_on: fn(Breaker)) -> Breaker {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        block_on(pending(1, |cx| cx.waker().wake_by_ref()));
    })
}

pub fn polls_after_any_park() -> Breaker {
    minds(|| thread::current().unpark())
}

pub fn polls_in_a_loop() -> Breaker {
    minds(|| ())
}

fn minds(first: impl Fn() + 'static) -> Breaker {
    let is_woken = Arc::new(AtomicBool::new(false));
    let mut polled_too_early = None;
    Box::pin(poll_fn(move |cx| {
        if is_woken.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if polled_too_early.is_none() {
            first();
            polled_too_early = Some(wake_late(cx.waker().clone(), Arc::clone(&is_woken)));
        }
        Poll::Pending
    }))
}

fn wake_late(waker: Waker, is_woken: Arc<AtomicBool>) -> mpsc::Sender<()> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let is_quiet = (0..20)
            .all(|_| told.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout));
        if is_quiet {
            is_woken.store(true, Ordering::Release);
            waker.wake();
        }
    });
    tell
}
