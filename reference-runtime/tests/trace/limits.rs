//! Bounded memory, and recordings that begin and end in the midst of things.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reference_runtime::task;
use reference_runtime::trace::{self, PollResult, Recorder, What};

use super::{assert_in_order, id, runtime, turn};

#[test]
fn a_full_ring_keeps_the_newest_events_and_counts_the_others() {
    const YIELDS: u64 = 10_000;
    let _turn = turn();
    let runtime = runtime(1);
    let recording = Recorder::new().events_per_thread(512).start().expect("the others wait for their turns");
    let yields = runtime.spawn(async {
        for _ in 0..YIELDS {
            task::yield_now().await;
        }
    });
    let task = id(&yields);
    runtime.block_on(yields);
    // When a task is joined, the end of its poll may yet have to be recorded; when a later one is, it is.
    runtime.block_on(runtime.spawn(async {}));
    let trace = recording.stop();
    assert_in_order(&trace);
    let busy = trace.threads().iter().max_by_key(|thread| thread.dropped()).expect("the worker recorded");
    let kept: Vec<_> = trace.events().filter(|event| event.thread == busy.number()).collect();
    assert_eq!(kept.len(), 511);
    // A begin, an end and a wake each.
    assert!(busy.dropped() + kept.len() as u64 >= 3 * YIELDS, "{}", busy.dropped());
    assert_eq!(trace.dropped(), busy.dropped());
    let is_last =
        |what| matches!(what, What::PollEnds { task: other, result: PollResult::Ready, .. } if other == task);
    assert!(kept.iter().any(|event| is_last(event.what)), "the newest are kept");
}

#[test]
fn recordings_begin_and_end_while_tasks_run() {
    let _turn = turn();
    let runtime = runtime(2);
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let stop = Arc::clone(&stop);
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    task::spawn(task::yield_now()).await;
                }
            })
        })
        .collect();
    let mut events = 0;
    for _ in 0..10 {
        let recording = Recorder::new().events_per_thread(1024).start().expect("the last one was stopped");
        let snapshot = recording.snapshot();
        assert_in_order(&snapshot);
        runtime.block_on(runtime.spawn(task::yield_now()));
        let trace = recording.stop();
        assert_in_order(&trace);
        events += trace.events().count();
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime.block_on(task);
    }
    assert!(events > 0);
}

#[test]
fn nothing_is_recorded_outside_of_a_recording() {
    let _turn = turn();
    let runtime = runtime(1);
    runtime.block_on(runtime.spawn(async {}));
    drop(trace::start());
    runtime.block_on(runtime.spawn(async {}));
    let recording = trace::start().expect("the last one was dropped");
    drop(runtime);
    let spawns = recording.stop().events().filter(|event| matches!(event.what, What::Spawned { .. })).count();
    assert_eq!(spawns, 0);
}

#[test]
fn a_thread_takes_over_the_ring_of_one_that_has_ended() {
    let _turn = turn();
    // What is spawned on a runtime that is gone is cancelled on the spot: two events on one thread.
    let runtime = runtime(1);
    let handle = runtime.handle().clone();
    drop(runtime);
    let spawn = move || drop(handle.spawn(async {}));
    let recording = Recorder::new().max_threads(1).start().expect("the others wait for their turns");
    std::thread::spawn(spawn.clone()).join().expect("it does not panic");
    let first = recording.snapshot();
    assert_eq!((first.threads().len(), first.events().count(), first.dropped()), (1, 2, 0));
    let second = std::thread::spawn(move || {
        spawn();
        // While this one lives, there is no room for another.
        std::thread::spawn(spawn).join().expect("it does not panic");
    });
    second.join().expect("it does not panic");
    let second = recording.stop();
    assert_in_order(&second);
    assert_eq!((second.threads().len(), second.events().count(), second.dropped()), (1, 2, 2));
    assert_ne!(second.threads()[0].number(), first.threads()[0].number());
}
