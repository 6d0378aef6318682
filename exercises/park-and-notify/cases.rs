//! What an `Idle` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! What another thread may do at some moment is done at that very moment by the search or by the park that the case
//! hands in. A worker that would sleep for ever says so.

use super::answer::{Idle, Park};
use exercises::Case;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

const LOCKED: &str = "a search or a park happens under the lock, and a push waits for it";
const ASLEEP: &str =
    "somebody was to be woken and was not, or something waits for a lock that a sleeper holds";

pub const CASES: &[Case] = &[
    Case {
        name: "a_task_queued_at_any_moment_is_found",
        promise: "no worker sleeps while a task waits that was notified of",
        hang: LOCKED,
        supported: true,
        run: a_task_queued_at_any_moment_is_found,
    },
    Case {
        name: "a_worker_without_work_sleeps",
        promise: "a worker that finds nothing sleeps, and does not ask again and again",
        hang: LOCKED,
        supported: true,
        run: a_worker_without_work_sleeps,
    },
    Case {
        name: "each_notification_wakes_one_worker_and_another_one",
        promise: "a notification wakes one sleeping worker, and no two of them the same",
        hang: ASLEEP,
        supported: true,
        run: each_notification_wakes_one_worker_and_another_one,
    },
    Case {
        name: "a_park_that_returns_for_no_reason_changes_nothing",
        promise: "a worker that woke for no reason sleeps on, and is one sleeper as before",
        hang: ASLEEP,
        supported: true,
        run: a_park_that_returns_for_no_reason_changes_nothing,
    },
    Case {
        name: "a_notification_that_meets_a_busy_worker_goes_on_to_a_sleeping_one",
        promise: "a worker that was chosen, and has found something else by itself, wakes another one",
        hang: ASLEEP,
        supported: true,
        run: a_notification_that_meets_a_busy_worker_goes_on_to_a_sleeping_one,
    },
    Case {
        name: "a_close_at_any_moment_sends_everybody_home",
        promise: "no worker sleeps through the close",
        hang: ASLEEP,
        supported: true,
        run: a_close_at_any_moment_sends_everybody_home,
    },
    Case {
        name: "what_was_queued_before_the_close_is_handed_out",
        promise: "a worker goes home when it finds nothing more",
        hang: ASLEEP,
        supported: true,
        run: what_was_queued_before_the_close_is_handed_out,
    },
    Case {
        name: "the_close_waits_for_the_last_worker",
        promise: "when the close returns, every worker has been sent home",
        hang: "all workers have gone, and nobody told the one who closes",
        supported: true,
        run: the_close_waits_for_the_last_worker,
    },
];

/// One worker, and one task that is queued when it has looked so many times, at the latest when it sleeps.
fn find_one(moment: usize, restless: usize) {
    let (idle, queue) = (Arc::new(Idle::new(1)), Arc::new(Queue::default()));
    let push = {
        let (idle, queue) = (Arc::clone(&idle), Arc::clone(&queue));
        move || {
            queue.push(7);
            idle.notify();
        }
    };
    let me = Bed::alone(restless, push);
    let mut looks = 0;
    let found = idle.next(&me, || {
        looks += 1;
        let parks = me.parks.load(SeqCst);
        assert!(looks < 10 + 3 * parks, "{looks} looks at the queues, and it has slept {parks} times");
        let found = queue.pop();
        if looks == moment {
            me.happen();
        }
        found
    });
    assert_eq!(found, Some(7), "one task was queued");
}

fn a_task_queued_at_any_moment_is_found() {
    // Once after each look, and once in the park.
    for moment in 1..=4 {
        find_one(moment, 0);
    }
}

fn a_worker_without_work_sleeps() {
    find_one(usize::MAX, 50);
}

/// A queue that all workers share.
#[derive(Default)]
struct Queue(Mutex<VecDeque<u32>>);

impl Queue {
    fn push(&self, task: u32) {
        self.0.lock().expect("no holder panics").push_back(task);
    }

    fn pop(&self) -> Option<u32> {
        self.0.lock().expect("no holder panics").pop_front()
    }
}

/// Where a thread sleeps, which tells when it does.
struct Bed {
    state: Mutex<Sleep>,
    changed: Condvar,
    parks: AtomicUsize,
    unparks: AtomicUsize,
    events: mpsc::Sender<Did>,
    /// The worker has the case's thread to itself, so nobody would ever wake it.
    is_alone: bool,
    /// So many parks return for no reason before anything happens.
    restless: usize,
    /// What somebody else does at some moment, at the latest when this worker sleeps.
    event: Mutex<Option<Event>>,
}

type Event = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Sleep {
    token: bool,
    /// The kernel is slow: whoever is unparked runs once this is given up.
    is_held: bool,
}

#[derive(Debug, PartialEq)]
enum Did {
    Sleep,
    Return,
}

impl Bed {
    fn new() -> (Bed, mpsc::Receiver<Did>) {
        let (events, receiver) = mpsc::channel();
        let bed = Bed {
            state: Mutex::default(),
            changed: Condvar::new(),
            parks: AtomicUsize::new(0),
            unparks: AtomicUsize::new(0),
            events,
            is_alone: false,
            restless: 0,
            event: Mutex::new(None),
        };
        (bed, receiver)
    }

    fn alone(restless: usize, event: impl FnOnce() + Send + 'static) -> Arc<Bed> {
        let event = Mutex::new(Some(Box::new(event) as Event));
        Arc::new(Bed { is_alone: true, restless, event, ..Bed::new().0 })
    }

    fn happen(&self) {
        let event = self.event.lock().expect("no holder panics").take();
        event.into_iter().for_each(|event| event());
    }

    fn change(&self, change: impl FnOnce(&mut Sleep)) {
        change(&mut self.state.lock().expect("no holder panics"));
        self.changed.notify_all();
    }

    fn return_for_no_reason(&self) {
        self.change(|sleep| sleep.token = true);
    }

    fn hold(&self, is_held: bool) {
        self.change(|sleep| sleep.is_held = is_held);
    }

    fn unparks(&self) -> usize {
        self.unparks.load(SeqCst)
    }
}

impl Park for Bed {
    fn park(&self) {
        if self.parks.fetch_add(1, SeqCst) < self.restless {
            return;
        }
        self.happen();
        let mut state = self.state.lock().expect("no holder panics");
        if !state.token {
            assert!(!self.is_alone, "a worker sleeps that somebody should have woken");
            // The case may have ended.
            let _ = self.events.send(Did::Sleep);
        }
        while !state.token || state.is_held {
            state = self.changed.wait(state).expect("no holder panics");
        }
        state.token = false;
    }

    fn unpark(&self) {
        self.unparks.fetch_add(1, SeqCst);
        self.change(|sleep| sleep.token = true);
    }
}

/// A thread that does one thing, and tells on its bed's channel when it sleeps and when it is done.
struct Sleeper<T> {
    bed: Arc<Bed>,
    events: mpsc::Receiver<Did>,
    thread: thread::JoinHandle<T>,
}

impl<T: Send + 'static> Sleeper<T> {
    fn new(run: impl FnOnce(&Arc<Bed>) -> T + Send + 'static) -> Self {
        let (bed, events) = Bed::new();
        let bed = Arc::new(bed);
        let of_thread = Arc::clone(&bed);
        let thread = thread::spawn(move || {
            let result = run(&of_thread);
            let _ = of_thread.events.send(Did::Return);
            result
        });
        Sleeper { bed, events, thread }
    }

    /// Waits until it does the next thing.
    fn did(&self) -> Did {
        self.events.recv().expect("its bed holds the other end")
    }

    fn falls_asleep(&self) {
        assert_eq!(self.did(), Did::Sleep, "nothing is queued, and it should sleep");
    }

    fn join(self) -> T {
        self.thread.join().unwrap_or_else(|_| panic!("a thread of this case has panicked"))
    }
}

/// A worker that takes one task, and is asleep now.
fn worker(idle: &Arc<Idle<Bed>>, queue: &Arc<Queue>) -> Sleeper<Option<u32>> {
    let (idle, queue) = (Arc::clone(idle), Arc::clone(queue));
    let worker = Sleeper::new(move |me| {
        let mut looks = 0;
        idle.next(me, || {
            looks += 1;
            if looks > 100 {
                // The case waits until this worker sleeps, and may as well hear now that it never will.
                let _ = me.events.send(Did::Return);
            }
            queue.pop()
        })
    });
    worker.falls_asleep();
    worker
}

fn each_notification_wakes_one_worker_and_another_one() {
    let (idle, queue) = (Arc::new(Idle::new(3)), Arc::new(Queue::default()));
    let workers = [(); 3].map(|()| worker(&idle, &queue));
    let unparks = || workers.each_ref().map(|worker| worker.bed.unparks());
    workers.iter().for_each(|worker| worker.bed.hold(true));
    for task in 1..=3 {
        queue.push(task);
        idle.notify();
        let counts = unparks();
        let is_right = counts.iter().sum::<usize>() == task as usize && counts.iter().all(|count| *count < 2);
        assert!(
            is_right,
            "three workers slept, {task} tasks were queued, and they were unparked {counts:?} times"
        );
    }
    workers.iter().for_each(|worker| worker.bed.hold(false));
    let mut tasks = workers.map(Sleeper::join);
    tasks.sort();
    assert_eq!(tasks, [Some(1), Some(2), Some(3)], "each of three workers takes one of three tasks");
}

fn a_park_that_returns_for_no_reason_changes_nothing() {
    let (idle, queue) = (Arc::new(Idle::new(2)), Arc::new(Queue::default()));
    let workers = [(); 2].map(|()| {
        let worker = worker(&idle, &queue);
        worker.bed.return_for_no_reason();
        worker.falls_asleep();
        worker.bed.hold(true);
        worker
    });
    for task in 1..=2 {
        queue.push(task);
        idle.notify();
    }
    let unparks = workers.each_ref().map(|worker| worker.bed.unparks());
    assert_eq!(unparks, [1, 1], "two workers slept, two tasks were queued");
    workers.iter().for_each(|worker| worker.bed.hold(false));
    for worker in workers {
        assert!(worker.join().is_some(), "two tasks were queued for two workers");
    }
}

fn a_notification_that_meets_a_busy_worker_goes_on_to_a_sleeping_one() {
    let (idle, queue) = (Arc::new(Idle::new(3)), Arc::new(Queue::default()));
    let sleepers = [(); 2].map(|()| worker(&idle, &queue));
    let unparks = || sleepers.iter().map(|worker| worker.bed.unparks()).sum::<usize>();
    sleepers.iter().for_each(|worker| worker.bed.hold(true));
    let me = Bed::alone(0, || ());
    let mut notified = 0;
    let found = idle.next(&me, || {
        let before = unparks();
        queue.push(8);
        idle.notify();
        notified += 1;
        let has_chosen_me = unparks() == before;
        // Found in another queue: nobody was notified of this one.
        if has_chosen_me || notified == 2 { Some(7) } else { None }
    });
    assert_eq!(found, Some(7), "the search has found it");
    let woken = unparks();
    assert!(
        woken >= notified,
        "two workers slept, {notified} tasks were notified of, and {woken} sleepers were woken"
    );
    sleepers.iter().for_each(|worker| worker.bed.hold(false));
}

/// Closes on a thread of its own. Returns when the close waits, or has returned.
fn close(idle: &Arc<Idle<Bed>>) -> (Sleeper<()>, Did) {
    let idle = Arc::clone(idle);
    let closer = Sleeper::new(move |me| idle.close(me));
    let did = closer.did();
    (closer, did)
}

fn a_close_at_any_moment_sends_everybody_home() {
    // Once after each look, and once in the park.
    for moment in 1..=3 {
        let (idle, queue) = (Arc::new(Idle::new(2)), Arc::new(Queue::default()));
        let other = worker(&idle, &queue);
        let (send_closer, closer) = mpsc::channel();
        let begin = {
            let idle = Arc::clone(&idle);
            move || send_closer.send(close(&idle).0).expect("the case waits for it")
        };
        let me = Bed::alone(0, begin);
        let mut looks = 0;
        let found = idle.next(&me, || {
            looks += 1;
            assert!(looks < 100, "the scheduler has closed, and this worker goes on looking");
            if looks == moment {
                me.happen();
            }
            queue.pop()
        });
        assert_eq!(found, None, "nothing was queued");
        assert_eq!(other.join(), None, "nothing was queued");
        closer.recv().expect("it was begun").join();
    }
}

fn what_was_queued_before_the_close_is_handed_out() {
    let (idle, queue) = (Arc::new(Idle::new(1)), Queue::default());
    (1..=3).for_each(|task| queue.push(task));
    let (closer, _) = close(&idle);
    let me = Bed::alone(0, || ());
    let found: Vec<_> = (0..4).map_while(|_| idle.next(&me, || queue.pop())).collect();
    assert_eq!(found, [1, 2, 3], "three tasks were queued before the close");
    closer.join();
}

fn the_close_waits_for_the_last_worker() {
    let idle = Arc::new(Idle::new(2));
    let (closer, did) = close(&idle);
    assert_eq!(did, Did::Sleep, "no worker has been sent home, and the close has returned");
    let go_home = || idle.next(&Bed::alone(0, || ()), || None::<u32>);
    assert_eq!(go_home(), None, "the scheduler closes");
    closer.bed.return_for_no_reason();
    assert_eq!(closer.did(), Did::Sleep, "one of two workers has been sent home, and the close has returned");
    assert_eq!(go_home(), None, "the scheduler closes");
    closer.join();
}
