//! What a `Monitor` promises, and for each promise the looks that would lead a hasty one astray.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! Time and the kernel are made up, so each case says the same every time.

use super::answer::{
    Monitor, Thread, Trace,
    Verdict::{self, Blocked, Computing, Starved, Unknown},
};
use exercises::Case;
use std::time::Duration;

const HANG: &str = "a look waits for nothing: it compares, asks and returns";

pub const CASES: &[Case] = &[
    Case {
        name: "a_worker_that_sleeps_in_its_poll_is_blocked",
        promise: "a worker that two looks find asleep in one poll is blocked, and not before the second",
        hang: HANG,
        supported: true,
        run: a_worker_that_sleeps_in_its_poll_is_blocked,
    },
    Case {
        name: "a_worker_that_rests_is_never_suspect",
        promise: "a worker without a task stays where it is, sleeps, and is in order",
        hang: HANG,
        supported: true,
        run: a_worker_that_rests_is_never_suspect,
    },
    Case {
        name: "many_short_polls_of_one_task_are_not_one_long_poll",
        promise: "a task that is polled again between two looks is not stuck",
        hang: HANG,
        supported: true,
        run: many_short_polls_of_one_task_are_not_one_long_poll,
    },
    Case {
        name: "nobody_is_asked_about_when_nobody_would_gain",
        promise: "the kernel is asked about a suspect, while work waits, once for each look",
        hang: HANG,
        supported: true,
        run: nobody_is_asked_about_when_nobody_would_gain,
    },
    Case {
        name: "a_poll_computes_when_it_has_used_the_processor_for_long",
        promise: "what counts as computing is the processor time of this poll, not the clock",
        hang: HANG,
        supported: true,
        run: a_poll_computes_when_it_has_used_the_processor_for_long,
    },
    Case {
        name: "a_starved_worker_is_not_blocked",
        promise: "a worker that could run and gets no core is starved, and nothing else",
        hang: HANG,
        supported: true,
        run: a_starved_worker_is_not_blocked,
    },
    Case {
        name: "where_the_kernel_is_silent_the_clock_decides",
        promise: "without an answer a verdict takes as long as it takes to be sure, counted from the first look",
        hang: HANG,
        supported: true,
        run: where_the_kernel_is_silent_the_clock_decides,
    },
    Case {
        name: "the_evidence_of_one_poll_does_not_count_against_the_next",
        promise: "with the next poll everything begins anew",
        hang: HANG,
        supported: true,
        run: the_evidence_of_one_poll_does_not_count_against_the_next,
    },
    Case {
        name: "each_worker_is_judged_by_its_own_evidence",
        promise: "the verdicts come in the order of the workers, each by what that worker did",
        hang: HANG,
        supported: true,
        run: each_worker_is_judged_by_its_own_evidence,
    },
];

/// What the cases call long, in milliseconds.
const LONG: u64 = 10;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A worker in its poll number `tick`, which is of task 7.
fn polls(tick: u64) -> Trace {
    Trace { tick, task: Some(7) }
}

fn rests(tick: u64) -> Trace {
    Trace { tick, task: None }
}

/// The answer of the kernel: a letter, and processor time in milliseconds beside what older polls have used.
fn kernel(letter: char, used: u64) -> Option<Thread> {
    Some(Thread { letter, used: ms(5_000 + used) })
}

/// A monitor of one worker, behind which work waits.
struct One(Monitor);

impl One {
    fn new() -> One {
        One(Monitor::new(1, ms(LONG)))
    }

    fn look(&mut self, now: u64, worker: Trace, answer: Option<Thread>) -> Option<Verdict> {
        self.look_and_count(now, true, worker, answer).0
    }

    /// Also how often the kernel was asked.
    fn look_and_count(
        &mut self,
        now: u64,
        work_waits: bool,
        worker: Trace,
        answer: Option<Thread>,
    ) -> (Option<Verdict>, usize) {
        let mut asked = 0;
        let verdicts = self.0.look(ms(now), work_waits, &[worker], &mut |worker| {
            assert_eq!(worker, 0, "there is one worker, and it has the number 0");
            asked += 1;
            answer
        });
        assert_eq!(verdicts.len(), 1, "one worker, one answer");
        (verdicts[0], asked)
    }
}

fn a_worker_that_sleeps_in_its_poll_is_blocked() {
    // D is the sleep of a thread that waits for a disk.
    for letter in ['S', 'D'] {
        let mut one = One::new();
        assert_eq!(
            one.look(0, polls(3), kernel(letter, 0)),
            None,
            "one look cannot tell how long a poll lasts"
        );
        for now in 1..4 {
            let verdict = one.look(now, polls(3), kernel(letter, 0));
            assert_eq!(verdict, Some(Blocked), "it sleeps, says {letter}, and work waits behind it");
        }
        assert_eq!(
            one.look(4, polls(4), kernel(letter, 0)),
            None,
            "that poll has ended, and another has begun"
        );
    }
}

fn a_worker_that_rests_is_never_suspect() {
    let mut one = One::new();
    // It may have rested since before the first look, when it had polled nothing.
    for (now, tick) in [(0, 0), (1, 0), (30, 0), (31, 1), (32, 1), (60, 1)] {
        let looked = one.look_and_count(now, true, rests(tick), kernel('S', 0));
        assert_eq!(looked, (None, 0), "it has no task; to sleep is all that is left to do");
    }
}

fn many_short_polls_of_one_task_are_not_one_long_poll() {
    let mut one = One::new();
    for now in 0..40 {
        // Whenever somebody looks, the task happens to be polled.
        let verdict = one.look(now, polls(100 + now), kernel('S', 0));
        assert_eq!(verdict, None, "the tick has grown since the last look, so that poll has ended");
    }
}

fn nobody_is_asked_about_when_nobody_would_gain() {
    let mut one = One::new();
    assert_eq!(one.look_and_count(0, true, polls(1), kernel('S', 0)), (None, 0), "it is not suspect yet");
    assert_eq!(
        one.look_and_count(1, false, polls(1), kernel('S', 0)),
        (None, 0),
        "nobody waits: a poll may take as long as it likes"
    );
    assert_eq!(
        one.look_and_count(2, true, polls(1), kernel('S', 0)),
        (Some(Blocked), 1),
        "now work waits, and this is at least the second look at that poll"
    );
}

fn a_poll_computes_when_it_has_used_the_processor_for_long() {
    let mut one = One::new();
    assert_eq!(one.look(0, polls(1), kernel('R', 0)), None);
    // The kernel is asked for the first time at 1 ms, when the thread has used 1 ms. Another program has half the core.
    for (now, used, expected) in
        [(1, 1, None), (11, 6, None), (13, 7, None), (20, 10, None), (20, 11, Some(Computing))]
    {
        let verdict = one.look(now, polls(1), kernel('R', used));
        assert_eq!(
            verdict, expected,
            "at {now} ms it has used {used} ms, of which 1 ms before anybody asked"
        );
    }
    assert_eq!(one.look(60, polls(1), kernel('R', 40)), Some(Computing), "and it computes on");
}

fn a_starved_worker_is_not_blocked() {
    // The one does not run at all; the other gets a tenth of a core.
    for share in [0, 10] {
        let mut one = One::new();
        assert_eq!(one.look(0, polls(1), kernel('R', 0)), None);
        for now in 1..=40 {
            // The kernel was first asked at 1 ms, so the time is up at 1 + 2 x LONG.
            let expected = (now > 2 * LONG).then_some(Starved);
            let verdict = one.look(now, polls(1), kernel('R', now * share / 100));
            assert_eq!(verdict, expected, "{now} ms with {share} % of a core: it could run, and may not");
        }
    }
}

fn where_the_kernel_is_silent_the_clock_decides() {
    let mut one = One::new();
    assert_eq!(one.look(0, polls(1), None), None);
    for now in 1..LONG {
        // Whether work waits at the looks in between makes the poll no younger.
        let (verdict, _) = one.look_and_count(now, now % 2 == 0, polls(1), None);
        assert_eq!(verdict, None, "after {now} ms it may still be a poll like others");
    }
    assert_eq!(one.look(LONG, polls(1), None), Some(Unknown), "it has been in this poll for {LONG} ms");
}

fn the_evidence_of_one_poll_does_not_count_against_the_next() {
    let mut one = One::new();
    // Five polls of 8 ms each, at work all the time.
    for now in 0..40 {
        let verdict = one.look(now, polls(now / 8), kernel('R', now));
        assert_eq!(verdict, None, "at {now} ms: no poll of these has computed for {LONG} ms");
    }
    // And the same where the kernel is silent.
    let mut one = One::new();
    for now in 0..40 {
        let verdict = one.look(now, polls(now / 8), None);
        assert_eq!(verdict, None, "at {now} ms: no poll of these has lasted for {LONG} ms");
    }
}

fn each_worker_is_judged_by_its_own_evidence() {
    let mut monitor = Monitor::new(5, ms(LONG));
    let mut verdicts = Vec::new();
    for now in [0, 1, 12, 23] {
        // One rests, one computes, one polls and polls, one sleeps, and one is starved.
        let workers = [rests(5), polls(5), polls(5 + now), polls(5), polls(5)];
        verdicts = monitor.look(ms(now), true, &workers, &mut |worker| match worker {
            1 => kernel('R', now),
            3 => kernel('S', 0),
            4 => kernel('R', 0),
            other => panic!("nobody has to be asked about worker {other}"),
        });
    }
    assert_eq!(verdicts, [None, Some(Computing), None, Some(Blocked), Some(Starved)]);
}
