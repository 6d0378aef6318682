//! From stage 5 on: closures that block, on threads of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};

use futures::channel::oneshot;
use reference_runtime::stages::{Front, Stage};

use crate::start;

pub(crate) fn a_task_runs_beside_a_blocking_closure(stage: Stage) {
    let front = start(stage, 1);
    let spawning = front.clone();
    let told = front.block_on(front.spawn(async move {
        let (tell, told) = mpsc::channel();
        let blocked = spawning.spawn_blocking(move || told.recv());
        spawning.spawn(async move { tell.send(7) }).await.expect("the closure waits");
        blocked.await
    }));
    assert_eq!(told, Ok(7));
}

pub(crate) fn two_blocking_closures_in_a_join_meet(stage: Stage) {
    let front = start(stage, 1);
    let spawning = front.clone();
    let (first, second) = front.block_on(front.spawn(async move {
        let both = Arc::new(Barrier::new(2));
        let meet = |both: &Arc<Barrier>| {
            let both = Arc::clone(both);
            spawning.spawn_blocking(move || both.wait().is_leader())
        };
        futures::join!(meet(&both), meet(&both))
    }));
    assert!(first != second);
}

// ANCHOR: meet
pub(crate) fn forty_blocking_closures_meet(stage: Stage) {
    let front = start(stage, 2);
    let all = Arc::new(Barrier::new(40));
    let meet = |_| {
        let all = Arc::clone(&all);
        front.spawn_blocking(move || all.wait().is_leader())
    };
    let closures = [(); 40].map(meet);
    let leaders = closures.into_iter().map(|closure| front.block_on(closure));
    assert_eq!(leaders.filter(|is_leader| *is_leader).count(), 1);
    assert!(front.peak_threads() >= 40);
}
// ANCHOR_END: meet

pub(crate) fn join_gives_the_panic_of_a_closure(stage: Stage) {
    let front = start(stage, 1);
    let closure = front.spawn_blocking(|| panic!("out of luck"));
    let error = front.block_on(closure.join()).expect_err("it panics");
    assert_eq!(error.into_panic().downcast_ref(), Some(&"out of luck"));
    assert_eq!(front.block_on(front.spawn_blocking(|| 7)), 7);
}

pub(crate) fn a_detached_closure_runs_on(stage: Stage) {
    let front = start(stage, 1);
    let (begin, begins) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    drop(front.spawn_blocking(move || {
        begins.recv().expect("it is sent");
        tell.send("done").expect("somebody waits");
    }));
    begin.send(()).expect("the closure waits");
    assert_eq!(told.recv(), Ok("done"));
}

pub(crate) fn a_closure_may_block_on_a_task(stage: Stage) {
    let front = start(stage, 1);
    let inside = front.clone();
    let closure = front.spawn_blocking(move || inside.block_on(inside.spawn(async { 7 })));
    assert_eq!(front.block_on(closure), 7);
}

pub(crate) fn a_drop_waits_for_a_closure_that_runs(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_over);
    let closure = front.spawn_blocking(move || {
        begun.send(()).expect("somebody waits");
        ends.recv().expect("it is sent");
        flag.store(true, Ordering::SeqCst);
        7
    });
    has_begun.recv().expect("it is sent");
    let ender = std::thread::spawn(move || end.send(()));
    drop(front);
    assert!(is_over.load(Ordering::SeqCst), "the drop waits until the closure is over");
    ender.join().expect("it does not panic").expect("the closure waited");
    assert_eq!(start(Stage::S1BlockOn, 1).block_on(closure), 7);
}

pub(crate) fn a_drop_inside_a_closure_does_not_wait(stage: Stage) {
    let front = start(stage, 1);
    let owner = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&owner);
    let (begin, begins) = oneshot::channel();
    let (tell, told) = mpsc::channel();
    let inside = front.clone();
    let closure = front.spawn_blocking(move || {
        inside.block_on(begins).expect("it is sent");
        let front: Option<Front> = taken.lock().expect("nobody panics").take();
        drop(front.expect("it was put there"));
        tell.send(()).expect("somebody waits");
    });
    *owner.lock().expect("nobody panics") = Some(front);
    begin.send(()).expect("the closure waits");
    assert_eq!(told.recv(), Ok(()));
    start(Stage::S1BlockOn, 1).block_on(closure);
}
