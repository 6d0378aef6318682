//! What a `Pool` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{Job, Pool};
use exercises::Case;
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Barrier, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

pub const CASES: &[Case] = &[
    Case {
        name: "a_result_arrives_before_or_after_it_is_asked_for",
        promise: "a job gives what the closure returned",
        hang: "the closure has returned and nobody calls the waker",
        supported: true,
        run: a_result_arrives_before_or_after_it_is_asked_for,
    },
    Case {
        name: "the_waker_of_the_last_poll_is_called",
        promise: "a job may be polled with another waker each time, and the last one counts",
        hang: "the waker of the first poll was kept, and the task has moved on since",
        supported: true,
        run: the_waker_of_the_last_poll_is_called,
    },
    Case {
        name: "closures_that_meet_each_have_a_thread",
        promise: "no closure waits behind one that runs while threads may be started",
        hang: "two closures wait for each other: one runs, and the other was left to a thread that is taken",
        supported: true,
        run: closures_that_meet_each_have_a_thread,
    },
    Case {
        name: "there_are_never_more_threads_than_allowed",
        promise: "at the limit closures wait, and all of them run in the end",
        hang: "a closure that waited at the limit was forgotten",
        supported: true,
        run: there_are_never_more_threads_than_allowed,
    },
    Case {
        name: "a_panic_reaches_the_awaiter_and_costs_no_thread",
        promise: "a closure that panics gives its panic to the job, and its thread to the next closure",
        hang: "the panic has ended the thread, which still counts, or left the job without a result",
        supported: true,
        run: a_panic_reaches_the_awaiter_and_costs_no_thread,
    },
    Case {
        name: "a_closure_runs_though_its_job_was_dropped",
        promise: "dropping a job detaches its closure",
        hang: "the closure never ran",
        supported: true,
        run: a_closure_runs_though_its_job_was_dropped,
    },
    Case {
        name: "threads_without_work_end",
        promise: "after the keep-alive a thread without work ends, but perhaps for the last",
        hang: "threads without work wait for ever, or end without being counted",
        supported: true,
        run: threads_without_work_end,
    },
    Case {
        name: "a_pool_whose_threads_have_ended_still_works",
        promise: "a closure finds a thread, however long the pool had nothing to do",
        hang: "a thread that has ended is counted as if it were coming for the closure",
        supported: true,
        run: a_pool_whose_threads_have_ended_still_works,
    },
];

/// Far longer than any case.
const LONG: Duration = Duration::from_secs(3600);

/// Sends a note when it is called.
struct Bell(mpsc::Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // A wake after the job is done finds nobody, which is allowed.
        let _ = self.0.send(());
    }
}

fn bell() -> (Waker, mpsc::Receiver<()>) {
    let (sender, rung) = mpsc::channel();
    (Waker::from(Arc::new(Bell(sender))), rung)
}

/// Asks again and again: most cases are not about wakers.
fn wait<T>(job: Job<T>) -> thread::Result<T> {
    let mut job = pin!(job);
    loop {
        if let Poll::Ready(result) = job.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
        thread::yield_now();
    }
}

fn done<T>(job: Job<T>) -> T {
    wait(job).unwrap_or_else(|_| panic!("the closure does not panic"))
}

fn a_result_arrives_before_or_after_it_is_asked_for() {
    let pool = Pool::new(2, LONG);
    let (go, gone) = mpsc::channel();
    let job = pool.spawn(move || {
        gone.recv().expect("it is sent");
        7
    });
    let (waker, rung) = bell();
    let mut job = pin!(job);
    assert!(job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(), "the closure waits");
    go.send(()).expect("the closure waits");
    rung.recv().expect("the waker is here");
    let polled = job.poll(&mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Ready(Ok(7))), "the waker was called, and the result is not there");
    for number in 0..100 {
        assert_eq!(done(pool.spawn(move || number)), number, "a job gives the result of its own closure");
    }
}

fn the_waker_of_the_last_poll_is_called() {
    let pool = Pool::new(2, LONG);
    let (go, gone) = mpsc::channel::<()>();
    let mut job = pin!(pool.spawn(move || gone.recv().is_ok()));
    let (first, _first_rung) = bell();
    let (last, last_rung) = bell();
    for waker in [&first, &last] {
        assert!(job.as_mut().poll(&mut Context::from_waker(waker)).is_pending(), "the closure waits");
    }
    go.send(()).expect("the closure waits");
    last_rung.recv().expect("the waker is here");
}

fn closures_that_meet_each_have_a_thread() {
    for _ in 0..100 {
        let pool = Pool::new(4, LONG);
        // Now one thread has nothing to do, and more than one is needed.
        done(pool.spawn(|| ()));
        thread::yield_now();
        let all = Arc::new(Barrier::new(4));
        let closure = |_| {
            let all = Arc::clone(&all);
            pool.spawn(move || all.wait().is_leader())
        };
        let jobs: Vec<_> = (0..4).map(closure).collect();
        let leaders = jobs.into_iter().map(done).filter(|is_leader| *is_leader).count();
        assert_eq!(leaders, 1, "they met once");
    }
}

/// So many closures that run until the gate opens, and run already.
fn hold(pool: &Pool, count: usize, gate: &Arc<Barrier>) -> Vec<Job<()>> {
    let holder = |_| {
        let (begun, has_begun) = mpsc::channel();
        let gate = Arc::clone(gate);
        let job = pool.spawn(move || {
            begun.send(()).expect("somebody waits");
            gate.wait();
        });
        has_begun.recv().expect("it is sent");
        job
    };
    (0..count).map(holder).collect()
}

fn there_are_never_more_threads_than_allowed() {
    let pool = Pool::new(3, LONG);
    let gate = Arc::new(Barrier::new(4));
    let holders = hold(&pool, 3, &gate);
    let waiting: Vec<_> = (0..9).map(|number| pool.spawn(move || number)).collect();
    assert!(pool.threads() <= 3, "three are allowed, and there are {}", pool.threads());
    gate.wait();
    holders.into_iter().for_each(done);
    let numbers: Vec<usize> = waiting.into_iter().map(done).collect();
    assert_eq!(numbers, Vec::from_iter(0..9), "those that waited have run");
}

fn a_panic_reaches_the_awaiter_and_costs_no_thread() {
    let pool = Pool::new(1, LONG);
    for _ in 0..3 {
        let panic = wait(pool.spawn(|| panic!("as planned"))).expect_err("the closure panics");
        assert_eq!(panic.downcast_ref(), Some(&"as planned"), "the payload is that of the panic");
    }
    assert_eq!(done(pool.spawn(|| 7)), 7, "the only thread goes on");
}

fn a_closure_runs_though_its_job_was_dropped() {
    let pool = Pool::new(1, LONG);
    let (go, gone) = mpsc::channel();
    let holder = pool.spawn(move || gone.recv().expect("it is sent"));
    let (tell, told) = mpsc::channel();
    {
        let _dropped = pool.spawn(move || tell.send(7));
    }
    go.send(()).expect("the first closure waits");
    done(holder);
    assert_eq!(told.recv(), Ok(7), "the closure was dropped with its job");
}

fn threads_without_work_end() {
    let pool = Pool::new(4, Duration::ZERO);
    let gate = Arc::new(Barrier::new(5));
    let holders = hold(&pool, 4, &gate);
    assert_eq!(pool.threads(), 4, "four closures run");
    gate.wait();
    holders.into_iter().for_each(done);
    while pool.threads() > 1 {
        thread::sleep(Duration::from_millis(1));
    }
}

fn a_pool_whose_threads_have_ended_still_works() {
    let pool = Pool::new(1, Duration::ZERO);
    for number in 0..20 {
        assert_eq!(done(pool.spawn(move || number)), number, "the pool works");
        // Time to end. If that takes longer, this case finds less.
        thread::sleep(Duration::from_millis(2));
    }
}
