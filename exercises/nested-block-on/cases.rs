//! What the mark of a thread promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! What is to be refused would be ready at once: an answer that lets it in says so, where a real program hangs.

use super::answer::{block_in_place, block_on};
use exercises::Case;
use std::{
    cell::Cell,
    future::{Future, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook},
    sync::{Arc, Mutex},
    task::Poll,
    thread,
};

const HANG: &str = "a call that should have been refused sleeps, on the thread that would have to wake it";

pub const CASES: &[Case] = &[
    Case {
        name: "one_call_after_the_other_is_fine",
        promise: "the mark goes when the call ends: the next one on this thread is not inside of anything",
        hang: "the wake of another thread is not waited for, or not noticed",
        supported: true,
        run: one_call_after_the_other_is_fine,
    },
    Case {
        name: "a_call_inside_is_refused_even_if_it_would_not_wait",
        promise: "a panic that always comes, before the inner future is polled, and not only under load",
        hang: HANG,
        supported: true,
        run: a_call_inside_is_refused_even_if_it_would_not_wait,
    },
    Case {
        name: "the_refusal_names_the_ways_out",
        promise: "the message says what to do instead, and blames the line of the caller",
        hang: HANG,
        supported: true,
        run: the_refusal_names_the_ways_out,
    },
    Case {
        name: "a_call_that_is_refused_changes_nothing",
        promise: "after a refusal that somebody caught, the next call inside is refused as well",
        hang: HANG,
        supported: true,
        run: a_call_that_is_refused_changes_nothing,
    },
    Case {
        name: "a_future_that_panics_takes_the_mark_with_it",
        promise: "a thread that has caught a panic can be used again",
        hang: HANG,
        supported: true,
        run: a_future_that_panics_takes_the_mark_with_it,
    },
    Case {
        name: "each_thread_has_a_mark_of_its_own",
        promise: "a block_on on one thread is no matter of the others",
        hang: HANG,
        supported: true,
        run: each_thread_has_a_mark_of_its_own,
    },
    Case {
        name: "a_closure_in_place_may_call_it",
        promise: "inside block_in_place a call is let in, at any depth, and afterwards refused as before",
        hang: HANG,
        supported: true,
        run: a_closure_in_place_may_call_it,
    },
    Case {
        name: "block_in_place_puts_back_what_was_there",
        promise: "where there was no mark before the closure, there is none after it",
        hang: HANG,
        supported: true,
        run: block_in_place_puts_back_what_was_there,
    },
    Case {
        name: "a_closure_that_panics_puts_the_mark_back",
        promise: "a closure that panics ends block_in_place like one that returns",
        hang: HANG,
        supported: true,
        run: a_closure_that_panics_puts_the_mark_back,
    },
];

fn one_call_after_the_other_is_fine() {
    assert_eq!(block_on(ready("one")), "one");
    let mut is_first = true;
    let woken = poll_fn(|cx| {
        if std::mem::take(&mut is_first) {
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            return Poll::Pending;
        }
        Poll::Ready("two")
    });
    assert_eq!(block_on(woken), "two");
    assert_eq!(block_on(ready("three")), "three");
}

fn a_call_inside_is_refused_even_if_it_would_not_wait() {
    let polls = Cell::new(0);
    inside(|| {
        let inner = poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::Ready(())
        });
        refused(inner).expect("a thread that runs a future must not wait for another one");
    });
    assert_eq!(polls.get(), 0, "the future of the refused call was polled");
}

fn the_refusal_names_the_ways_out() {
    let blamed = Arc::new(Mutex::new(String::new()));
    let heard = blamed.clone();
    set_hook(Box::new(move |panic| {
        let place = panic.location().expect("a panic has a place");
        place.file().clone_into(&mut heard.lock().expect("no holder panics"));
        eprintln!("{panic}");
    }));
    let said = inside(|| refused(ready(())));
    let blamed = blamed.lock().expect("no holder panics").clone();
    let said = said.expect("a thread that runs a future must not wait for another one");
    for way in [".await", "block_in_place"] {
        assert!(said.contains(way), "the message should name {way}, and says {said:?}");
    }
    assert!(blamed.ends_with("cases.rs"), "the call stands in cases.rs, and the panic blames {blamed}");
}

fn a_call_that_is_refused_changes_nothing() {
    inside(|| {
        for call in ["the first", "the second"] {
            assert!(refused(ready(())).is_some(), "{call} call inside was let in");
        }
    });
    assert_eq!(block_on(ready(7)), 7, "and outside there is nothing to refuse");
}

fn a_future_that_panics_takes_the_mark_with_it() {
    let future = poll_fn(|_| -> Poll<()> { panic!("as planned") });
    catch_unwind(AssertUnwindSafe(|| block_on(future))).expect_err("the panic of the future is passed on");
    assert!(refused(ready(())).is_none(), "the thread is outside again, and the call was refused");
}

fn each_thread_has_a_mark_of_its_own() {
    let elsewhere = inside(|| thread::spawn(|| refused(ready(()))).join().expect("it catches the panic"));
    assert!(elsewhere.is_none(), "a call on another thread was refused");
}

fn a_closure_in_place_may_call_it() {
    inside(|| {
        let value = block_in_place(|| block_on(async { block_in_place(|| block_on(ready(7))) }));
        assert_eq!(value, 7);
        assert!(refused(ready(())).is_some(), "the closure has ended, and a call was let in");
    });
}

fn block_in_place_puts_back_what_was_there() {
    assert_eq!(block_in_place(|| 7), 7, "outside of everything the closure is called, and that is all");
    assert!(refused(ready(())).is_none(), "the thread is as far outside as before, and the call was refused");
    inside(|| {
        block_in_place(|| {
            block_in_place(|| ());
            assert!(refused(ready(())).is_none(), "the outer closure still runs, and the call was refused");
        });
    });
}

fn a_closure_that_panics_puts_the_mark_back() {
    inside(|| {
        let call = || block_in_place(|| panic!("as planned"));
        catch_unwind(AssertUnwindSafe(call)).expect_err("the panic of the closure is passed on");
        assert!(refused(ready(())).is_some(), "the closure has ended, and a call was let in");
    });
}

/// Runs the closure inside a `block_on`.
fn inside<R>(closure: impl FnOnce() -> R) -> R {
    block_on(async { closure() })
}

/// What the refusal says, if the call is refused.
fn refused(future: impl Future<Output = ()>) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| block_on(future))).err()?;
    let said = match panic.downcast_ref::<String>() {
        Some(said) => said.clone(),
        None => panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned(),
    };
    if said.contains("not yet implemented") {
        // That is no refusal.
        resume_unwind(panic);
    }
    Some(said)
}
