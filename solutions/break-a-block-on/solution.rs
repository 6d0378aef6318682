//! Five wakes at the wrong moment, and one future with a grudge.
//!
//! A lost wake needs no second thread and no luck. A poll is a function that `block_on` calls, so all that another
//! thread might do in the middle of it, the poll can do itself: call the waker, use up the token of this thread, call
//! `block_on` again. That makes a race into a program that fails each time, and it is how the cases of `block-on` are
//! written, too. The option not taken is a thread that wakes *soon*: it hangs the broken one on a good day.
//!
//! The five are the same idea at five places. To find the place, ask of each `block_on`: where is the note of a wake,
//! from the call of the waker to the next poll, and who else can reach it there? After the poll it is wiped
//! ([`wipes_the_note`]); anybody's `park` takes it ([`trusts_the_token`]); it is not written a second time
//! ([`notes_one_wake`]); it is written elsewhere ([`notes_it_with_the_caller`]); another call reads it
//! ([`shares_one_note`]).
//!
//! A `block_on` that polls too often loses no wake, so it hangs only on a future that minds. [`minds`] is ready when
//! it is polled after a wake, and never again once it is polled without. The wake has to come late, when the broken
//! one has had every chance to poll too early; that is the only place where time matters here, and it cannot be
//! avoided: the right `block_on` gives no sign that it sleeps. Futures like this exist. Any that starts its timer anew
//! at each poll is one.

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

/// A future to be run to its end.
pub type Breaker = Pin<Box<dyn Future<Output = ()>>>;

/// Pending so many times, and does something in each of these polls.
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

/// The wake comes during the poll.
pub fn wipes_the_note() -> Breaker {
    pending(1, |cx| cx.waker().wake_by_ref())
}

/// The wake comes during the poll, and so does somebody who takes its token.
pub fn trusts_the_token() -> Breaker {
    pending(1, |cx| {
        cx.waker().wake_by_ref();
        thread::park();
    })
}

/// Each poll needs a wake.
pub fn notes_one_wake() -> Breaker {
    pending(2, |cx| cx.waker().wake_by_ref())
}

/// The wake comes from another thread, and has come for certain when the poll ends.
pub fn notes_it_with_the_caller() -> Breaker {
    pending(1, |cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    })
}

/// The wake comes during the poll, and an inner call looks for a wake of its own.
pub fn shares_one_note(block_on: fn(Breaker)) -> Breaker {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        block_on(pending(1, |cx| cx.waker().wake_by_ref()));
    })
}

/// A token that is no wake, and a future that minds.
pub fn polls_after_any_park() -> Breaker {
    minds(|| thread::current().unpark())
}

/// A future that minds.
pub fn polls_in_a_loop() -> Breaker {
    minds(|| ())
}

/// Is woken a while after its first poll, in which it does `first`. If it is polled before that, it is never ready.
fn minds(first: impl Fn() + 'static) -> Breaker {
    let is_woken = Arc::new(AtomicBool::new(false));
    let mut polled_too_early = None;
    Box::pin(poll_fn(move |cx| {
        if is_woken.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        match &polled_too_early {
            None => {
                first();
                polled_too_early = Some(wake_late(cx.waker().clone(), Arc::clone(&is_woken)));
            }
            // It has been told if it listens no more.
            Some(tell) => drop(tell.send(())),
        }
        Poll::Pending
    }))
}

/// Calls the waker after a while, unless something is sent before.
fn wake_late(waker: Waker, is_woken: Arc<AtomicBool>) -> mpsc::Sender<()> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        // Many short waits and not one long one: on a busy machine each of them is a turn for the poller as well.
        let is_quiet = (0..20)
            .all(|_| told.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout));
        if is_quiet {
            is_woken.store(true, Ordering::Release);
            waker.wake();
        }
    });
    tell
}
