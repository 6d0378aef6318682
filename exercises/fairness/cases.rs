//! What a `Lane` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! A task is a letter, and running it is to do what that letter does. So a case is an order of letters.

use super::answer::Lane;
use exercises::Case;
use std::collections::VecDeque;

const HANG: &str = "a call of the lane does not return, though there is nothing here to wait for";

pub const CASES: &[Case] = &[
    Case {
        name: "the_task_that_was_woken_last_is_next",
        promise: "a task that was woken by the one that runs comes next, and the others in their order",
        hang: HANG,
        supported: true,
        run: the_task_that_was_woken_last_is_next,
    },
    Case {
        name: "a_task_that_wakes_itself_goes_to_the_back",
        promise: "a yield lets all others run that wait, the one in the slot included",
        hang: HANG,
        supported: true,
        run: a_task_that_wakes_itself_goes_to_the_back,
    },
    Case {
        name: "two_tasks_that_wake_each_other_let_the_queue_have_its_turns",
        promise: "the slot comes first so many times in a row, then the queue once, and so on",
        hang: HANG,
        supported: true,
        run: two_tasks_that_wake_each_other_let_the_queue_have_its_turns,
    },
    Case {
        name: "two_tasks_that_wake_each_other_go_on_if_nobody_waits",
        promise: "a task in the slot is found, however often the slot came first",
        hang: HANG,
        supported: true,
        run: two_tasks_that_wake_each_other_go_on_if_nobody_waits,
    },
    Case {
        name: "what_others_queued_comes_with_the_beat",
        promise: "of so many calls one looks at the injector first, and no more than one",
        hang: HANG,
        supported: true,
        run: what_others_queued_comes_with_the_beat,
    },
    Case {
        name: "a_worker_without_tasks_takes_what_others_queued",
        promise: "who has nothing does not wait for the beat",
        hang: HANG,
        supported: true,
        run: a_worker_without_tasks_takes_what_others_queued,
    },
    Case {
        name: "a_beat_that_finds_nothing_is_a_call_like_any_other",
        promise: "a worker with tasks gets one from each call",
        hang: HANG,
        supported: true,
        run: a_beat_that_finds_nothing_is_a_call_like_any_other,
    },
];

/// No case makes so many calls.
const NEVER: usize = 1_000_000;

/// The first `count` tasks, in the order in which they run. The letters `a` and `b` wake each other, `y` wakes itself,
/// and all others are done after one run.
fn order(lane: &mut Lane<char>, injector: &str, count: usize) -> String {
    let mut injector: VecDeque<char> = injector.chars().collect();
    let run = |_| {
        let task = lane.next(&mut injector)?;
        match task {
            'a' => lane.wake('b'),
            'b' => lane.wake('a'),
            'y' => lane.wake_itself('y'),
            _ => (),
        }
        Some(task)
    };
    (0..count).map_while(run).collect()
}

/// A lane with tasks in its queue, the first in front, and nothing in its slot.
fn lane(slot_in_a_row: usize, beat: usize, queue: &str) -> Lane<char> {
    let mut lane = Lane::new(slot_in_a_row, beat);
    for task in queue.chars() {
        lane.wake_itself(task);
    }
    lane
}

fn the_task_that_was_woken_last_is_next() {
    let mut lane = lane(3, NEVER, "q");
    for task in "uvw".chars() {
        lane.wake(task);
    }
    let order = order(&mut lane, "", 10);
    assert_eq!(order, "wquv", "q was in the queue when u, v and w were woken, in this order");
}

fn a_task_that_wakes_itself_goes_to_the_back() {
    let order_of_queue = order(&mut lane(3, NEVER, "ypq"), "", 6);
    assert_eq!(order_of_queue, "ypqyyy", "y wakes itself whenever it runs, and p and q wait behind it");
    let mut lane = lane(3, NEVER, "q");
    lane.wake('w');
    lane.wake_itself('z');
    let order_with_slot = order(&mut lane, "", 10);
    assert_eq!(order_with_slot, "wqz", "w was woken by z, which then woke itself; q was in the queue before");
}

fn two_tasks_that_wake_each_other_let_the_queue_have_its_turns() {
    for (slot_in_a_row, expected) in [(1, "apbqar"), (2, "abpabqabr"), (3, "abapbabqabar")] {
        let mut lane = lane(slot_in_a_row, NEVER, "pqr");
        lane.wake('a');
        let order = order(&mut lane, "", expected.len());
        assert_eq!(
            order, expected,
            "a and b wake each other, the slot comes first {slot_in_a_row} times, and p, q and r wait"
        );
    }
}

fn two_tasks_that_wake_each_other_go_on_if_nobody_waits() {
    let mut lane = lane(2, NEVER, "");
    lane.wake('a');
    let order = order(&mut lane, "", 10);
    assert_eq!(order, "ababababab", "a and b wake each other, and nobody else has anything to do");
}

fn what_others_queued_comes_with_the_beat() {
    for (what, woken, queue) in [("y wakes itself", None, "y"), ("a and b wake each other", Some('a'), "")] {
        let mut lane = lane(3, 5, queue);
        woken.into_iter().for_each(|task| lane.wake(task));
        let order = order(&mut lane, "ijk", 15);
        for (at, calls) in order.as_bytes().chunks(5).enumerate() {
            let injected = calls.iter().filter(|task| b"ijk".contains(task)).count();
            assert_eq!(
                injected,
                1,
                "{what}, others have queued i, j and k, and the beat is 5: \
                 of {order:?} this counts those among the five calls number {}",
                at + 1
            );
        }
        let injected: String = order.chars().filter(|task| "ijk".contains(*task)).collect();
        assert_eq!(injected, "ijk", "what others queued comes in their order");
    }
}

fn a_worker_without_tasks_takes_what_others_queued() {
    let order = order(&mut lane(3, NEVER, "p"), "ijk", 10);
    assert_eq!(order, "pijk", "p is the worker's own; i, j and k were queued by others");
}

fn a_beat_that_finds_nothing_is_a_call_like_any_other() {
    let mut lane = lane(3, 2, "pqrs");
    lane.wake('w');
    let order = order(&mut lane, "", 10);
    assert_eq!(order, "wpqrs", "every second call looks at the injector first, which is empty");
}
