//! What a `Reactor` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! There is no kernel here. What it would report at some moment is reported at that very moment, by the operation that
//! is attempted or by the waker that is called.

use super::answer::{Direction, Poller, Reactor, Source};
use exercises::Case;
use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

const LOCKED: &str = "an operation or a waker is called under the lock, and comes back for the same lock";

pub const CASES: &[Case] = &[
    Case {
        name: "a_report_during_the_attempt_is_not_lost",
        promise: "a report that comes after the attempt has begun makes it begin again, or wakes the task",
        hang: LOCKED,
        supported: true,
        run: a_report_during_the_attempt_is_not_lost,
    },
    Case {
        name: "a_report_before_the_attempt_is_no_news",
        promise: "a task that finds nothing waits, whatever was reported earlier",
        hang: LOCKED,
        supported: true,
        run: a_report_before_the_attempt_is_no_news,
    },
    Case {
        name: "a_task_that_waits_is_not_woken_without_a_report",
        promise: "a task that waits costs nothing, and what the operation returned is passed on",
        hang: LOCKED,
        supported: true,
        run: a_task_that_waits_is_not_woken_without_a_report,
    },
    Case {
        name: "reader_and_writer_are_woken_each_by_their_own_reports",
        promise: "a report wakes those that wait in its direction, and nobody else",
        hang: LOCKED,
        supported: true,
        run: reader_and_writer_are_woken_each_by_their_own_reports,
    },
    Case {
        name: "all_that_wait_in_one_direction_are_woken_once",
        promise: "a report wakes all that wait for it, each once however often it was polled",
        hang: LOCKED,
        supported: true,
        run: all_that_wait_in_one_direction_are_woken_once,
    },
    Case {
        name: "a_source_is_reported_until_it_is_dropped",
        promise: "the poller knows of each source until its end, and nobody waits for it afterwards",
        hang: LOCKED,
        supported: true,
        run: a_source_is_reported_until_it_is_dropped,
    },
    Case {
        name: "a_late_report_of_a_dropped_source_wakes_no_stranger",
        promise: "a report under the key of a source that is gone is ignored",
        hang: LOCKED,
        supported: true,
        run: a_late_report_of_a_dropped_source_wakes_no_stranger,
    },
    Case {
        name: "a_waker_may_use_the_reactor",
        promise: "wakers are not called under a lock",
        hang: LOCKED,
        supported: true,
        run: a_waker_may_use_the_reactor,
    },
];

/// Writes down what it is told.
#[derive(Default, Clone)]
struct Listener(Arc<Mutex<Vec<(bool, u64)>>>);

impl Listener {
    fn heard(&self) -> Vec<(bool, u64)> {
        self.0.lock().expect("no holder panics").clone()
    }
}

impl Poller for Listener {
    fn add(&self, key: u64) {
        self.0.lock().expect("no holder panics").push((true, key));
    }

    fn remove(&self, key: u64) {
        self.0.lock().expect("no holder panics").push((false, key));
    }
}

fn reactor() -> (Arc<Reactor<Listener>>, Listener) {
    let listener = Listener::default();
    (Arc::new(Reactor::new(listener.clone())), listener)
}

/// Counts how often it is called.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn bells<const COUNT: usize>() -> ([Arc<Bell>; COUNT], impl Fn() -> [usize; COUNT]) {
    let bells = [(); COUNT].map(|()| Arc::new(Bell::default()));
    let counted = bells.clone();
    (bells, move || counted.each_ref().map(|bell| bell.0.load(SeqCst)))
}

fn nothing() -> io::Result<u32> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// Lets the task of that bell wait.
fn wait(source: &Source<Listener>, direction: Direction, bell: &Arc<Bell>) {
    let mut attempts = 0;
    let waker = Waker::from(Arc::clone(bell));
    let polled = source.poll_io(direction, &mut Context::from_waker(&waker), || {
        attempts += 1;
        assert!(attempts < 100, "nothing was reported meanwhile, and it has tried {attempts} times");
        nothing()
    });
    assert!(polled.is_pending(), "there was nothing to read or to write");
}

fn a_report_during_the_attempt_is_not_lost() {
    for direction in [Direction::Read, Direction::Write] {
        let (reactor, _) = reactor();
        let source = reactor.register();
        let ([bell], rung) = bells();
        let mut attempts = 0;
        let waker = Waker::from(bell);
        let polled = source.poll_io(direction, &mut Context::from_waker(&waker), || {
            attempts += 1;
            if attempts > 1 {
                return Ok(7);
            }
            // It has looked, and nothing was there. Now something comes.
            reactor.report(source.key(), direction);
            nothing()
        });
        let is_woken = polled.is_pending() && rung() == [1];
        let has_tried_again = matches!(polled, Poll::Ready(Ok(7)));
        assert!(
            is_woken || has_tried_again,
            "a report came during the attempt, and the task waits for another"
        );
    }
}

fn a_report_before_the_attempt_is_no_news() {
    let (reactor, _) = reactor();
    let source = reactor.register();
    let ([bell], rung) = bells();
    for _ in 0..3 {
        reactor.report(source.key(), Direction::Read);
    }
    wait(&source, Direction::Read, &bell);
    assert_eq!(rung(), [0], "three reports came before the attempt, and none since");
    reactor.report(source.key(), Direction::Read);
    assert_eq!(rung(), [1], "the task waited, and a report came");
    // And so on: the report that has just woken it is an old one for the next attempt.
    wait(&source, Direction::Read, &bell);
    assert_eq!(rung(), [1], "no report came since it was woken");
}

fn a_task_that_waits_is_not_woken_without_a_report() {
    let (reactor, _) = reactor();
    let source = reactor.register();
    let ([bell], rung) = bells();
    wait(&source, Direction::Read, &bell);
    assert_eq!(rung(), [0], "nothing was reported");
    let waker = Waker::from(Arc::clone(&bell));
    let mut cx = Context::from_waker(&waker);
    let polled = source.poll_io(Direction::Read, &mut cx, || Ok(7));
    assert!(matches!(polled, Poll::Ready(Ok(7))), "the operation returned 7");
    let polled = source.poll_io(Direction::Read, &mut cx, || Err::<u32, _>(io::ErrorKind::BrokenPipe.into()));
    let Poll::Ready(Err(error)) = polled else {
        panic!("the operation failed, and not because it would block")
    };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "the error is that of the operation");
}

fn reader_and_writer_are_woken_each_by_their_own_reports() {
    let (reactor, _) = reactor();
    let (source, other) = (reactor.register(), reactor.register());
    let ([reader, writer, stranger], rung) = bells();
    wait(&source, Direction::Read, &reader);
    wait(&source, Direction::Write, &writer);
    wait(&other, Direction::Read, &stranger);
    reactor.report(source.key(), Direction::Read);
    assert_eq!(rung(), [1, 0, 0], "reader, writer and reader of another source: the first may read");
    reactor.report(source.key(), Direction::Write);
    assert_eq!(rung(), [1, 1, 0], "reader, writer and reader of another source: the second may write");
}

fn all_that_wait_in_one_direction_are_woken_once() {
    let (reactor, _) = reactor();
    let source = reactor.register();
    let ([first, second], rung) = bells();
    for bell in [&first, &second, &first, &second, &first] {
        wait(&source, Direction::Read, bell);
    }
    reactor.report(source.key(), Direction::Read);
    assert_eq!(rung(), [1, 1], "two tasks waited, and were polled more than once");
}

fn a_source_is_reported_until_it_is_dropped() {
    let (reactor, listener) = reactor();
    let source = reactor.register();
    let key = source.key();
    assert_eq!(listener.heard(), [(true, key)], "the poller is told of the source");
    let bell = Arc::default();
    wait(&source, Direction::Read, &bell);
    drop(source);
    assert_eq!(listener.heard(), [(true, key), (false, key)], "the poller is told of the end of the source");
    assert_eq!(Arc::strong_count(&bell), 1, "the source is gone, and somebody keeps the waker of a task");
}

fn a_late_report_of_a_dropped_source_wakes_no_stranger() {
    let (reactor, _) = reactor();
    let gone = reactor.register().key();
    let source = reactor.register();
    let ([bell], rung) = bells();
    wait(&source, Direction::Read, &bell);
    // The kernel had it in its queue when the first source was dropped.
    reactor.report(gone, Direction::Read);
    assert_eq!(rung(), [0], "the report was for a source that is gone, with key {gone}");
    reactor.report(source.key(), Direction::Read);
    assert_eq!(rung(), [1], "this report is for the source that is left");
}

/// Does something with the reactor when it is called.
struct Reenters {
    reactor: Arc<Reactor<Listener>>,
    source: Arc<Source<Listener>>,
}

impl Wake for Reenters {
    fn wake(self: Arc<Self>) {
        self.reactor.report(self.source.key(), Direction::Write);
        wait(&self.source, Direction::Read, &Arc::default());
        drop(self.reactor.register());
    }
}

fn a_waker_may_use_the_reactor() {
    let (reactor, _) = reactor();
    let source = Arc::new(reactor.register());
    let waker = Waker::from(Arc::new(Reenters { reactor: reactor.clone(), source: source.clone() }));
    let polled = source.poll_io(Direction::Read, &mut Context::from_waker(&waker), nothing);
    assert!(polled.is_pending(), "there was nothing to read");
    drop(waker);
    reactor.report(source.key(), Direction::Read);
}
