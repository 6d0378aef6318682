//! What is claimed of two workloads, and what the model says to that.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{
    Claim,
    Part::{self, HandOff, Learning, Relief},
    Step, later_on_average, threads_for_nothing,
};
use exercises::Case;

mod model;

use model::{Fared, run};

const HANG: &str = "the workload is never returned: the model itself ends after a second of its own time";

pub const CASES: &[Case] = &[
    Case {
        name: "stage_7_starts_many_more_threads",
        promise: "the first workload needs at least twenty threads more on stage 7",
        hang: HANG,
        supported: true,
        run: stage_7_starts_many_more_threads,
    },
    Case {
        name: "and_gets_nothing_for_them",
        promise: "at no time are more tasks of the first workload done than on stage 5",
        hang: HANG,
        supported: true,
        run: and_gets_nothing_for_them,
    },
    Case {
        name: "the_part_that_starts_the_threads_is_named",
        promise: "without that part there are few more threads, and without any other there are many",
        hang: HANG,
        supported: true,
        run: the_part_that_starts_the_threads_is_named,
    },
    Case {
        name: "stage_7_is_later_on_average",
        promise: "the tasks of the second workload are done later on stage 7, on average by a quarter",
        hang: HANG,
        supported: true,
        run: stage_7_is_later_on_average,
    },
    Case {
        name: "though_nobody_sleeps",
        promise: "the tasks of the second workload compute and yield, and nothing else",
        hang: HANG,
        supported: true,
        run: though_nobody_sleeps,
    },
    Case {
        name: "the_part_that_delays_them_is_named",
        promise: "without that part stage 7 is hardly later, and without any other it is",
        hang: HANG,
        supported: true,
        run: the_part_that_delays_them_is_named,
    },
];

const PARTS: [Part; 3] = [HandOff, Relief, Learning];
const MORE_THREADS: usize = 20;

fn on_stage_5(claim: &Claim) -> Fared {
    run(&claim.tasks, &[])
}

fn on_stage_7(claim: &Claim) -> Fared {
    run(&claim.tasks, &PARTS)
}

fn without(claim: &Claim, part: Part) -> Fared {
    let others: Vec<Part> = PARTS.into_iter().filter(|other| *other != part).collect();
    run(&claim.tasks, &others)
}

fn stage_7_starts_many_more_threads() {
    let claim = threads_for_nothing();
    let (five, seven) = (on_stage_5(&claim).threads, on_stage_7(&claim).threads);
    assert!(seven >= five + MORE_THREADS, "stage 5 needs {five} threads, and stage 7 {seven}");
}

fn and_gets_nothing_for_them() {
    let claim = threads_for_nothing();
    let (five, seven) = (on_stage_5(&claim).done, on_stage_7(&claim).done);
    for (number, (five, seven)) in (1..).zip(five.into_iter().zip(seven)) {
        assert!(
            seven >= five,
            "{number} tasks are done after {five} µs on stage 5, and after {seven} on stage 7"
        );
    }
}

fn the_part_that_starts_the_threads_is_named() {
    let claim = threads_for_nothing();
    let more = |fared: Fared| fared.threads.saturating_sub(on_stage_5(&claim).threads);
    is_named(&claim, "threads more than on stage 5", |fared| more(fared) as u64);
}

fn stage_7_is_later_on_average() {
    let claim = later_on_average();
    let (five, seven) = (on_stage_5(&claim).mean(), on_stage_7(&claim).mean());
    assert!(seven * 4 >= five * 5, "a task is done after {five} µs on stage 5, and after {seven} on stage 7");
}

fn though_nobody_sleeps() {
    for step in later_on_average().tasks.into_iter().flat_map(|task| task.steps) {
        assert!(matches!(step, Step::Compute(_) | Step::Yield), "{step:?} sleeps");
    }
}

fn the_part_that_delays_them_is_named() {
    let claim = later_on_average();
    let five = on_stage_5(&claim).mean();
    is_named(&claim, "µs later than on stage 5, on average", |fared| fared.mean().saturating_sub(five));
}

/// Takes out each part alone. Half of the loss is the line between a part that is to blame and one that is not.
fn is_named(claim: &Claim, what: &str, loss: impl Fn(Fared) -> u64) {
    let complete = loss(on_stage_7(claim));
    assert!(complete > 0, "stage 7 is not worse, so no part of it is to blame");
    for part in PARTS {
        let left = loss(without(claim, part));
        let is_to_blame = left * 2 < complete;
        let is_named = part == claim.because;
        assert_eq!(
            is_to_blame, is_named,
            "{complete} {what}, and {left} without {part:?}; the one to blame is said to be {:?}",
            claim.because
        );
    }
}
