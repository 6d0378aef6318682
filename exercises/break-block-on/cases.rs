//! Five wrong ways to write `block_on`, and a right one: the learner's futures have to tell them apart.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{self, Adversary, World};
use exercises::Case;
use std::{
    cell::Cell,
    panic::{catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
};

pub const CASES: &[Case] = &[
    Case {
        name: "one_that_clears_its_note_late_hangs",
        promise: "on this future one that clears its note after the poll hangs, and a right one does not",
        hang: REALLY,
        supported: true,
        run: || tell_apart(Flaw::ClearsItsNoteLate, answer::for_one_that_clears_its_note_late),
    },
    Case {
        name: "one_that_trusts_the_token_hangs",
        promise: "on this future one without a note hangs, and a right one does not",
        hang: REALLY,
        supported: true,
        run: || tell_apart(Flaw::TrustsTheToken, answer::for_one_that_trusts_the_token),
    },
    Case {
        name: "one_that_shares_its_note_hangs",
        promise: "on this future one with a note for each thread hangs, and a right one does not",
        hang: REALLY,
        supported: true,
        run: || tell_apart(Flaw::SharesItsNote, answer::for_one_that_shares_its_note),
    },
    Case {
        name: "one_whose_waker_works_once_hangs",
        promise: "on this future one whose waker works once hangs, and a right one does not",
        hang: REALLY,
        supported: true,
        run: || tell_apart(Flaw::WorksOnce, answer::for_one_whose_waker_works_once),
    },
    Case {
        name: "one_that_is_deaf_to_references_hangs",
        promise: "on this future one that ignores `wake_by_ref` hangs, and a right one does not",
        hang: REALLY,
        supported: true,
        run: || tell_apart(Flaw::IsDeafToReferences, answer::for_one_that_is_deaf_to_references),
    },
];

const REALLY: &str = "a poll waits for something outside of this world, such as the real `thread::park`";

/// What is wrong with a `block_on`.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    Nothing,
    ClearsItsNoteLate,
    TrustsTheToken,
    SharesItsNote,
    WorksOnce,
    IsDeafToReferences,
}

thread_local! {
    static FLAW: Cell<Flaw> = const { Cell::new(Flaw::Nothing) };
    /// The park token of this thread.
    static TOKEN: Cell<bool> = const { Cell::new(false) };
    /// The note of one that has a note for each thread.
    static SHARED_NOTE: Arc<AtomicBool> = Arc::default();
}

/// The thread would sleep now, and nobody is there to wake it.
struct Hung;

/// More polls than any of this takes.
const ENOUGH: usize = 1000;

fn park() {
    if !TOKEN.take() {
        // Without the panic's usual words: for a wrong `block_on` this is what is wanted.
        resume_unwind(Box::new(Hung));
    }
}

fn block_on(mut future: Adversary) {
    let flaw = FLAW.get();
    let note = if flaw == Flaw::SharesItsNote { SHARED_NOTE.with(Arc::clone) } else { Arc::default() };
    let waker = Waker::from(Arc::new(Caller { note: Arc::clone(&note), was_called: AtomicBool::new(false) }));
    for _ in 0..ENOUGH {
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        if flaw == Flaw::TrustsTheToken {
            park();
            continue;
        }
        if flaw == Flaw::ClearsItsNoteLate {
            note.store(false, SeqCst);
        }
        while !note.swap(false, SeqCst) {
            park();
        }
    }
    panic!("the future was polled {ENOUGH} times, and is still not ready");
}

/// What a waker calls. It is only called on this thread, so the token is at hand.
struct Caller {
    note: Arc<AtomicBool>,
    was_called: AtomicBool,
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        let was_called = self.was_called.swap(true, SeqCst);
        if was_called && FLAW.get() == Flaw::WorksOnce {
            return;
        }
        self.note.store(true, SeqCst);
        TOKEN.set(true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if FLAW.get() != Flaw::IsDeafToReferences {
            Arc::clone(self).wake();
        }
    }
}

fn tell_apart(flaw: Flaw, adversary: fn(World) -> Adversary) {
    assert!(
        finishes(Flaw::Nothing, adversary),
        "a right `block_on` hangs on it as well: the future is not fair"
    );
    assert!(!finishes(flaw, adversary), "the wrong `block_on` finished it, and nobody has learnt anything");
}

/// Whether a `block_on` with this flaw gets the future to its end.
fn finishes(flaw: Flaw, adversary: fn(World) -> Adversary) -> bool {
    FLAW.set(flaw);
    TOKEN.set(false);
    let Err(payload) = catch_unwind(|| block_on(adversary(World { block_on, park }))) else { return true };
    if !payload.is::<Hung>() {
        resume_unwind(payload);
    }
    false
}
