//! What `yield_now` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::yield_now;
use exercises::Case;
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

pub const CASES: &[Case] = &[
    Case {
        name: "it_is_pending_once",
        promise: "the first poll is pending, and the second one is ready",
        hang: "a poll waits where it should return",
        supported: true,
        run: it_is_pending_once,
    },
    Case {
        name: "its_waker_was_called_when_it_says_pending",
        promise: "a future that says Pending has seen to it that its waker is called",
        hang: "a poll waits where it should return",
        supported: true,
        run: its_waker_was_called_when_it_says_pending,
    },
    Case {
        name: "one_yield_is_one_wake",
        promise: "nothing is woken before the first poll or by the second one",
        hang: "a poll waits where it should return",
        supported: true,
        run: one_yield_is_one_wake,
    },
    Case {
        name: "two_tasks_take_turns",
        promise: "a task that yields has its next turn after the tasks that waited",
        hang: "a poll waits where it should return",
        supported: true,
        run: two_tasks_take_turns,
    },
    Case {
        name: "each_call_keeps_its_own_account",
        promise: "one task's yield changes nothing for that of another",
        hang: "a poll waits where it should return",
        supported: true,
        run: each_call_keeps_its_own_account,
    },
];

/// Counts its calls.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Count {
    fn calls(&self) -> usize {
        self.0.load(SeqCst)
    }
}

fn poll(future: Pin<&mut (impl Future<Output = ()> + ?Sized)>, count: &Arc<Count>) -> Poll<()> {
    future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
}

fn it_is_pending_once() {
    let (mut future, count) = (pin!(yield_now()), Arc::default());
    assert!(poll(future.as_mut(), &count).is_pending(), "the first poll lets others go first");
    assert!(poll(future.as_mut(), &count).is_ready(), "the second poll is the turn that was waited for");
}

fn its_waker_was_called_when_it_says_pending() {
    let (mut future, count) = (pin!(yield_now()), Arc::default());
    if poll(future.as_mut(), &count).is_pending() {
        assert!(count.calls() > 0, "it said Pending, and nobody will call the waker");
    }
}

fn one_yield_is_one_wake() {
    let (first, second) = (Arc::default(), Arc::default());
    let mut future = pin!(yield_now());
    let mut polls = 0;
    while polls < 9 && poll(future.as_mut(), if polls == 0 { &first } else { &second }).is_pending() {
        polls += 1;
    }
    assert!(first.calls() <= 1, "{} wakes by one poll", first.calls());
    assert_eq!(second.calls(), 0, "wakes by polls after the first: each is a turn that nobody asked for");
}

fn two_tasks_take_turns() {
    let (turns, count) = (RefCell::new(String::new()), Arc::default());
    let task = |name| {
        let turns = &turns;
        async move {
            for _ in 0..3 {
                turns.borrow_mut().push(name);
                yield_now().await;
            }
        }
    };
    let mut queue: VecDeque<Pin<Box<dyn Future<Output = ()> + '_>>> =
        VecDeque::from([Box::pin(task('a')) as _, Box::pin(task('b')) as _]);
    for _ in 0..99 {
        let Some(mut task) = queue.pop_front() else { break };
        if poll(task.as_mut(), &count).is_pending() {
            queue.push_back(task);
        }
    }
    assert_eq!(*turns.borrow(), "ababab", "turns of two tasks that yield after each");
}

fn each_call_keeps_its_own_account() {
    let count = Arc::default();
    let (mut one, mut other) = (pin!(yield_now()), pin!(yield_now()));
    let first = poll(one.as_mut(), &count);
    assert_eq!(
        poll(other.as_mut(), &count),
        first,
        "the first poll of a call, while another call is under way"
    );
    if first.is_ready() {
        return;
    }
    let second = poll(one.as_mut(), &count);
    assert_eq!(poll(other.as_mut(), &count), second, "the second poll of a call, after that of another call");
}
