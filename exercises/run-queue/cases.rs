//! What a `Queue` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::Queue;
use exercises::Case;
use std::{
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

pub const CASES: &[Case] = &[
    Case {
        name: "tasks_run_in_the_order_in_which_they_were_woken",
        promise: "the task that has waited longest is polled next",
        hang: "a wake wants a lock that this thread has, or a task is polled without end",
        supported: true,
        run: tasks_run_in_the_order_in_which_they_were_woken,
    },
    Case {
        name: "a_task_that_wakes_itself_lets_the_others_go_first",
        promise: "a task that was woken in its poll has its next one after those that wait",
        hang: "`run_one` polls the same task until it sleeps, and it does not",
        supported: true,
        run: a_task_that_wakes_itself_lets_the_others_go_first,
    },
    Case {
        name: "a_wake_during_a_poll_is_not_lost",
        promise: "a task that is woken while it is polled is polled again",
        hang: "a lock is held during the poll, and the waker wants the same lock",
        supported: true,
        run: a_wake_during_a_poll_is_not_lost,
    },
    Case {
        name: "a_task_is_in_the_queue_at_most_once",
        promise: "a thousand wakes are answered by one poll",
        hang: "a wake wants a lock that this thread has",
        supported: true,
        run: a_task_is_in_the_queue_at_most_once,
    },
    Case {
        name: "a_task_is_not_in_the_queue_while_it_is_polled",
        promise: "whoever takes a task out of the queue is the only one who polls it",
        hang: "a second thread has taken the task that this one polls, and waits until it may poll it, too",
        supported: true,
        run: a_task_is_not_in_the_queue_while_it_is_polled,
    },
    Case {
        name: "a_task_that_sleeps_is_not_in_the_queue",
        promise: "a task that said Pending is polled after a wake, and not before",
        hang: "a task that sleeps is polled without end",
        supported: true,
        run: a_task_that_sleeps_is_not_in_the_queue,
    },
    Case {
        name: "a_wake_of_a_task_that_is_done_changes_nothing",
        promise: "a waker may be called for as long as somebody has it; what is done stays done",
        hang: "a wake of a task that is done waits for it",
        supported: true,
        run: a_wake_of_a_task_that_is_done_changes_nothing,
    },
    Case {
        name: "a_task_that_is_done_has_dropped_its_future",
        promise: "what a future holds is given up when it is done, and not with the last waker",
        hang: "the future is dropped under a lock that it wants",
        supported: true,
        run: a_task_that_is_done_has_dropped_its_future,
    },
    Case {
        name: "a_task_that_nobody_can_wake_is_dropped",
        promise: "when the last waker of a task that sleeps is dropped, so is its future",
        hang: "the future is dropped under a lock that it wants",
        supported: true,
        run: a_task_that_nobody_can_wake_is_dropped,
    },
];

/// What a case knows of its tasks: who was polled, in order, and a waker of each.
#[derive(Clone, Default)]
struct Notes(Arc<(Mutex<String>, Mutex<Vec<Waker>>)>);

impl Notes {
    fn polled(&self, name: char) {
        self.0.0.lock().expect("no holder panics").push(name);
    }

    fn keep_waker(&self, cx: &Context<'_>) {
        self.0.1.lock().expect("no holder panics").push(cx.waker().clone());
    }

    fn polls(&self) -> String {
        self.0.0.lock().expect("no holder panics").clone()
    }

    fn waker(&self, number: usize) -> Waker {
        self.0.1.lock().expect("no holder panics")[number].clone()
    }
}

/// Runs what there is to run, and gives up if that does not end.
fn run_all(queue: &Queue) {
    for _ in 0..1000 {
        if !queue.run_one() {
            return;
        }
    }
    panic!("a thousand polls, and the queue is still not empty");
}

/// Notes each poll, keeps the waker of the first, and is never ready.
fn sleeper(name: char, notes: &Notes) -> impl Future<Output = ()> + Send + 'static {
    let (notes, mut is_first) = (notes.clone(), true);
    poll_fn(move |cx| {
        notes.polled(name);
        if std::mem::take(&mut is_first) {
            notes.keep_waker(cx);
        }
        Poll::Pending
    })
}

/// Notes each poll, does `first` in the first one, and is ready in the second.
fn twice<W: FnMut(&mut Context<'_>) + Send + 'static>(
    name: char,
    notes: &Notes,
    mut first: W,
) -> impl Future<Output = ()> + Send + 'static {
    let (notes, mut polls) = (notes.clone(), 0);
    poll_fn(move |cx| {
        notes.polled(name);
        polls += 1;
        if polls == 1 {
            first(cx);
        }
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn tasks_run_in_the_order_in_which_they_were_woken() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    assert!(!queue.run_one(), "there is nothing to run yet");
    for name in ['a', 'b', 'c'] {
        queue.spawn(sleeper(name, &notes));
    }
    assert_eq!(queue.waiting(), 3, "tasks that wait after three were spawned");
    (0..3).for_each(|_| assert!(queue.run_one(), "a task waits"));
    assert_eq!(notes.polls(), "abc", "tasks in the order in which they were spawned");
    for number in [1, 2, 0] {
        notes.waker(number).wake();
    }
    (0..3).for_each(|_| assert!(queue.run_one(), "a task waits"));
    assert_eq!(notes.polls(), "abcbca", "and then in the order in which they were woken");
}

fn a_task_that_wakes_itself_lets_the_others_go_first() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    queue.spawn(twice('a', &notes, |cx| cx.waker().wake_by_ref()));
    queue.spawn(sleeper('b', &notes));
    run_all(&queue);
    assert_eq!(
        notes.polls(),
        "aba",
        "polls of `a`, which wakes itself once, and of `b`, which waits meanwhile"
    );
}

fn a_wake_during_a_poll_is_not_lost() {
    // By this thread, and by another one that has ended before the poll has.
    let (queue, notes) = (Queue::empty(), Notes::default());
    queue.spawn(twice('a', &notes, |cx| cx.waker().wake_by_ref()));
    queue.spawn(twice('b', &notes, |cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    }));
    run_all(&queue);
    for name in ['a', 'b'] {
        let polls = notes.polls().chars().filter(|polled| *polled == name).count();
        assert_eq!(polls, 2, "polls of `{name}`, which was woken in its first one");
    }
}

fn a_task_is_in_the_queue_at_most_once() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    queue.spawn(sleeper('a', &notes));
    assert!(queue.run_one(), "it was spawned");
    (0..1000).for_each(|_| notes.waker(0).wake());
    assert_eq!(queue.waiting(), 1, "places in the queue of one task that was woken often while it slept");

    let (queue, notes) = (Queue::empty(), Notes::default());
    let kept = notes.clone();
    queue.spawn(twice('a', &notes, move |cx| {
        kept.keep_waker(cx);
        (0..1000).for_each(|_| cx.waker().wake_by_ref());
    }));
    assert!(queue.run_one(), "it was spawned");
    notes.waker(0).wake();
    assert_eq!(
        queue.waiting(),
        1,
        "places in the queue of one task that was woken often in its poll, and after it"
    );
}

fn a_task_is_not_in_the_queue_while_it_is_polled() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let (other, in_poll) = (queue.clone(), Arc::clone(&seen));
    queue.spawn(twice('a', &notes, move |cx| {
        cx.waker().wake_by_ref();
        // Any other thread could take it now. None does, so that a wrong answer is seen and not waited for.
        in_poll.store(other.waiting(), SeqCst);
    }));
    assert!(queue.run_one(), "it was spawned");
    assert_eq!(
        seen.load(SeqCst),
        0,
        "places in the queue of a task that is being polled, and that was woken"
    );
}

fn a_task_that_sleeps_is_not_in_the_queue() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    queue.spawn(sleeper('a', &notes));
    assert!(queue.run_one(), "it was spawned");
    assert_eq!(queue.waiting(), 0, "tasks that wait to be polled, though nobody has called a waker");
    assert!(!queue.run_one(), "nobody has called a waker");
    notes.waker(0).wake();
    assert!(queue.run_one(), "it was woken");
    assert_eq!(notes.polls(), "aa", "one poll for the spawn, and one for the wake");
    assert!(!queue.run_one(), "the wake has had its poll");
}

fn a_wake_of_a_task_that_is_done_changes_nothing() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    let kept = notes.clone();
    let mut is_done = false;
    queue.spawn(poll_fn(move |cx| {
        assert!(!is_done, "a task that was done was polled again");
        is_done = true;
        kept.keep_waker(cx);
        // In its last poll, too.
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }));
    assert!(queue.run_one(), "it was spawned");
    assert_eq!(
        queue.waiting(),
        0,
        "tasks that wait after the only one is done, and was woken in its last poll"
    );
    notes.waker(0).wake();
    assert_eq!(queue.waiting(), 0, "tasks that wait after a wake of one that is done");
    assert!(!queue.run_one(), "nothing is left to run");
}

/// Says when it is dropped.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

fn a_task_that_is_done_has_dropped_its_future() {
    let (queue, notes) = (Queue::empty(), Notes::default());
    let is_dropped = Arc::new(AtomicBool::new(false));
    let (kept, held) = (notes.clone(), Held(Arc::clone(&is_dropped)));
    // Not an `async` block: that would drop what it holds when its body ends, whoever keeps the block.
    queue.spawn(poll_fn(move |cx| {
        let _ = &held;
        kept.keep_waker(cx);
        Poll::Ready(())
    }));
    assert!(queue.run_one(), "it was spawned");
    assert!(
        is_dropped.load(SeqCst),
        "the task is done; somebody still has its waker, and so it keeps its future"
    );
    notes.waker(0).wake();
}

fn a_task_that_nobody_can_wake_is_dropped() {
    let queue = Queue::empty();
    let is_dropped = Arc::new(AtomicBool::new(false));
    let held = Held(Arc::clone(&is_dropped));
    let (sender, kept) = std::sync::mpsc::channel();
    queue.spawn(poll_fn(move |cx| {
        let _ = &held;
        sender.send(cx.waker().clone()).expect("it is received");
        Poll::Pending
    }));
    assert!(queue.run_one(), "it was spawned");
    let waker = kept.recv().expect("it was sent");
    assert!(!is_dropped.load(SeqCst), "the task can still be woken");
    drop(waker);
    assert!(is_dropped.load(SeqCst), "nobody can wake the task any more, and somebody still keeps it");
}
