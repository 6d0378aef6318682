//! From stage 2 on: how a stage ends.

use std::cell::RefCell;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::oneshot;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::yield_now;

use crate::start;

/// Calls a closure when dropped.
struct OnDrop(Box<dyn FnMut() + Send>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

pub(crate) fn a_drop_cancels_the_tasks_that_wait(stage: Stage) {
    let front = start(stage, 2);
    let owned = Arc::new(());
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let held = Arc::clone(&owned);
            front.spawn(async move {
                pending::<()>().await;
                drop(held);
            })
        })
        .collect();
    drop(front);
    assert_eq!(Arc::strong_count(&owned), 1, "the futures are dropped before the drop returns");
    for task in tasks {
        assert!(join_elsewhere(task.join()).expect_err("it is pending").is_cancelled());
    }
}

/// Waits where no stage is needed.
fn join_elsewhere<F: Future>(future: F) -> F::Output {
    start(Stage::S1BlockOn, 1).block_on(future)
}

pub(crate) fn a_drop_waits_for_a_poll_that_runs(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_over);
    front
        .spawn(async move {
            begun.send(()).expect("somebody waits");
            ends.recv().expect("it is sent");
            flag.store(true, Ordering::SeqCst);
        })
        .detach();
    has_begun.recv().expect("it is sent");
    let ender = std::thread::spawn(move || end.send(()));
    drop(front);
    assert!(is_over.load(Ordering::SeqCst), "the drop waits until the poll is over");
    ender.join().expect("it does not panic").expect("the task waited");
}

pub(crate) fn a_drop_ends_the_threads(stage: Stage) {
    thread_local! {
        static AT_THE_END: RefCell<Option<OnDrop>> = const { RefCell::new(None) };
    }
    let front = start(stage, 1);
    let (tell, told) = mpsc::channel();
    front.block_on(front.spawn(async move {
        let tell = move || tell.send(()).expect("somebody listens");
        AT_THE_END.set(Some(OnDrop(Box::new(tell))));
    }));
    drop(front);
    assert_eq!(told.try_recv(), Ok(()), "the thread that polled the task is gone, with its locals");
}

pub(crate) fn a_drop_inside_an_own_task_does_not_wait(stage: Stage) {
    let front = start(stage, 2);
    let waiting = front.spawn(pending::<()>());
    let owner = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&owner);
    let (begin, begins) = oneshot::channel();
    let (tell, told) = mpsc::channel();
    front
        .spawn(async move {
            begins.await.expect("it is sent");
            let front: Option<Front> = taken.lock().expect("nobody panics").take();
            drop(front.expect("it was put there"));
            tell.send(()).expect("somebody waits");
        })
        .detach();
    *owner.lock().expect("nobody panics") = Some(front);
    begin.send(()).expect("the task waits");
    assert_eq!(told.recv(), Ok(()));
    assert!(join_elsewhere(waiting.join()).expect_err("it is pending").is_cancelled());
}

pub(crate) fn a_task_spawned_after_the_drop_is_cancelled(stage: Stage) {
    let front = start(stage, 1);
    let late = front.clone();
    // It has a clone, but it is the owner that counts.
    late.spawn(async {}).detach();
    drop(front);
    let task = late.spawn(async {});
    assert!(join_elsewhere(task.join()).expect_err("nobody polls it").is_cancelled());
}

pub(crate) fn a_task_that_yields_for_ever_is_cancelled(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = mpsc::channel();
    let task = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        loop {
            yield_now().await;
        }
    });
    has_begun.recv().expect("it is sent");
    drop(front);
    assert!(join_elsewhere(task.join()).expect_err("it never returns").is_cancelled());
}

pub(crate) fn a_destructor_may_spawn_during_the_drop(stage: Stage) {
    let front = start(stage, 2);
    let (give, given) = mpsc::channel();
    let spawning = front.clone();
    let spawn = move || give.send(spawning.spawn(async {})).expect("somebody listens");
    let on_drop = OnDrop(Box::new(spawn));
    let (begun, has_begun) = oneshot::channel();
    front
        .spawn(async move {
            begun.send(()).expect("somebody waits");
            pending::<()>().await;
            drop(on_drop);
        })
        .detach();
    front.block_on(has_begun).expect("it is sent");
    drop(front);
    let task = given.try_recv().expect("the future is dropped before the drop of the stage returns");
    assert!(join_elsewhere(task.join()).expect_err("nobody polls it").is_cancelled());
}

pub(crate) fn a_shutdown_with_a_limit_names_the_stuck_task(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let line = line!() + 1;
    let task = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        ends.recv()
    });
    has_begun.recv().expect("it is sent");
    let stuck = front.shutdown_timeout(Duration::from_millis(1)).expect_err("the task blocks its worker");
    let lines: Vec<_> = stuck.spawned_at().iter().map(|location| location.line()).collect();
    assert_eq!(lines, [line], "{stuck}");
    end.send(()).expect("the task waits");
    assert_eq!(join_elsewhere(task), Ok(()), "what was running when the time was up runs to its end");
}

pub(crate) fn a_clone_in_a_task_does_not_keep_the_stage_running(stage: Stage) {
    let front = start(stage, 1);
    let held = front.clone();
    let task = front.spawn(async move {
        pending::<()>().await;
        drop(held);
    });
    drop(front);
    assert!(join_elsewhere(task.join()).expect_err("it is pending").is_cancelled());
}
