//! What is recorded, and in which order.

use std::sync::mpsc;

use reference_runtime::trace::{ParkPlace, PollResult, What};
use reference_runtime::{Builder, task, trace};

use super::{assert_in_order, find, id, life, record, runtime, turn, wait_once};

#[test]
fn a_task_is_spawned_polled_woken_and_polled_again() {
    let mut ids = None;
    let trace = record(|| {
        ids = Some(wait_once(&runtime(1)));
    });
    let life = life(&trace, ids.expect("it ran"));
    assert!(
        matches!(
            life[..],
            [
                What::Spawned { spawned_at: Some(spawned_at), .. },
                What::PollBegins { is_closure: false, .. },
                What::PollEnds { result: PollResult::Pending, processor: Some(0), .. },
                What::Woken { is_during_poll: false, .. },
                What::PollBegins { .. },
                What::PollEnds { result: PollResult::Ready, processor: Some(0), .. },
            ] if spawned_at.file().ends_with("main.rs")
        ),
        "{life:#?}"
    );
}

#[test]
fn a_task_that_yields_is_woken_during_its_poll() {
    let mut ids = None;
    let trace = record(|| {
        let runtime = runtime(1);
        let yields = runtime.spawn(task::yield_now());
        ids = Some(id(&yields));
        runtime.block_on(yields);
    });
    let life = life(&trace, ids.expect("it ran"));
    assert!(
        matches!(
            life[..],
            [
                What::Spawned { .. },
                What::PollBegins { .. },
                What::PollEnds { result: PollResult::Pending, .. },
                What::Woken { is_during_poll: true, .. },
                What::PollBegins { .. },
                What::PollEnds { result: PollResult::Ready, .. },
            ]
        ),
        "{life:#?}"
    );
}

#[test]
fn the_ends_of_tasks_are_told_apart() {
    let mut ids = Vec::new();
    let trace = record(|| {
        let runtime = runtime(1);
        let panics = runtime.spawn(async { panic!("as it should") });
        let aborted = runtime.spawn(std::future::pending::<()>());
        ids = vec![id(&panics), id(&aborted)];
        assert!(runtime.block_on(panics.join()).is_err_and(|error| error.is_panic()));
        aborted.abort();
        assert!(runtime.block_on(aborted.join()).is_err_and(|error| error.is_cancelled()));
    });
    for (id, expected) in ids.into_iter().zip([PollResult::Panicked, PollResult::Cancelled]) {
        let life = life(&trace, id);
        let Some(What::PollEnds { result, .. }) = life.last() else { panic!("{life:#?}") };
        assert_eq!(*result, expected);
    }
}

#[test]
fn a_thief_says_from_whom_it_steals() {
    let mut victim = None;
    let trace = record(|| {
        let runtime = runtime(2);
        let (ran, have_run) = mpsc::channel();
        let blocks = runtime.spawn(async move {
            for _ in 0..8 {
                let ran = ran.clone();
                task::spawn(async move { ran.send(()) });
            }
            // The task spawned last is in the slot of this worker; the others are in its queue, and stolen.
            for _ in 0..7 {
                have_run.recv().expect("the tasks live");
            }
        });
        victim = Some(id(&blocks));
        runtime.block_on(blocks);
    });
    let begins = |task| move |what| matches!(what, What::PollBegins { task: other, .. } if other == task);
    let (_, poll) = find(&trace, |event| begins(victim.expect("it ran"))(event.what));
    let is_theft =
        |what| matches!(what, What::Stole { from: Some(from), tasks: 1.., .. } if from == poll.thread);
    let (_, theft) = find(&trace, |event| is_theft(event.what));
    assert_ne!(theft.thread, poll.thread);
}

#[test]
fn a_worker_without_work_parks() {
    let _turn = turn();
    let recording = trace::start().expect("the others wait for their turns");
    let runtime = runtime(2);
    let parks = |what| matches!(what, What::Parks { place: ParkPlace::Reactor, .. });
    while !recording.snapshot().events().any(|event| parks(event.what)) {
        std::thread::yield_now();
    }
    drop(runtime);
    let trace = recording.stop();
    assert_in_order(&trace);
    let (parked, event) = find(&trace, |event| parks(event.what));
    let woken = trace.events().skip(parked + 1).find(|other| other.thread == event.thread);
    assert_eq!(woken.map(|event| event.what), Some(What::Unparks), "nothing happens on a thread that sleeps");
}

#[test]
fn a_blocked_poll_is_judged_and_its_processor_handed_off() {
    let mut ids = None;
    let trace = record(|| {
        let runtime = Builder::new().worker_threads(1).build().expect("a runtime starts");
        let (send, receive) = mpsc::channel();
        let blocks = runtime.spawn(async move { receive.recv() });
        let frees = runtime.spawn(async move { send.send(()) });
        ids = Some((id(&blocks), id(&frees)));
        assert_eq!(runtime.block_on(blocks), Ok(()));
        runtime.block_on(frees).expect("the other waits");
    });
    let (blocks, frees) = ids.expect("it ran");
    let begins = |task| move |what| matches!(what, What::PollBegins { task: other, .. } if other == task);
    let (begun, poll) = find(&trace, |event| begins(blocks)(event.what));
    // On a busy machine the thread may have been found starved before it came to block.
    let is_verdict = |what| matches!(what, What::Blocked { stuck, verdict: "blocked" | "unknown", .. } if stuck == Some(poll.thread));
    let (judged, _) = find(&trace, |event| is_verdict(event.what));
    let (handed_off, event) = find(&trace, |event| matches!(event.what, What::HandedOff { .. }));
    let What::HandedOff { processor: 0, from, to: Some(to), .. } = event.what else { panic!("{event:?}") };
    assert_eq!(from, Some(poll.thread));
    let takes = |what| matches!(what, What::Takes { processor: 0, .. });
    let (taken, _) = find(&trace, |event| takes(event.what) && event.thread == to);
    // By the one that takes the processor, or in the lane to which the ramp sends what waits.
    let (freed, freeing) = find(&trace, |event| begins(frees)(event.what));
    assert_ne!(freeing.thread, poll.thread);
    let is_end = |what| matches!(what, What::PollEnds { task, processor: None, .. } if task == blocks);
    let (ended, _) = find(&trace, |event| is_end(event.what));
    let (returned, returns) = find(&trace, |event| matches!(event.what, What::Returned { processor: 0, .. }));
    assert_eq!(returns.thread, poll.thread);
    for order in [[begun, judged, handed_off, taken], [handed_off, freed, ended, returned]] {
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn a_call_in_place_is_inside_its_poll() {
    let mut ids = None;
    let trace = record(|| {
        let runtime = runtime(1);
        let in_place = runtime.spawn(async { task::block_in_place(|| 7) });
        ids = Some(id(&in_place));
        assert_eq!(runtime.block_on(in_place), 7);
    });
    let (begun, poll) = find(&trace, |event| event.what == What::InPlace);
    let of_thread: Vec<What> =
        trace.events().filter(|event| event.thread == poll.thread).map(|event| event.what).collect();
    let at = of_thread.iter().position(|what| *what == What::InPlace).expect("it was found");
    let task = ids.expect("it ran");
    assert!(
        matches!(of_thread[at - 1], What::PollBegins { task: other, .. } if other == task),
        "{of_thread:#?}"
    );
    assert!(trace.events().skip(begun).any(|event| event.what == What::OutOfPlace));
    // Without a monitor the processor goes at once.
    assert!(
        of_thread.iter().any(|what| matches!(what, What::Returned { processor: 0, .. })),
        "{of_thread:#?}"
    );
}

#[test]
fn a_closure_is_told_from_a_task() {
    let mut ids = None;
    let trace = record(|| {
        let runtime = runtime(1);
        let closure = runtime.spawn_blocking(|| 7);
        ids = Some(id(&closure));
        assert_eq!(runtime.block_on(closure), 7);
    });
    let life = life(&trace, ids.expect("it ran"));
    assert!(
        matches!(
            life[..],
            [
                What::Spawned { .. },
                What::PollBegins { is_closure: true, .. },
                What::PollEnds { result: PollResult::Ready, processor: None, .. },
            ]
        ),
        "{life:#?}"
    );
}

#[test]
fn a_shutdown_cancels_what_waits() {
    let mut ids = None;
    let trace = record(|| {
        let runtime = runtime(1);
        let waits = runtime.spawn(std::future::pending::<()>());
        ids = Some(id(&waits));
        // One worker: the other has gone to sleep.
        runtime.block_on(runtime.spawn(async {}));
        drop(runtime);
        assert!(waits.is_finished());
    });
    let life = life(&trace, ids.expect("it ran"));
    let is_end = |what: &What| {
        matches!(what, What::Cancelled { .. } | What::PollEnds { result: PollResult::Cancelled, .. })
    };
    assert_eq!(life.iter().filter(|what| is_end(what)).count(), 1, "{life:#?}");
}

#[test]
fn a_runtime_dropped_inside_its_own_task_is_recorded_to_the_end() {
    let trace = record(|| {
        let own = runtime(2);
        let handle = own.handle().clone();
        let (tell, told) = mpsc::channel();
        handle.spawn(async move {
            drop(own);
            tell.send(()).expect("the test listens");
        });
        told.recv().expect("the drop does not wait for itself");
    });
    assert!(trace.events().any(|event| matches!(event.what, What::PollBegins { .. })));
}

#[test]
fn two_runtimes_are_told_apart() {
    let mut ids = Vec::new();
    let trace = record(|| {
        let runtimes = [runtime(1), runtime(1)];
        for runtime in &runtimes {
            let task = runtime.spawn(async {});
            ids.push(id(&task));
            runtime.block_on(task);
        }
    });
    let runtimes: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let begins = |what| matches!(what, What::PollBegins { task, .. } if task == id);
            let (_, poll) = find(&trace, |event| begins(event.what));
            let thread = trace.threads().iter().find(|thread| thread.number() == poll.thread);
            thread.expect("threads of events are listed").runtime().expect("it is a worker")
        })
        .collect();
    assert_ne!(runtimes[0], runtimes[1]);
}
