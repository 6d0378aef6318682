//! From stage 2 on: tasks.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use futures::StreamExt;
use futures::channel::{mpsc as channel, oneshot};
use reference_runtime::stages::Stage;
use reference_runtime::task::yield_now;

use crate::start;

pub(crate) fn a_task_runs_beside_block_on(stage: Stage) {
    let front = start(stage, 1);
    let spawning = front.clone();
    let echo = front.block_on(async move {
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        spawning.spawn(async move { answer.send(asked.await) }).detach();
        ask.send("who is there?").expect("the task waits");
        answered.await.expect("the task answers")
    });
    assert_eq!(echo, Ok("who is there?"));
}

pub(crate) fn join_gives_the_output(stage: Stage) {
    let front = start(stage, 2);
    let outer = front.clone();
    let sum = front.block_on(front.spawn(async move {
        let tasks: Vec<_> = (1..=100).map(|number| outer.spawn(async move { number })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.join().await.expect("it neither panics nor is cancelled");
        }
        sum
    }));
    assert_eq!(sum, 5050);
}

pub(crate) fn join_gives_the_panic(stage: Stage) {
    let front = start(stage, 1);
    let task = front.spawn(async { panic!("out of luck") });
    let error = front.block_on(task.join()).expect_err("it panics");
    assert!(error.is_panic());
    assert_eq!(error.into_panic().downcast_ref(), Some(&"out of luck"));
}

pub(crate) fn awaiting_a_handle_resumes_the_panic(stage: Stage) {
    let front = start(stage, 1);
    let task = front.spawn(async { panic!("out of luck") });
    let panic = catch_unwind(AssertUnwindSafe(|| front.block_on(task)));
    assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&"out of luck"));
}

pub(crate) fn a_worker_survives_panics(stage: Stage) {
    let front = start(stage, 1);
    for _ in 0..10 {
        front.spawn(async { panic!("out of luck") }).detach();
    }
    assert_eq!(front.block_on(front.spawn(async { 7 })), 7);
}

pub(crate) fn a_detached_task_runs_on(stage: Stage) {
    let front = start(stage, 1);
    let (begin, begins) = oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    drop(front.spawn(async move {
        begins.await.expect("it is sent");
        tell.send("done").expect("somebody waits");
    }));
    begin.send(()).expect("the task waits");
    assert_eq!(told.recv(), Ok("done"));
}

pub(crate) fn an_aborted_task_drops_its_future(stage: Stage) {
    let front = start(stage, 1);
    let owned = Arc::new(());
    let (begun, has_begun) = oneshot::channel();
    let held = Arc::clone(&owned);
    let task = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        pending::<()>().await;
        drop(held);
    });
    front.block_on(has_begun).expect("it is sent");
    task.abort();
    assert!(front.block_on(task.join()).expect_err("it is pending").is_cancelled());
    assert_eq!(Arc::strong_count(&owned), 1, "whoever joins an aborted task finds its future dropped");
}

pub(crate) fn a_yield_goes_to_the_back_of_the_queue(stage: Stage) {
    let front = start(stage, 1);
    let spawning = front.clone();
    let before = front.block_on(front.spawn(async move {
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..20 {
            let ran = Arc::clone(&ran);
            spawning.spawn(async move { ran.fetch_add(1, Ordering::SeqCst) }).detach();
        }
        yield_now().await;
        ran.load(Ordering::SeqCst)
    }));
    assert_eq!(before, 20, "tasks that were ready before the yield run first");
}

pub(crate) fn a_wake_from_another_thread_during_a_poll_is_kept(stage: Stage) {
    let front = start(stage, 1);
    let mut polls = 0;
    front.block_on(front.spawn(poll_fn(move |context| {
        polls += 1;
        if polls == 100 {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        thread::spawn(|| waker.wake()).join().expect("a wake does not panic");
        Poll::Pending
    })));
}

pub(crate) fn two_chatting_tasks_do_not_starve_a_third(stage: Stage) {
    let front = start(stage, 1);
    let (there, mut comes) = channel::unbounded();
    let (back, mut returns) = channel::unbounded();
    let is_heard = Arc::new(AtomicBool::new(false));
    let third = Arc::clone(&is_heard);
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        there.unbounded_send(()).expect("it is open");
        let echo = spawning.spawn(async move {
            while comes.next().await.is_some() {
                let _ = back.unbounded_send(());
            }
        });
        spawning.spawn(async move { third.store(true, Ordering::SeqCst) }).detach();
        while !is_heard.load(Ordering::SeqCst) {
            returns.next().await.expect("the other task answers");
            there.unbounded_send(()).expect("it is open");
        }
        drop(there);
        echo.await;
    }));
}

pub(crate) fn sleeping_workers_are_found_again_and_again(stage: Stage) {
    let front = start(stage, 2);
    for round in 0..2000 {
        assert_eq!(front.block_on(front.spawn(async move { round })), round);
    }
}

pub(crate) fn tasks_from_many_threads_all_finish(stage: Stage) {
    const TASKS: usize = 1000;
    let front = start(stage, 2);
    let finished = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let tasks: Vec<_> = (0..TASKS)
                    .map(|_| {
                        let (finished, spawning) = (Arc::clone(&finished), front.clone());
                        front.spawn(async move {
                            yield_now().await;
                            spawning.spawn(yield_now()).await;
                            finished.fetch_add(1, Ordering::SeqCst);
                        })
                    })
                    .collect();
                for task in tasks {
                    front.block_on(task);
                }
            });
        }
    });
    assert_eq!(finished.load(Ordering::SeqCst), 4 * TASKS);
}
