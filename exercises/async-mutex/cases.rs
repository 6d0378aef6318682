//! What a `Mutex` for tasks promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! There is no executor: each case polls by hand, in the order that hurts, and counts wakes.

use super::answer::{Guard, Lock, Mutex};
use exercises::Case;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

const HANG: &str =
    "a poll waits for the lock, and with it the thread, which is the only one that could unlock it";

pub const CASES: &[Case] = &[
    Case {
        name: "a_free_mutex_is_locked_at_once",
        promise: "a mutex that nobody has locked is had at the first poll, and keeps its value from one to the next",
        hang: HANG,
        supported: true,
        run: a_free_mutex_is_locked_at_once,
    },
    Case {
        name: "whoever_waits_returns_from_its_poll_and_is_woken_once",
        promise: "one holder at a time; who comes second is Pending, and hears nothing until the unlock",
        hang: HANG,
        supported: true,
        run: whoever_waits_returns_from_its_poll_and_is_woken_once,
    },
    Case {
        name: "an_unlock_wakes_the_one_that_has_waited_longest",
        promise: "one unlock, one wake: the others could do nothing with it",
        hang: HANG,
        supported: true,
        run: an_unlock_wakes_the_one_that_has_waited_longest,
    },
    Case {
        name: "the_waker_of_the_last_poll_is_woken",
        promise: "a future may move to another task between two polls",
        hang: HANG,
        supported: true,
        run: the_waker_of_the_last_poll_is_woken,
    },
    Case {
        name: "a_waiter_that_is_polled_often_waits_once",
        promise: "polls without a wake, as a join makes them, take no wake away from others",
        hang: HANG,
        supported: true,
        run: a_waiter_that_is_polled_often_waits_once,
    },
    Case {
        name: "a_waiter_that_leaves_is_not_woken",
        promise: "a future that was dropped while it waited does not get the wake of one that still waits",
        hang: HANG,
        supported: true,
        run: a_waiter_that_leaves_is_not_woken,
    },
    Case {
        name: "a_waiter_that_was_woken_and_leaves_passes_it_on",
        promise: "a future that was dropped after its wake does not take the wake with it",
        hang: HANG,
        supported: true,
        run: a_waiter_that_was_woken_and_leaves_passes_it_on,
    },
    Case {
        name: "a_waiter_that_was_overtaken_waits_on",
        promise: "between wake and poll somebody else may lock; never two holders, and nobody is forgotten",
        hang: HANG,
        supported: true,
        run: a_waiter_that_was_overtaken_waits_on,
    },
    Case {
        name: "a_waker_may_lock",
        promise: "wake is called when the std lock inside is not held: it may run the woken task at once",
        hang: "a waker, called under the std lock inside, came back for that lock",
        supported: true,
        run: a_waker_may_lock,
    },
];

fn a_free_mutex_is_locked_at_once() {
    let mutex = Mutex::new(0);
    for round in 0..3 {
        let mut guard = Task::new(&mutex).poll().expect("nobody has locked it");
        assert_eq!(*guard, round, "what the guards before this one have written");
        *guard += 1;
    }
    // What a spawned task holds over an await must be Send. A guard that is not makes this an error of the compiler.
    fn is_send<T: Send>() {}
    is_send::<Guard<'static, u32>>();
    is_send::<Lock<'static, u32>>();
}

fn whoever_waits_returns_from_its_poll_and_is_woken_once() {
    let mutex = Mutex::new(0);
    let mut guard = lock(&mutex);
    let mut waiter = Task::waiting(&mutex);
    *guard = 7;
    assert_eq!(waiter.wakes(), 0, "it is locked still, and a wake would lead to a poll for nothing");
    drop(guard);
    assert_eq!(waiter.wakes(), 1, "the unlock wakes who waits");
    let guard = waiter.poll().expect("it is free");
    assert_eq!(*guard, 7, "what the first holder has written");
    assert!(Task::new(&mutex).poll().is_none(), "there would be two holders");
}

fn an_unlock_wakes_the_one_that_has_waited_longest() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let [mut first, mut second] = [(); 2].map(|()| Task::waiting(&mutex));
    drop(guard);
    assert_eq!([first.wakes(), second.wakes()], [1, 0], "after the first unlock");
    drop(first.poll().expect("it is free"));
    assert_eq!([first.wakes(), second.wakes()], [1, 1], "after the second unlock");
    drop(second.poll().expect("it is free"));
}

fn the_waker_of_the_last_poll_is_woken() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let mut waiter = Task::waiting(&mutex);
    let before = std::mem::take(&mut waiter.wakes);
    assert!(waiter.poll().is_none(), "it is locked still");
    drop(guard);
    assert_eq!([before.count(), waiter.wakes()], [0, 1], "wakes of the first and of the second waker");
}

fn a_waiter_that_is_polled_often_waits_once() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let mut first = Task::waiting(&mutex);
    for _ in 0..3 {
        assert!(first.poll().is_none(), "it is locked still");
    }
    let mut second = Task::waiting(&mutex);
    drop(guard);
    let guard = first.poll().expect("it is free");
    drop(first);
    assert!(second.poll().is_none(), "it is locked again");
    drop(guard);
    assert!(second.wakes() > 0, "it has waited all the time, and was not woken by either unlock");
    assert!(second.poll().is_some(), "it is free");
}

fn a_waiter_that_leaves_is_not_woken() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let [first, mut second] = [(); 2].map(|()| Task::waiting(&mutex));
    drop(first);
    drop(guard);
    assert_eq!(second.wakes(), 1, "the only one that waits was not woken");
    assert!(second.poll().is_some(), "it is free");
}

fn a_waiter_that_was_woken_and_leaves_passes_it_on() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let [first, mut second] = [(); 2].map(|()| Task::waiting(&mutex));
    drop(guard);
    drop(first);
    assert!(second.wakes() > 0, "the mutex is free, one task waits for it, and nobody has told it");
    assert!(second.poll().is_some(), "it is free");
}

fn a_waiter_that_was_overtaken_waits_on() {
    let mutex = Mutex::new(0);
    let guard = lock(&mutex);
    let mut woken = Task::waiting(&mutex);
    drop(guard);
    // Whoever unlocks may keep the mutex for the one that it wakes, or let the first that comes have it.
    let mut other = Task::new(&mutex);
    match other.poll() {
        Some(guard) => {
            assert!(woken.poll().is_none(), "there would be two holders");
            let before = woken.wakes();
            drop(guard);
            assert_eq!(woken.wakes(), before + 1, "it waits again, and was not woken again");
            assert!(woken.poll().is_some(), "it is free");
        }
        None => {
            drop(woken.poll().expect("the mutex was kept for it"));
            assert_eq!(other.wakes(), 1, "it waited, and was not woken");
            assert!(other.poll().is_some(), "it is free");
        }
    }
}

fn a_waker_may_lock() {
    /// A task that is run by its wake.
    struct Eager(Arc<Mutex<u32>>);

    impl Wake for Eager {
        fn wake(self: Arc<Self>) {
            let _ = Task::new(&self.0).poll();
        }
    }

    let mutex = Arc::new(Mutex::new(0));
    let eager = Waker::from(Arc::new(Eager(mutex.clone())));
    // Woken by an unlock, and by a future that passes its wake on.
    for is_passed_on in [false, true] {
        let guard = lock(&mutex);
        let first = is_passed_on.then(|| Task::waiting(&mutex));
        let mut lock = Box::pin(mutex.lock());
        assert!(lock.as_mut().poll(&mut Context::from_waker(&eager)).is_pending(), "it is locked");
        drop(guard);
        drop(first);
    }
}

/// A task that wants the lock, and nothing else.
struct Task<'a> {
    lock: Pin<Box<Lock<'a, u32>>>,
    wakes: Arc<Wakes>,
}

impl<'a> Task<'a> {
    fn new(mutex: &'a Mutex<u32>) -> Task<'a> {
        Task { lock: Box::pin(mutex.lock()), wakes: Arc::default() }
    }

    /// One that has been polled, and has found the mutex locked.
    fn waiting(mutex: &'a Mutex<u32>) -> Task<'a> {
        let mut task = Task::new(mutex);
        assert!(task.poll().is_none(), "there would be two holders");
        task
    }

    fn poll(&mut self) -> Option<Guard<'a, u32>> {
        let waker = Waker::from(self.wakes.clone());
        match self.lock.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(guard) => Some(guard),
            Poll::Pending => None,
        }
    }

    fn wakes(&self) -> usize {
        self.wakes.count()
    }
}

fn lock(mutex: &Mutex<u32>) -> Guard<'_, u32> {
    Task::new(mutex).poll().expect("nobody has locked it")
}

/// Counts the calls of a waker.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}
