//! On stage 7: code that blocks or computes in a task, and says nothing about it.

use std::hint;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use reference_runtime::net::TcpListener;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::JoinHandle;
use reference_runtime::time::sleep;

use crate::start;

const WORKERS: usize = 2;

/// A task for every worker that blocks it until the sender is dropped; when this returns, all are blocked.
fn block_workers(front: &Front) -> (mpsc::Sender<()>, Vec<JoinHandle<()>>) {
    let (end, ends) = mpsc::channel::<()>();
    let (begun, have_begun) = mpsc::channel();
    let ends = Arc::new(std::sync::Mutex::new(ends));
    let block = |_| {
        let (begun, ends) = (begun.clone(), Arc::clone(&ends));
        front.spawn(async move {
            begun.send(()).expect("somebody waits");
            // The first one waits for the channel, the others for its lock.
            let _ = ends.lock().expect("nobody panics").recv();
        })
    };
    let tasks = (0..WORKERS).map(block).collect();
    have_begun.iter().take(WORKERS).count();
    (end, tasks)
}

fn unblock(front: &Front, (end, tasks): (mpsc::Sender<()>, Vec<JoinHandle<()>>)) {
    drop(end);
    for task in tasks {
        front.block_on(task);
    }
}

pub(crate) fn blocked_workers_hold_up_no_other_task(stage: Stage) {
    let front = start(stage, WORKERS);
    let blocked = block_workers(&front);
    let spawning = front.clone();
    let others = front.spawn(async move {
        let others = [1, 2, 3].map(|number| spawning.spawn(async move { number }));
        let mut sum = 0;
        for other in others {
            sum += other.await;
        }
        sum
    });
    assert_eq!(front.block_on(others), 6);
    unblock(&front, blocked);
}

pub(crate) fn blocked_workers_hold_up_no_timer(stage: Stage) {
    let front = start(stage, WORKERS);
    let (set, is_set) = mpsc::channel();
    let timer = front.spawn(async move {
        let sleep = sleep(Duration::from_millis(50));
        set.send(()).expect("somebody waits");
        sleep.await;
    });
    is_set.recv().expect("it is sent");
    let blocked = block_workers(&front);
    front.block_on(timer);
    unblock(&front, blocked);
}

pub(crate) fn blocked_workers_hold_up_no_socket(stage: Stage) {
    let front = start(stage, WORKERS);
    let (tell, told) = mpsc::channel();
    let server = front.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        tell.send(listener.local_addr()?).expect("somebody waits");
        let (stream, _) = listener.accept().await?;
        futures::io::copy(&stream, &mut &stream).await
    });
    let address = told.recv().expect("there is a loopback");
    let blocked = block_workers(&front);
    let mut client = std::net::TcpStream::connect(address).expect("somebody listens");
    for round in 0..10 {
        let mut echo = [0; 100];
        client.write_all(&[round; 100]).expect("the connection stands");
        client.read_exact(&mut echo).expect("the connection stands");
        assert_eq!(echo, [round; 100]);
    }
    drop(client);
    assert_eq!(front.block_on(server).expect("the connection stands"), 1000);
    unblock(&front, blocked);
}

pub(crate) fn endless_loops_hold_up_no_other_task(stage: Stage) {
    let front = start(stage, WORKERS);
    let is_over = Arc::new(AtomicBool::new(false));
    let all = Arc::new(Barrier::new(WORKERS + 1));
    let spin = |_| {
        let (is_over, all) = (Arc::clone(&is_over), Arc::clone(&all));
        front.spawn(async move {
            all.wait();
            while !is_over.load(Ordering::SeqCst) {
                hint::spin_loop();
            }
        })
    };
    let spinning = [(); WORKERS].map(spin);
    all.wait();
    front.block_on(front.spawn(async move {
        sleep(Duration::from_millis(5)).await;
        is_over.store(true, Ordering::SeqCst);
    }));
    for task in spinning {
        front.block_on(task);
    }
}

// ANCHOR: meet
pub(crate) fn forty_tasks_meet_at_a_barrier(stage: Stage) {
    let front = start(stage, WORKERS);
    let all = Arc::new(Barrier::new(40));
    let meet = |_| {
        let all = Arc::clone(&all);
        front.spawn(async move { all.wait().is_leader() })
    };
    let leaders = [(); 40].map(meet).into_iter().map(|task| front.block_on(task));
    assert_eq!(leaders.filter(|is_leader| *is_leader).count(), 1);
    // And afterwards the stage is as good as new.
    for number in 0..1000 {
        assert_eq!(front.block_on(front.spawn(async move { number })), number);
    }
}
// ANCHOR_END: meet

pub(crate) fn a_blocked_task_keeps_no_task_in_its_slot(stage: Stage) {
    let front = start(stage, WORKERS);
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        let (tell, told) = mpsc::channel();
        spawning.spawn(async move { tell.send(()) }).detach();
        told.recv().expect("another thread runs the task");
    }));
}

pub(crate) fn a_blocked_worker_that_returns_goes_on(stage: Stage) {
    let front = start(stage, 1);
    let (step, steps) = mpsc::channel();
    let task = front.spawn(async move {
        let mut taken = Vec::new();
        for _ in 0..10 {
            taken.push((steps.recv().expect("it is sent"), thread::current().id()));
            // After a poll without its processor the worker looks for another; the task may go on elsewhere.
            reference_runtime::task::yield_now().await;
        }
        taken.len()
    });
    for number in 0..10 {
        assert_eq!(front.block_on(front.spawn(async move { number })), number, "beside the blocked task");
        step.send(number).expect("the task waits");
    }
    assert_eq!(front.block_on(task), 10);
}
