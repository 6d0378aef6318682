//! What a `rendezvous` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! There is no executor and no pool: each case polls by hand, and decides itself when a closure begins and where.

use super::answer::{Call, Running, Seen, rendezvous};
use exercises::Case;
use std::{
    future::{Future, poll_fn},
    panic::resume_unwind,
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Poll, Waker},
    thread::{self, JoinHandle},
    time::Duration,
};

const HANG: &str = "two closures have met, and one of them does not know it and waits on";

pub const CASES: &[Case] = &[
    Case {
        name: "the_first_poll_begins_both",
        promise: "it is a join: its first poll polls both branches",
        hang: HANG,
        supported: true,
        run: the_first_poll_begins_both,
    },
    Case {
        name: "the_first_waits_for_the_second",
        promise: "on threads the closures meet, however late the second is; until then the first sleeps",
        hang: HANG,
        supported: true,
        run: the_first_waits_for_the_second,
    },
    Case {
        name: "the_second_waits_for_the_first",
        promise: "a pool may begin the second closure before the first",
        hang: HANG,
        supported: true,
        run: the_second_waits_for_the_first,
    },
    Case {
        name: "closures_in_place_take_turns",
        promise: "a closure that runs inside the poll does not wait for one that cannot begin",
        hang: HANG,
        supported: true,
        run: closures_in_place_take_turns,
    },
    Case {
        name: "the_join_waits_for_both_branches",
        promise: "the join is ready when both branches are, and polls neither again once it is ready",
        hang: HANG,
        supported: true,
        run: the_join_waits_for_both_branches,
    },
    Case {
        name: "the_task_may_change_threads",
        promise: "a closure that begins in a later poll, on another thread, is in place all the same",
        hang: HANG,
        supported: true,
        run: the_task_may_change_threads,
    },
    Case {
        name: "a_thread_that_has_polled_may_run_a_closure",
        promise: "a closure is in place during the poll only: afterwards that thread is one like any other",
        hang: HANG,
        supported: true,
        run: a_thread_that_has_polled_may_run_a_closure,
    },
];

fn the_first_poll_begins_both() {
    let pool = Pool::default();
    let (seen, _join) = poll(pool.join());
    assert_eq!(seen, Poll::Pending, "no closure has begun yet");
    let given = pool.calls.lock().expect("no holder panics").len();
    assert_eq!(given, 2, "this many closures were to run after the first poll");
}

fn the_first_waits_for_the_second() {
    meet_in_this_order([0, 1]);
}

fn the_second_waits_for_the_first() {
    meet_in_this_order([1, 0]);
}

/// The second of these begins when the first one sleeps, or has not waited.
fn meet_in_this_order(order: [usize; 2]) {
    let pool = Pool::default();
    let (seen, join) = poll(pool.join());
    assert_eq!(seen, Poll::Pending, "no closure has begun yet");
    let [early, late] = order.map(|number| pool.closure(number));
    let early = Watched::start(early);
    early.falls_asleep();
    let late = Watched::start(late);
    early.end();
    late.end();
    pool.log.check_that_they_met();
    pool.tell(0);
    pool.tell(1);
    assert_eq!(poll(join).0, Poll::Ready(Seen::Together), "both have ended");
}

fn closures_in_place_take_turns() {
    let (seen, _) = poll_watched(join_in_place(0));
    assert_eq!(seen, Poll::Ready(Seen::InTurns), "both have run in the first poll");
}

fn the_join_waits_for_both_branches() {
    // Whichever branch is ready first.
    for order in [[0, 1], [1, 0]] {
        let pool = Pool::default();
        let (_, join) = poll(pool.join());
        let closures = order.map(|number| Watched::start(pool.closure(number)));
        for closure in closures {
            closure.end();
        }
        let (seen, join) = poll(join);
        assert_eq!(seen, Poll::Pending, "neither branch has been told yet");
        pool.tell(order[0]);
        let (seen, join) = poll(join);
        assert_eq!(seen, Poll::Pending, "one branch is ready, and the other is not");
        pool.tell(order[1]);
        assert_ne!(poll(join).0, Poll::Pending, "both are ready");
    }
}

fn the_task_may_change_threads() {
    // The first poll is on this thread, and the closures run in the second.
    let (seen, join) = poll(join_in_place(1));
    assert_eq!(seen, Poll::Pending, "no closure has begun yet");
    let (seen, _) = poll_watched(join);
    assert_eq!(seen, Poll::Ready(Seen::InTurns), "both have run in the second poll");
}

fn a_thread_that_has_polled_may_run_a_closure() {
    // The second time, another thread polls in between.
    for is_polled_elsewhere in [false, true] {
        let pool = Pool::default();
        let (give, given) = mpsc::channel();
        let (run, to_run) = mpsc::channel::<Call>();
        let polled = pool.clone();
        let one = Watched::start(move || {
            let (seen, join) = poll(polled.join());
            assert_eq!(seen, Poll::Pending, "no closure has begun yet");
            give.send(join).expect("the case waits for it");
            let closure = to_run.recv().expect("the case sends it");
            closure();
        });
        let Ok(mut join) = given.recv() else { return one.end() };
        if is_polled_elsewhere {
            join = poll(join).1;
        }
        run.send(Box::new(pool.closure(0))).expect("the thread waits for it");
        pool.log.wait_for_a_beginning();
        one.falls_asleep();
        let other = Watched::start(pool.closure(1));
        one.end();
        other.end();
        pool.log.check_that_they_met();
        pool.tell(0);
        pool.tell(1);
        assert_eq!(poll(join).0, Poll::Ready(Seen::Together), "both have ended");
    }
}

type Join = Pin<Box<dyn Future<Output = Seen> + Send>>;

/// Once, here.
fn poll(mut join: Join) -> (Poll<Seen>, Join) {
    (join.as_mut().poll(&mut Context::from_waker(Waker::noop())), join)
}

/// Once, on a thread that must not go to sleep in it.
fn poll_watched(join: Join) -> (Poll<Seen>, Join) {
    let poll = Watched::start(move || poll(join));
    let waits = poll.falls_asleep();
    assert!(!waits, "a closure waits on the thread that polls, and the other one would have to begin there");
    poll.end()
}

/// A join on a way that runs each closure inside a poll, after so many polls that do nothing.
fn join_in_place(idle_polls: usize) -> Join {
    Box::pin(rendezvous(move |call| {
        let (mut call, mut left) = (Some(call), idle_polls);
        Box::pin(poll_fn(move |_| {
            if left > 0 {
                left -= 1;
                return Poll::Pending;
            }
            let call = call.take().expect("a branch that was ready is polled again");
            call();
            Poll::Ready(())
        }))
    }))
}

/// A way to run closures elsewhere, where and when the case says so. Closures are counted as they are given.
#[derive(Clone, Default)]
struct Pool {
    calls: Arc<Mutex<Vec<Given>>>,
    log: Log,
}

struct Given {
    closure: Option<Call>,
    /// Whether the branch may know that the closure has ended.
    is_told: bool,
}

impl Pool {
    fn join(&self) -> Join {
        let pool = self.clone();
        Box::pin(rendezvous(move |call| pool.give(call)))
    }

    fn give(&self, call: Call) -> Running {
        let (calls, mut call, mut number, mut is_over) = (self.calls.clone(), Some(call), 0, false);
        Box::pin(poll_fn(move |_| {
            assert!(!is_over, "a branch that was ready is polled again");
            let mut calls = calls.lock().expect("no holder panics");
            if let Some(call) = call.take() {
                number = calls.len();
                calls.push(Given { closure: Some(call), is_told: false });
            }
            is_over = calls[number].is_told;
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        }))
    }

    /// The closure of that number, which logs its beginning and its end.
    fn closure(&self, number: usize) -> impl FnOnce() + Send + 'static {
        let closure = match self.calls.lock().expect("no holder panics").get_mut(number) {
            Some(given) => given.closure.take(),
            None => None,
        };
        let closure = closure.expect("the branch has been polled, and has given its closure away");
        let log = self.log.clone();
        move || {
            log.0.lock().expect("no holder panics").push("begins");
            closure();
            log.0.lock().expect("no holder panics").push("ends");
        }
    }

    fn tell(&self, number: usize) {
        self.calls.lock().expect("no holder panics")[number].is_told = true;
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn check_that_they_met(&self) {
        let met = ["begins", "begins", "ends", "ends"];
        assert_eq!(*self.0.lock().expect("no holder panics"), met, "the first did not wait for the second");
    }

    fn wait_for_a_beginning(&self) {
        while self.0.lock().expect("no holder panics").is_empty() {
            thread::yield_now();
        }
    }
}

/// A thread, and what the kernel tells about it.
struct Watched<R> {
    handle: JoinHandle<R>,
    thread: ThisThread,
}

impl<R: Send + 'static> Watched<R> {
    fn start(body: impl FnOnce() -> R + Send + 'static) -> Watched<R> {
        let (tell, told) = mpsc::channel();
        let handle = thread::spawn(move || {
            tell.send(ThisThread::new()).expect("who starts it waits for that");
            body()
        });
        let thread = told.recv().expect("the thread tells who it is first");
        Watched { handle, thread }
    }

    /// Waits until the thread sleeps or has ended; whether it sleeps. How long that takes says nothing on a machine
    /// that is busy, so no clock on the wall is asked.
    fn falls_asleep(&self) -> bool {
        // Seen asleep some times in a row: a thread on its way may stop for a moment too, at a lock of the allocator.
        let mut in_a_row = 0;
        while in_a_row < 5 && !self.handle.is_finished() {
            let (is_asleep, time) = self.thread.state_and_time();
            assert!(time < 5, "a thread that should sleep was never seen asleep: it looks again and again");
            in_a_row = if is_asleep { in_a_row + 1 } else { 0 };
            thread::sleep(Duration::from_millis(1));
        }
        !self.handle.is_finished()
    }

    fn end(self) -> R {
        // A panic over there is this case's own.
        self.handle.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

#[cfg(target_os = "linux")]
struct ThisThread(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl ThisThread {
    fn new() -> ThisThread {
        let thread = std::fs::read_link("/proc/thread-self").expect("Linux has a folder for each thread");
        ThisThread(std::path::Path::new("/proc").join(thread).join("stat"))
    }

    /// Whether the thread sleeps, and its CPU time in hundredths of a second.
    fn state_and_time(&self) -> (bool, u64) {
        // No such file: the thread has ended since.
        let Ok(text) = std::fs::read_to_string(&self.0) else { return (false, 0) };
        // The fields are counted from behind the name, which may hold anything: the state, and from the twelfth on
        // the time spent in the program and in the kernel.
        let (_, fields) = text.rsplit_once(") ").expect("the name is in parentheses");
        let fields: Vec<&str> = fields.split(' ').collect();
        let time = |at: usize| fields[at].parse::<u64>().expect("a time is a number");
        (fields[0] == "S", time(11) + time(12))
    }
}

/// Elsewhere nothing is known about another thread, and a pause makes it likely that it sleeps.
#[cfg(not(target_os = "linux"))]
struct ThisThread;

#[cfg(not(target_os = "linux"))]
impl ThisThread {
    fn new() -> ThisThread {
        ThisThread
    }

    fn state_and_time(&self) -> (bool, u64) {
        thread::sleep(Duration::from_millis(10));
        (true, 0)
    }
}
