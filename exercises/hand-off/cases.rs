//! What a `Permit` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! What another thread may do at some moment is done at that very moment by the closure itself, so each case says the
//! same every time.

use super::answer::Permit;
use exercises::Case;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
};

const HANG: &str = "a change of the word is tried again for ever: whoever fails has lost, and must say so";

pub const CASES: &[Case] = &[
    Case {
        name: "a_processor_is_taken_only_in_place",
        promise: "a worker that polls keeps its processor; one that is in place loses it when somebody wants it",
        hang: HANG,
        supported: true,
        run: a_processor_is_taken_only_in_place,
    },
    Case {
        name: "a_processor_is_taken_once",
        promise: "of two that want the processor, one gets it",
        hang: HANG,
        supported: true,
        run: a_processor_is_taken_once,
    },
    Case {
        name: "a_processor_that_nobody_took_stays",
        promise: "a call that nobody minded changes nothing",
        hang: HANG,
        supported: true,
        run: a_processor_that_nobody_took_stays,
    },
    Case {
        name: "a_processor_that_was_taken_does_not_come_back",
        promise: "no two workers hold one processor",
        hang: HANG,
        supported: true,
        run: a_processor_that_was_taken_does_not_come_back,
    },
    Case {
        name: "a_processor_granted_meanwhile_is_kept",
        promise: "the end of a call does not undo what others have done since it began",
        hang: HANG,
        supported: true,
        run: a_processor_granted_meanwhile_is_kept,
    },
    Case {
        name: "a_worker_holds_one_processor_at_most",
        promise: "a grant to a worker that holds a processor, in place or not, is refused",
        hang: HANG,
        supported: true,
        run: a_worker_holds_one_processor_at_most,
    },
    Case {
        name: "a_panic_leaves_the_place",
        promise: "a closure that panics ends the call like one that returns",
        hang: HANG,
        supported: true,
        run: a_panic_leaves_the_place,
    },
    Case {
        name: "an_inner_call_does_not_end_the_outer_one",
        promise: "only the outermost call enters and leaves",
        hang: HANG,
        supported: true,
        run: an_inner_call_does_not_end_the_outer_one,
    },
    Case {
        name: "another_thread_takes_it_while_the_closure_blocks",
        promise: "a closure may block for as long as it likes; nobody waits for it",
        hang: "the taker waits for the end of the closure, which waits for the taker",
        supported: true,
        run: another_thread_takes_it_while_the_closure_blocks,
    },
];

/// The permit of a worker that holds this processor.
fn holding(processor: u32) -> Permit {
    let permit = Permit::none();
    assert_eq!(permit.held(), None, "a new permit holds nothing");
    assert!(permit.grant(processor), "a worker that holds nothing may be granted a processor");
    permit
}

fn a_processor_is_taken_only_in_place() {
    // 0 is a processor like any other.
    for processor in [0, 3] {
        let permit = holding(processor);
        assert_eq!(permit.take(), None, "the worker polls");
        assert_eq!(permit.block_in_place(|| permit.take()), Some(processor), "the worker is in place");
    }
}

fn a_processor_is_taken_once() {
    let permit = holding(1);
    let taken = permit.block_in_place(|| [permit.take(), permit.take()]);
    assert_eq!(taken, [Some(1), None], "the second comes too late");
}

fn a_processor_that_nobody_took_stays() {
    let permit = holding(2);
    assert_eq!(permit.block_in_place(|| permit.held()), Some(2), "in place the worker still holds it");
    assert_eq!(permit.held(), Some(2), "and afterwards");
    assert_eq!(permit.take(), None, "but it is not in place any more");
    assert_eq!(Permit::none().block_in_place(|| 7), 7, "without a processor the closure simply runs");
}

fn a_processor_that_was_taken_does_not_come_back() {
    let (permit, other) = (holding(3), Permit::none());
    permit.block_in_place(|| {
        let taken = permit.take().expect("the worker is in place");
        assert!(other.grant(taken), "the other worker holds nothing");
    });
    assert_eq!([permit.held(), other.held()], [None, Some(3)], "one processor, one worker");
}

fn a_processor_granted_meanwhile_is_kept() {
    // The second time it is the one that was taken.
    for granted in [5, 4] {
        let permit = holding(4);
        permit.block_in_place(|| {
            assert_eq!(permit.take(), Some(4), "the worker is in place");
            assert!(permit.grant(granted), "it holds nothing now");
        });
        assert_eq!(permit.held(), Some(granted), "it was granted while the closure ran");
        assert_eq!(permit.take(), None, "and the worker is not in place any more");
    }
}

fn a_worker_holds_one_processor_at_most() {
    let permit = holding(6);
    assert!(!permit.grant(7), "it holds 6");
    assert!(!permit.block_in_place(|| permit.grant(7)), "in place it still holds 6");
    assert_eq!(permit.held(), Some(6), "what was refused has changed nothing");
}

fn a_panic_leaves_the_place() {
    let permit = holding(8);
    let call = || permit.block_in_place(|| panic!("as planned"));
    catch_unwind(AssertUnwindSafe(call)).expect_err("the panic of the closure is passed on");
    assert_eq!(permit.held(), Some(8), "nobody took it");
    assert_eq!(permit.take(), None, "the worker is not in place any more");
}

fn an_inner_call_does_not_end_the_outer_one() {
    let permit = holding(9);
    let taken = permit.block_in_place(|| {
        permit.block_in_place(|| ());
        permit.take()
    });
    assert_eq!(taken, Some(9), "the outer closure still runs");
    assert_eq!(permit.held(), None, "it was taken");
}

fn another_thread_takes_it_while_the_closure_blocks() {
    let permit = holding(10);
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let wanted = &permit;
        permit.block_in_place(|| {
            scope.spawn(move || tell.send(wanted.take()));
            assert_eq!(told.recv(), Ok(Some(10)), "the worker is in place");
        });
    });
}
