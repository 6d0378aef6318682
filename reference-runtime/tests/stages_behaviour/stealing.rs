//! From stage 3 on: more than one worker.

use std::sync::{Arc, Barrier, mpsc};

use reference_runtime::stages::Stage;

use crate::start;

pub(crate) fn two_tasks_run_at_the_same_time(stage: Stage) {
    let front = start(stage, 2);
    let both = Arc::new(Barrier::new(2));
    let tasks = [Arc::clone(&both), both].map(|both| front.spawn(async move { both.wait().is_leader() }));
    let [first, second] = tasks.map(|task| front.block_on(task));
    assert!(first != second);
}

// ANCHOR: stolen
pub(crate) fn a_task_queued_behind_a_blocked_worker_is_stolen(stage: Stage) {
    let front = start(stage, 2);
    for _ in 0..100 {
        let spawning = front.clone();
        front.block_on(front.spawn(async move {
            let (tell, told) = mpsc::channel();
            spawning.spawn(async move { tell.send(()) }).detach();
            // From stage 3 on the task woken last has a slot of its own; this one moves the other to the
            // queue.
            spawning.spawn(async {}).detach();
            told.recv().expect("another worker runs the task");
        }));
    }
}
// ANCHOR_END: stolen

pub(crate) fn what_one_task_spawns_runs_on_two_workers(stage: Stage) {
    let front = start(stage, 2);
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        let both = Arc::new(Barrier::new(2));
        let meet = |_| {
            let both = Arc::clone(&both);
            spawning.spawn(async move { both.wait() })
        };
        for task in [(); 10].map(meet) {
            task.await;
        }
    }));
}
