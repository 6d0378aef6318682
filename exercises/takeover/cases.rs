//! What a `Worker` promises, and a takeover at each moment at which it could go wrong.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! What the monitor or another worker may do during a poll is done by that poll itself, so each case says the same every
//! time.

use super::answer::{Injector, Worker};
use exercises::Case;
use std::sync::{Arc, Mutex, PoisonError};

const HANG: &str =
    "a lock is held while a task is polled, or a worker waits for one that has lost its processor";

pub const CASES: &[Case] = &[
    Case {
        name: "tasks_run_in_order_and_the_processor_comes_back",
        promise: "a worker that nobody disturbs polls its own tasks, then the injector's, each once",
        hang: HANG,
        supported: true,
        run: tasks_run_in_order_and_the_processor_comes_back,
    },
    Case {
        name: "tasks_behind_a_blocked_one_run_elsewhere",
        promise: "what was queued at the worker is there for others as soon as its processor is taken",
        hang: HANG,
        supported: true,
        run: tasks_behind_a_blocked_one_run_elsewhere,
    },
    Case {
        name: "the_returning_worker_polls_nothing",
        promise: "when its poll ends, a worker that lost its processor leaves the tasks to those who hold one",
        hang: HANG,
        supported: true,
        run: the_returning_worker_polls_nothing,
    },
    Case {
        name: "a_task_pushed_after_the_takeover_is_not_stranded",
        promise: "what a blocked poll wakes later goes where others look",
        hang: HANG,
        supported: true,
        run: a_task_pushed_after_the_takeover_is_not_stranded,
    },
    Case {
        name: "a_processor_is_taken_over_once",
        promise: "of two that judge the same poll, one gets the processor",
        hang: HANG,
        supported: true,
        run: a_processor_is_taken_over_once,
    },
    Case {
        name: "a_late_verdict_takes_nothing",
        promise: "a verdict on a poll that has ended does not hit the next one, nor a worker that does not run",
        hang: HANG,
        supported: true,
        run: a_late_verdict_takes_nothing,
    },
    Case {
        name: "a_worker_may_run_again",
        promise: "a worker that lost its processor is as good as new once it has another",
        hang: HANG,
        supported: true,
        run: a_worker_may_run_again,
    },
];

/// Workers that share an injector.
struct Bench {
    injector: Arc<Injector>,
    /// The one whose processor is taken.
    worker: Worker,
    other: Worker,
}

impl Bench {
    fn new() -> Bench {
        let injector = Arc::new(Injector::default());
        let [worker, other] = [(), ()].map(|()| Worker::new(Arc::clone(&injector)));
        Bench { injector, worker, other }
    }

    fn injected(&self) -> Vec<u32> {
        // Also after a panic: then the case has failed already, and has said so.
        self.injector.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn push(&self, tasks: &[u32]) {
        tasks.iter().for_each(|task| self.worker.push(*task));
    }

    /// The monitor: sees in which poll the worker is, and takes over.
    fn take_over(&self) -> Option<u32> {
        let poll = self.worker.polling().expect("the worker is in a poll: this is it");
        self.worker.take_over(poll)
    }
}

/// Runs a worker, and returns with what it was left and which tasks it polled.
fn run(worker: &Worker, processor: u32, mut poll: impl FnMut(u32)) -> (Option<u32>, Vec<u32>) {
    let polled = Mutex::new(Vec::new());
    let kept = worker.run(processor, |task| {
        polled.lock().expect("no holder panics").push(task);
        poll(task);
    });
    (kept, polled.into_inner().expect("no holder panics"))
}

fn tasks_run_in_order_and_the_processor_comes_back() {
    let bench = Bench::new();
    assert_eq!(bench.worker.polling(), None, "it does not run");
    bench.push(&[1, 2]);
    assert_eq!(bench.injected(), [1, 2], "it does not run, so its tasks go where others look");
    let ran = run(&bench.worker, 7, |task| {
        if task == 1 {
            bench.push(&[3, 4]);
            assert_eq!(bench.injected(), [2], "it holds a processor, so its tasks stay with it");
        }
    });
    assert_eq!(ran, (Some(7), vec![1, 3, 4, 2]), "its own tasks first, and the processor back in the end");
    assert_eq!(
        (bench.injected(), bench.worker.polling()),
        (vec![], None),
        "nothing is left, and it has stopped"
    );
}

fn tasks_behind_a_blocked_one_run_elsewhere() {
    let bench = Bench::new();
    bench.push(&[1, 9]);
    let (_, here) = run(&bench.worker, 7, |task| {
        if task != 1 {
            return;
        }
        bench.push(&[2, 3]);
        // And now it blocks.
        assert_eq!(bench.take_over(), Some(7), "the worker holds it, and is in that poll");
        assert_eq!(bench.injected(), [9, 2, 3], "behind what waits there already, in order");
        let ran = run(&bench.other, 7, |_| ());
        assert_eq!(ran, (Some(7), vec![9, 2, 3]), "task 1 is being polled, so it is in no queue");
    });
    assert_eq!(here, [1], "the others have run elsewhere");
}

fn the_returning_worker_polls_nothing() {
    let bench = Bench::new();
    bench.push(&[1, 9]);
    let ran = run(&bench.worker, 7, |task| {
        if task == 1 {
            bench.push(&[2]);
            assert_eq!(bench.take_over(), Some(7));
        }
    });
    assert_eq!(ran, (None, vec![1]), "the processor is another's now, and so is the right to poll");
    assert_eq!(bench.injected(), [9, 2], "there they are found by whoever holds it");
}

fn a_task_pushed_after_the_takeover_is_not_stranded() {
    let bench = Bench::new();
    bench.push(&[1]);
    let (kept, _) = run(&bench.worker, 7, |task| {
        if task == 1 {
            assert_eq!(bench.take_over(), Some(7));
            bench.push(&[2]);
            assert_eq!(
                bench.injected(),
                [2],
                "this poll may go on for hours, and task 2 is to be seen at once"
            );
        }
    });
    assert_eq!((kept, bench.injected()), (None, vec![2]), "and there it stays, once");
}

fn a_processor_is_taken_over_once() {
    let bench = Bench::new();
    bench.push(&[1]);
    run(&bench.worker, 7, |task| {
        if task == 1 {
            let poll = bench.worker.polling().expect("this is it");
            assert_eq!(bench.worker.take_over(poll), Some(7), "the first gets it");
            assert_eq!(bench.worker.take_over(poll), None, "there is nothing left to take");
            assert_eq!(bench.worker.polling(), Some(poll), "the poll goes on all the same");
        }
    });
}

fn a_late_verdict_takes_nothing() {
    let bench = Bench::new();
    bench.push(&[1, 2]);
    let mut seen = None;
    let (kept, polled) = run(&bench.worker, 7, |task| {
        if task == 1 {
            seen = bench.worker.polling();
            bench.push(&[3]);
        } else {
            let late = seen.expect("task 1 ran first, and was in a poll");
            assert_eq!(bench.worker.take_over(late), None, "that poll has ended: the worker is not stuck");
        }
    });
    assert_eq!((kept, polled.len()), (Some(7), 3), "nothing was taken");
    assert_eq!(bench.worker.take_over(seen.expect("it was seen")), None, "it does not run any more");
}

fn a_worker_may_run_again() {
    let bench = Bench::new();
    bench.push(&[1]);
    let mut first = None;
    let (kept, _) = run(&bench.worker, 7, |_| {
        first = bench.worker.polling();
        assert_eq!(bench.take_over(), Some(7));
    });
    assert_eq!((kept, bench.worker.polling()), (None, None), "it was taken, and the poll has ended");

    bench.push(&[2, 3]);
    let ran = run(&bench.worker, 8, |task| {
        let now = bench.worker.polling();
        assert!(now.is_some() && now != first, "this is another poll than that of the first run");
        let late = first.expect("it was seen");
        assert_eq!(bench.worker.take_over(late), None, "so a verdict on the first does not hit it");
        if task == 3 {
            assert_eq!(bench.take_over(), Some(8), "but one on this poll does, and gives the new processor");
        }
    });
    assert_eq!(ran, (None, vec![2, 3]), "task 3 has cost it the processor, and not before");
}
