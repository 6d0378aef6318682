//! Calls that say that they block: `spawn_blocking`, `block_in_place`, and `block_on` inside of tasks.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{Cause, Gate, Setting, in_children, run, until};
use reference_runtime::{Handle, Metrics, Runtime, block_on, task, time};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().worker_threads(workers).thread_name("w").build().expect("a runtime starts")
}

#[test]
fn no_more_blocking_closures_run_at_once_than_there_may_be_threads() {
    for workers in [1, 2, 4] {
        let most = 12;
        let runtime =
            Runtime::builder().worker_threads(workers).max_threads(most).build().expect("a runtime starts");
        let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let closures: Vec<_> = (0..100)
            .map(|_| {
                let (running, peak) = (Arc::clone(&running), Arc::clone(&peak));
                runtime.spawn_blocking(move || {
                    peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(2));
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        run(&runtime, async {
            for closure in closures {
                closure.await;
            }
        });
        assert!(peak.load(Ordering::SeqCst) <= most - workers);
        assert!(runtime.metrics().peak_threads() <= most);
    }
}

/// At the cap, tasks still run. Without learning: a type once found blocking would wait for a thread of the lane, see
/// below.
#[test]
fn closures_that_block_for_ever_at_the_cap_do_not_stop_tasks() {
    in_children("closures_that_block_for_ever_at_the_cap_do_not_stop_tasks", ["1", "2"], |workers| {
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .max_threads(8)
            .learn(false)
            .build()
            .expect("a runtime starts");
        let gate = Gate::closed();
        let closures: Vec<_> = (0..20)
            .map(|_| {
                let gate = gate.clone();
                runtime.spawn_blocking(move || gate.pass(Cause::Condvar))
            })
            .collect();
        let (mut old, server) = run(&runtime, common::pair()).expect("loopback works");
        let echo = runtime.spawn(common::echo(server));
        run(&runtime, common::everything_goes_on(&mut old));
        // One task that blocks finds a stand-in, too.
        let (send, receive) = mpsc::channel();
        let blocked = runtime.spawn(async move {
            task::spawn(async move { send.send(1).expect("it waits for this") });
            receive.recv().expect("the other task runs")
        });
        assert_eq!(run(&runtime, blocked), 1);
        gate.open();
        drop(old);
        run(&runtime, async {
            for closure in closures {
                closure.await;
            }
            echo.await;
        });
    });
}

#[test]
fn a_panic_in_a_blocking_closure_goes_to_its_handle() {
    let runtime = runtime(1);
    let panics = runtime.spawn_blocking(|| panic!("a closure panics, as it should"));
    let error = run(&runtime, panics.join()).map(|()| "no panic").expect_err("it panics");
    assert!(error.to_string().contains("as it should"), "{error}");
    let panics = runtime.spawn_blocking(|| panic!("a closure panics, as it should"));
    let resumed = catch_unwind(AssertUnwindSafe(|| run(&runtime, panics)));
    assert_eq!(resumed.expect_err("it resumes").downcast_ref(), Some(&"a closure panics, as it should"));
}

/// With one thread for them, closures run in the order in which they were spawned; what is aborted before does not.
#[test]
fn blocking_closures_run_in_order_and_can_be_aborted_before_they_start() {
    let runtime = Runtime::builder().worker_threads(1).max_threads(2).build().expect("a runtime starts");
    let order = Arc::new(Mutex::new(Vec::new()));
    let gate = Gate::closed();
    let (closed, (tell, begun)) = (gate.clone(), mpsc::channel());
    let first = runtime.spawn_blocking(move || {
        tell.send(()).expect("the test listens");
        closed.pass(Cause::Park);
    });
    begun.recv().expect("it begins");
    let closures: Vec<_> = (0..10)
        .map(|number| {
            let order = Arc::clone(&order);
            runtime.spawn_blocking(move || order.lock().expect("no panic").push(number))
        })
        .collect();
    closures[3].abort();
    closures[7].abort();
    // Too late for this one.
    first.abort();
    gate.open();
    assert!(run(&runtime, first.join()).is_ok());
    for (number, closure) in closures.into_iter().enumerate() {
        let result = run(&runtime, closure.join());
        assert_eq!(result.is_err_and(|error| error.is_cancelled()), number == 3 || number == 7);
    }
    assert_eq!(*order.lock().expect("no panic"), [0, 1, 2, 4, 5, 6, 8, 9]);
}

#[test]
fn a_drop_waits_for_closures_that_run_and_cancels_those_that_do_not() {
    let runtime = Runtime::builder().worker_threads(1).max_threads(2).build().expect("a runtime starts");
    let gate = Gate::closed();
    let has_ended = Arc::new(AtomicBool::new(false));
    let (tell, begun) = mpsc::channel();
    let (closed, ended) = (gate.clone(), Arc::clone(&has_ended));
    let runs = runtime.spawn_blocking(move || {
        tell.send(()).expect("the test listens");
        closed.pass(Cause::Park);
        ended.store(true, Ordering::SeqCst);
        8
    });
    begun.recv().expect("it begins");
    let waits = runtime.spawn_blocking(|| panic!("it must not run"));
    let opens = thread::spawn(move || {
        // Cancelled by the drop, which then waits for the other one.
        until("the drop has begun", || waits.is_finished());
        gate.open();
        assert!(block_on(waits.join()).expect_err("it never ran").is_cancelled());
    });
    drop(runtime);
    assert!(has_ended.load(Ordering::SeqCst), "the drop waited");
    opens.join().expect("no panic");
    assert!(block_on(runs.join()).is_ok_and(|eight| eight == 8));
}

#[test]
fn block_in_place_may_be_nested_and_unwound_and_stand_anywhere() {
    // Outside of any runtime.
    assert_eq!(task::block_in_place(|| task::block_in_place(|| 1)), 1);
    for workers in [1, 2] {
        let runtime = runtime(workers);
        let nested = runtime.spawn(async {
            let mut sum = 0;
            for _ in 0..100 {
                sum += task::block_in_place(|| task::block_in_place(|| 1));
                let caught = catch_unwind(|| task::block_in_place(|| panic!("it panics, as it should")));
                assert!(caught.is_err());
                task::yield_now().await;
            }
            sum
        });
        assert_eq!(run(&runtime, nested), 100);
        assert_eq!(run(&runtime, runtime.spawn_blocking(|| task::block_in_place(|| 2))), 2);
        assert_eq!(run(&runtime, async { task::block_in_place(|| 3) }), 3);
        let panics = runtime.spawn(async { task::block_in_place(|| panic!("it panics, as it should")) });
        assert!(run(&runtime, panics.join()).is_err_and(|error| error.is_panic()));
        assert_eq!(run(&runtime, runtime.spawn(async { 4 })), 4);
    }
}

/// How far `block_on` may be nested in itself, in one poll.
const DEPTH: usize = 10;

/// What stays in one closure from look to look may lose its processor; what goes from closure to closure does not block.
#[test]
fn short_closures_in_place_in_a_row_keep_the_processor() {
    // A thread that gets no core for two looks, in the middle of a closure, stays in it and may lose its processor. So
    // one try says little. Who hands the processor over for each closure loses it in all of them.
    let keeps = || {
        let runtime = runtime(1);
        let observer = runtime.handle().clone();
        let task = runtime.spawn(async move {
            // Waits, so that there would be something to gain.
            let waits = task::spawn(async {});
            let before = observer.metrics();
            let mut after = before.clone();
            // Once the processor is gone there is nothing to watch any more, and no further look comes.
            while after.monitor_looks() < before.monitor_looks() + 5
                && after.hand_offs() == before.hand_offs()
            {
                for _ in 0..1000 {
                    task::block_in_place(|| std::hint::black_box(()));
                }
                after = observer.metrics();
            }
            let after = observer.metrics();
            waits.await;
            (before, after)
        });
        let (before, after) = run(&runtime, task);
        let by_verdict = |metrics: &Metrics| metrics.blocked_polls() + metrics.computing_polls();
        after.hand_offs() - before.hand_offs() == by_verdict(&after) - by_verdict(&before)
    };
    assert!((0..50).any(|_| keeps()), "the processor was handed over in each of fifty runs");
}

fn nest(depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let inner = Handle::current().block_on(async move {
        time::sleep(Duration::from_micros(100)).await;
        task::spawn(async move { nest(depth - 1) }).await
    });
    1 + inner
}

#[test]
fn block_on_may_be_nested_in_tasks_closures_and_itself() {
    let test = "block_on_may_be_nested_in_tasks_closures_and_itself";
    let settings: Vec<_> = (0..Setting::all().len()).map(|number| number.to_string()).collect();
    in_children(test, settings, |scenario| {
        let runtime = Setting::all()[scenario.parse::<usize>().expect("a number")].runtime();
        let tasks: Vec<_> = (0..4).map(|_| runtime.spawn(async { nest(DEPTH) })).collect();
        for task in tasks {
            assert_eq!(run(&runtime, task), DEPTH);
        }
        assert_eq!(run(&runtime, runtime.spawn_blocking(|| nest(DEPTH))), DEPTH);
        let in_place = runtime.spawn(async { task::block_in_place(|| nest(DEPTH)) });
        assert_eq!(run(&runtime, in_place), DEPTH);
        // In a poll whose processor has been handed off before.
        let late = runtime.spawn(async {
            thread::sleep(Duration::from_millis(30));
            let first = nest(3);
            first + task::block_in_place(|| nest(3))
        });
        assert_eq!(run(&runtime, late), 6);
        // Directly within each other.
        let handle = runtime.handle().clone();
        let direct = runtime.spawn(async move {
            handle.block_on(async { handle.block_on(async { handle.block_on(async { 5 }) }) })
        });
        assert_eq!(run(&runtime, direct), 5);
    });
}

#[test]
fn a_task_of_one_runtime_may_block_on_another_and_back() {
    in_children("a_task_of_one_runtime_may_block_on_another_and_back", ["1", "2"], |workers| {
        let workers = workers.parse().expect("a number");
        let (one, other) = (runtime(workers), runtime(workers));
        let (to_one, to_other) = (one.handle().clone(), other.handle().clone());
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let (to_one, to_other) = (to_one.clone(), to_other.clone());
                one.spawn(async move {
                    to_other.block_on(async {
                        time::sleep(Duration::from_micros(200)).await;
                        let to_one = to_one.clone();
                        let back = task::spawn(async move {
                            to_one.block_on(async move {
                                time::sleep(Duration::from_micros(200)).await;
                                task::spawn(async move { number }).await
                            })
                        });
                        back.await
                    })
                })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(run(&one, task), number);
        }
        // A runtime of its own, made and dropped within a task.
        let within = one.spawn(async move {
            let inner = runtime(workers);
            let sum = inner.block_on(async { task::spawn(async { 1 }).await + 1 });
            drop(inner);
            sum
        });
        assert_eq!(run(&one, within), 2);
    });
}

/// A type that was found blocking is polled in the lane from then on, in which closures stand that never end, while
/// every worker is idle.
#[test]
fn a_task_that_blocked_once_goes_on_beside_closures_that_block_for_ever_at_the_cap() {
    let test = "a_task_that_blocked_once_goes_on_beside_closures_that_block_for_ever_at_the_cap";
    in_children(test, ["1", "2"], |workers| {
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .max_threads(8)
            .build()
            .expect("a runtime starts");
        let gate = Gate::closed();
        for _ in 0..8 {
            let gate = gate.clone();
            runtime.spawn_blocking(move || gate.pass(Cause::Condvar)).detach();
        }
        let blocks_once = runtime.spawn(async {
            thread::sleep(Duration::from_millis(50));
            time::sleep(Duration::from_millis(1)).await;
        });
        run(&runtime, blocks_once);
        gate.open();
    });
}
