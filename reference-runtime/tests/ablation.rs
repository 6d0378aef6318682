//! What a measurement leaves out is gone, and the rest goes on. Beside each, the runtime that has all its parts.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use std::{pin::pin, thread};

use reference_runtime::{Builder, Part, Runtime, task, time};

fn runtime(without: Option<Part>) -> Runtime {
    let mut builder = Builder::new();
    builder.worker_threads(1).thread_name("part");
    if let Some(part) = without {
        builder.without(part);
    }
    builder.build().expect("the system gives a few threads")
}

/// In which order three tasks run that one task spawned.
fn order(without: Option<Part>) -> Vec<u32> {
    let runtime = runtime(without);
    let ran = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&ran);
    let spawning = runtime.spawn(async move {
        let spawn = |name| {
            let ran = Arc::clone(&ran);
            task::spawn(async move { ran.lock().expect("no task panics").push(name) })
        };
        for task in [1, 2, 3].map(spawn) {
            task.await;
        }
    });
    runtime.block_on(spawning);
    let order = all.lock().expect("no task panics").clone();
    order
}

#[test]
fn without_the_slot_what_is_woken_last_runs_last() {
    assert_eq!(order(None), [3, 1, 2], "the slot holds the last");
    assert_eq!(order(Some(Part::NextTask)), [1, 2, 3]);
}

// ANCHOR: hand_off
/// The only worker blocks until another task has run. If a part is missing: or until the monitor has looked at it a
/// hundred times. True: the task has run.
fn is_rescued(without: Option<Part>) -> bool {
    let runtime = runtime(without);
    let (tell, told) = mpsc::channel();
    let release = tell.clone();
    let (begin, begun) = mpsc::channel();
    let blocked = runtime.spawn(async move {
        task::spawn(async move { tell.send(true) });
        begin.send(()).expect("the test waits for it");
        told.recv().expect("the test keeps a sender")
    });
    begun.recv().expect("the task begins");
    let looks = runtime.metrics().monitor_looks();
    while without.is_some() && runtime.metrics().monitor_looks() < looks + 100 {
        thread::yield_now();
    }
    if without.is_some() && runtime.metrics().hand_offs() == 0 {
        release.send(false).expect("the task waits for it");
    }
    runtime.block_on(blocked)
}

#[test]
fn without_the_hand_off_who_blocks_keeps_the_processor() {
    assert!(is_rescued(None));
    assert!(!is_rescued(Some(Part::HandOff)));
}
// ANCHOR_END: hand_off

/// Wakes the task, and notes on which thread.
struct Noting {
    task: Waker,
    thread: Mutex<String>,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        let thread = thread::current();
        *self.thread.lock().expect("no waker panics") = thread.name().unwrap_or_default().to_owned();
        self.task.wake_by_ref();
    }
}

/// The thread that wakes who sleeps.
fn waking_thread(without: Option<Part>) -> String {
    let runtime = runtime(without);
    let sleeping = runtime.spawn(async {
        let mut sleep = pin!(time::sleep(Duration::from_millis(1)));
        let mut noting: Option<Arc<Noting>> = None;
        poll_fn(|context| {
            let noting = noting.get_or_insert_with(|| {
                Arc::new(Noting { task: context.waker().clone(), thread: Mutex::default() })
            });
            let waker = Waker::from(Arc::clone(noting));
            let Poll::Ready(()) = sleep.as_mut().poll(&mut Context::from_waker(&waker)) else {
                return Poll::Pending;
            };
            Poll::Ready(noting.thread.lock().expect("no waker panics").clone())
        })
        .await
    });
    runtime.block_on(sleeping)
}

#[test]
fn without_the_reactor_in_the_workers_a_thread_of_its_own_wakes() {
    assert_eq!(waking_thread(None), "part");
    assert_eq!(waking_thread(Some(Part::Reactor)), "part-reactor");
}
