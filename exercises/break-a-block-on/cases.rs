//! Each broken `block_on` must hang on the future that was written for it, on which the right one does not.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{self, Breaker};
use exercises::Case;

mod broken;

const HANG: &str = "the future blocks inside a poll, so that no `block_on` gets any further";

pub const CASES: &[Case] = &[
    Case {
        name: "one_that_wipes_the_note_hangs",
        promise: "a `block_on` that wipes its note after the poll misses one wake",
        hang: HANG,
        supported: true,
        run: one_that_wipes_the_note_hangs,
    },
    Case {
        name: "one_that_trusts_the_token_hangs",
        promise: "a `block_on` without a note has nothing but the token of its thread, and that belongs to all",
        hang: HANG,
        supported: true,
        run: one_that_trusts_the_token_hangs,
    },
    Case {
        name: "one_that_notes_one_wake_hangs",
        promise: "a `block_on` that takes one wake for the last one misses the next",
        hang: HANG,
        supported: true,
        run: one_that_notes_one_wake_hangs,
    },
    Case {
        name: "one_that_notes_it_with_the_caller_hangs",
        promise: "a note in a thread-local is a note to whoever calls the waker",
        hang: HANG,
        supported: true,
        run: one_that_notes_it_with_the_caller_hangs,
    },
    Case {
        name: "one_that_shares_one_note_hangs",
        promise: "two calls on one thread that share a note take each other's wakes",
        hang: HANG,
        supported: true,
        run: one_that_shares_one_note_hangs,
    },
    Case {
        name: "one_that_polls_after_any_park_hangs",
        promise: "a `block_on` that takes the end of a sleep for a wake polls without a wake",
        hang: HANG,
        supported: true,
        run: one_that_polls_after_any_park_hangs,
    },
    Case {
        name: "one_that_polls_in_a_loop_hangs",
        promise: "a `block_on` that polls all the time polls without a wake",
        hang: HANG,
        supported: true,
        run: one_that_polls_in_a_loop_hangs,
    },
];

/// `make` makes a future for the `block_on` that is going to run it.
fn hangs(broken: fn(Breaker), make: impl Fn(fn(Breaker)) -> Breaker) {
    let future = make(broken::right);
    assert!(
        broken::ends(broken::right, future),
        "this future hangs the right `block_on`, too: nobody wakes it"
    );
    let future = make(broken);
    assert!(
        !broken::ends(broken, future),
        "the broken `block_on` runs this future to its end, as the right one does"
    );
}

fn one_that_wipes_the_note_hangs() {
    hangs(broken::wipes_the_note, |_| answer::wipes_the_note());
}

fn one_that_trusts_the_token_hangs() {
    hangs(broken::trusts_the_token, |_| answer::trusts_the_token());
}

fn one_that_notes_one_wake_hangs() {
    hangs(broken::notes_one_wake, |_| answer::notes_one_wake());
}

fn one_that_notes_it_with_the_caller_hangs() {
    hangs(broken::notes_it_with_the_caller, |_| answer::notes_it_with_the_caller());
}

fn one_that_shares_one_note_hangs() {
    hangs(broken::shares_one_note, answer::shares_one_note);
}

fn one_that_polls_after_any_park_hangs() {
    hangs(broken::polls_after_any_park, |_| answer::polls_after_any_park());
}

fn one_that_polls_in_a_loop_hangs() {
    hangs(broken::polls_in_a_loop, |_| answer::polls_in_a_loop());
}
