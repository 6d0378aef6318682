//! What a `Crew` promises, and a load for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! Time is a number and a thread is one, too, so each case says the same every time.

use super::answer::{
    Answer::{self, Rested, Started, Waits},
    Crew, Look, Next,
};
use exercises::Case;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    io,
    time::Duration,
};

const HANG: &str = "nothing here waits: a start that was refused is not tried again until it succeeds";

pub const CASES: &[Case] = &[
    Case {
        name: "one_task_after_another_needs_one_thread",
        promise: "a task goes to a thread that rests before one is started",
        hang: HANG,
        supported: true,
        run: one_task_after_another_needs_one_thread,
    },
    Case {
        name: "tasks_at_the_same_time_each_have_a_thread",
        promise: "no task waits behind another while a thread may be started",
        hang: HANG,
        supported: true,
        run: tasks_at_the_same_time_each_have_a_thread,
    },
    Case {
        name: "at_the_limit_tasks_wait_in_line",
        promise: "there are never more threads than allowed, and a thread that is done takes a task that waits",
        hang: HANG,
        supported: true,
        run: at_the_limit_tasks_wait_in_line,
    },
    Case {
        name: "a_thread_that_has_rested_long_ends",
        promise: "a thread ends after the keep-alive, counted from its last task, and then makes room",
        hang: HANG,
        supported: true,
        run: a_thread_that_has_rested_long_ends,
    },
    Case {
        name: "light_load_after_a_storm_does_not_keep_the_crew",
        promise: "threads that are not needed end although others are",
        hang: HANG,
        supported: true,
        run: light_load_after_a_storm_does_not_keep_the_crew,
    },
    Case {
        name: "a_task_whose_thread_was_refused_waits_for_another",
        promise: "a refused start is no thread and no panic, and the task is not forgotten",
        hang: HANG,
        supported: true,
        run: a_task_whose_thread_was_refused_waits_for_another,
    },
    Case {
        name: "a_look_asks_again_and_nobody_else_does",
        promise: "after a refusal the system is left alone until the next look, which asks until it is refused again",
        hang: HANG,
        supported: true,
        run: a_look_asks_again_and_nobody_else_does,
    },
];

const KEEP_ALIVE: u64 = 10;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What the system says to those who start threads.
#[derive(Default)]
struct System {
    refuses: Cell<bool>,
    /// How often it was asked.
    asked: Cell<usize>,
    /// How many it may start until it refuses, if that is bounded.
    room: Cell<Option<usize>>,
    started: RefCell<BTreeSet<usize>>,
}

impl System {
    fn crew(&self, max_threads: usize) -> Crew<impl FnMut(usize) -> io::Result<()>> {
        Crew::new(max_threads, s(KEEP_ALIVE), |thread| self.start(thread))
    }

    fn start(&self, thread: usize) -> io::Result<()> {
        self.asked.set(self.asked.get() + 1);
        if self.refuses.get() || self.room.get() == Some(0) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.set(self.room.get().map(|room| room - 1));
        assert!(self.started.borrow_mut().insert(thread), "number {thread} was given to a thread before");
        Ok(())
    }
}

/// So many calls, each of which must start a thread.
fn start<S: FnMut(usize) -> io::Result<()>>(crew: &mut Crew<S>, threads: usize) -> Vec<usize> {
    let started = |answer| match answer {
        Started(thread) => thread,
        other => panic!("all others are busy, so a thread is started; but this was {other:?}"),
    };
    (0..threads).map(|_| started(crew.call())).collect()
}

fn one_task_after_another_needs_one_thread() {
    let system = System::default();
    let mut crew = system.crew(8);
    assert_eq!(crew.threads(), 0, "nobody has called yet");
    let thread = start(&mut crew, 1)[0];
    for now in 1..20 {
        assert_eq!(crew.done(thread, s(now)), Next::Rest, "no task waits");
        assert_eq!(crew.call(), Rested(thread), "it rests, so nobody has to be started");
    }
    assert_eq!((crew.threads(), system.asked.get()), (1, 1), "one task at a time is the work of one thread");
}

fn tasks_at_the_same_time_each_have_a_thread() {
    let system = System::default();
    let mut crew = system.crew(40);
    let threads: BTreeSet<usize> = start(&mut crew, 40).into_iter().collect();
    assert_eq!((threads.len(), crew.threads()), (40, 40), "forty tasks that block need forty threads");
    assert_eq!(threads, *system.started.borrow(), "a task goes to the thread that was started for it");
}

fn at_the_limit_tasks_wait_in_line() {
    let system = System::default();
    let mut crew = system.crew(3);
    let threads = start(&mut crew, 3);
    for _ in 0..4 {
        assert_eq!(crew.call(), Waits, "three is the limit");
    }
    assert_eq!(crew.look(s(1)), Look::default(), "a look does not move the limit");
    assert_eq!((crew.threads(), system.asked.get()), (3, 3), "and nobody else was started");
    for now in 2..6 {
        assert_eq!(crew.done(threads[0], s(now)), Next::Task, "of four that wait, it takes one each time");
    }
    for thread in threads {
        assert_eq!(crew.done(thread, s(6)), Next::Rest, "nobody waits any more");
    }
}

fn a_thread_that_has_rested_long_ends() {
    let system = System::default();
    let mut crew = system.crew(1);
    let thread = start(&mut crew, 1)[0];
    assert_eq!(crew.look(s(50)), Look::default(), "it is busy, however long it takes");
    assert_eq!(crew.done(thread, s(100)), Next::Rest);
    assert_eq!(crew.look(s(109)), Look::default(), "it has rested for 9 s of {KEEP_ALIVE}");
    assert_eq!(crew.call(), Rested(thread));
    assert_eq!(crew.done(thread, s(112)), Next::Rest);
    assert_eq!(crew.look(s(121)), Look::default(), "it has had a task in between, and rested for 9 s since");
    assert_eq!(crew.look(s(122)), Look { ended: vec![thread], started: vec![] }, "{KEEP_ALIVE} s of rest");
    assert_eq!(crew.threads(), 0, "the last one ends as well");
    let next = crew.call();
    assert!(matches!(next, Started(new) if new != thread), "it has ended, which makes room: {next:?}");
}

fn light_load_after_a_storm_does_not_keep_the_crew() {
    let system = System::default();
    let mut crew = system.crew(8);
    for thread in start(&mut crew, 8) {
        assert_eq!(crew.done(thread, s(0)), Next::Rest);
    }
    assert_eq!(crew.threads(), 8, "a second after the storm: the next one may come");
    // Each second brings one short task, so that all eight would find work in a keep-alive, one after the other.
    for now in 1..=2 * KEEP_ALIVE {
        let Rested(thread) = crew.call() else { panic!("somebody rests") };
        assert_eq!(crew.done(thread, s(now)), Next::Rest);
        crew.look(s(now));
    }
    assert_eq!(
        crew.threads(),
        1,
        "this load is the work of one thread, and seven have been in the way for long"
    );
}

fn a_task_whose_thread_was_refused_waits_for_another() {
    let system = System::default();
    let mut crew = system.crew(8);
    let thread = start(&mut crew, 1)[0];
    system.refuses.set(true);
    assert_eq!(crew.call(), Waits, "the system has no thread to give");
    assert_eq!(crew.threads(), 1, "a thread that was refused is none");
    assert_eq!(crew.done(thread, s(1)), Next::Task, "the task was not forgotten");
    assert_eq!(crew.done(thread, s(2)), Next::Rest, "and is polled once");
    system.refuses.set(false);
    assert_eq!(crew.look(s(3)), Look::default(), "no task waits, so nobody is started");
    assert_eq!(crew.call(), Rested(thread), "all is as before");
    start(&mut crew, 7);
    assert_eq!(crew.threads(), 8, "what was refused once does not count towards the limit");
}

fn a_look_asks_again_and_nobody_else_does() {
    let system = System::default();
    system.refuses.set(true);
    let mut crew = system.crew(8);
    let answers: Vec<Answer> = (0..5).map(|_| crew.call()).collect();
    assert_eq!(answers, [Waits; 5]);
    assert_eq!(system.asked.get(), 1, "the system has said no, and five questions would not change that");
    assert_eq!(crew.look(s(1)), Look::default(), "it still refuses");
    assert_eq!(system.asked.get(), 2, "each look asks once if it is refused");

    system.refuses.set(false);
    system.room.set(Some(3));
    assert_eq!(crew.call(), Waits, "whether it would still refuse is found out at the next look");
    let started = crew.look(s(2)).started;
    assert_eq!(started.len(), 3, "six tasks wait, and there was room for three threads");
    assert_eq!((system.asked.get(), crew.threads()), (6, 3), "three that were started, and one refusal");

    system.room.set(None);
    assert_eq!(crew.look(s(3)).started.len(), 3, "the other three");
    for thread in started {
        assert_eq!(crew.done(thread, s(4)), Next::Rest, "each of the six has had its thread");
    }
    assert_eq!(crew.threads(), 6);
}
