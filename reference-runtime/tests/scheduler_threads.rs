//! How many threads there are, what they cost, and what happens when there are no more.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use common::{Cause, Gate, in_children, run, switches, threads_named, until};
use reference_runtime::{Runtime, Verdict, task, time};

/// Set to run the long forms.
fn is_long() -> bool {
    std::env::var_os("REFERENCE_RUNTIME_LONG_TESTS").is_some()
}

/// Counts its ticks until it is told to stop.
fn ticker(runtime: &Runtime) -> (Arc<AtomicUsize>, reference_runtime::task::JoinHandle<()>) {
    let ticks = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ticks);
    let ticker = runtime.spawn(async move {
        loop {
            time::sleep(Duration::from_millis(5)).await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    (ticks, ticker)
}

#[test]
fn thousands_of_sleeping_tasks_stay_below_max_threads_beside_a_ticker() {
    let test = "thousands_of_sleeping_tasks_stay_below_max_threads_beside_a_ticker";
    in_children(test, ["learning", "not learning"], |scenario| {
        let (count, sleep, most) = if is_long() {
            (10_000, Duration::from_secs(1), 512)
        } else {
            (2_000, Duration::from_millis(100), 64)
        };
        let workers = 2;
        let runtime = Runtime::builder()
            .worker_threads(workers)
            .max_threads(most)
            .thread_name("w")
            .thread_keep_alive(Duration::from_millis(200))
            .learn(scenario == "learning")
            .build()
            .expect("a runtime starts");
        let (ticks, ticker) = ticker(&runtime);
        let begun = Instant::now();
        let tasks: Vec<_> = (0..count).map(|_| runtime.spawn(async move { thread::sleep(sleep) })).collect();
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        let counting = thread::spawn(move || {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(threads_named("w"));
                thread::sleep(Duration::from_millis(1));
            }
            peak
        });
        // The ticker may die at the cap, so this must not depend on timers.
        runtime.block_on(async {
            for task in tasks {
                task.await;
            }
        });
        let took = begun.elapsed();
        has_ended.store(true, Ordering::Relaxed);
        let peak = counting.join().expect("no panic");
        let ticked = ticks.load(Ordering::Relaxed);
        println!(
            "measured: {count} sleeps of {sleep:?}: took {took:?}, peak {peak} threads, {ticked} ticks, {:?}",
            runtime.metrics()
        );
        // One that ends is still to be seen for a moment after another has taken its place.
        assert!(peak <= most + 2, "{peak} threads");
        assert!(runtime.metrics().peak_threads() <= most);
        // At the cap work waits. What has been learned keeps the workers out of it.
        let least = if scenario == "learning" { 10 } else { 1 };
        assert!(ticked >= least, "only {ticked} ticks in {took:?}");
        ticker.abort();
        until("the spares have ended", || runtime.metrics().threads() <= workers + 1);
        assert_eq!(runtime.metrics().failed_thread_starts(), 0);
        drop(runtime);
        until("no thread is left", || threads_named("w") + threads_named("w-monitor") == 0);
    });
}

/// The address space of the child is limited until no further stack can be had.
#[test]
fn failed_thread_starts_are_survived() {
    let test = "failed_thread_starts_are_survived";
    in_children(test, ["during", "at the start"], |scenario| {
        let limit = |bytes: &str| {
            let limit = Command::new("prlimit")
                .args([format!("--pid={}", std::process::id()), format!("--as={bytes}:unlimited")])
                .status();
            limit.is_ok_and(|status| status.success())
        };
        // More than the limit leaves room for, so that starts fail and everything else succeeds.
        let stack = 8 << 30;
        let mut builder = Runtime::builder();
        builder.worker_threads(2).thread_name("w").thread_stack_size(stack);
        if scenario == "at the start" {
            if !limit(&(4_u64 << 30).to_string()) {
                return println!("measured: skipped, there is no prlimit here");
            }
            let error = builder.build().expect_err("no worker can start");
            assert!(error.to_string().contains("no thread could be started"), "{error}");
            assert!(limit("unlimited"));
            let runtime = builder.build().expect("now it can");
            assert_eq!(run(&runtime, runtime.spawn(async { 1 })), 1);
            return;
        }
        let runtime = builder.build().expect("a runtime starts");
        assert_eq!(run(&runtime, runtime.spawn(async { 1 })), 1);
        if !limit(&(24_u64 << 30).to_string()) {
            return println!("measured: skipped, there is no prlimit here");
        }
        let gate = Gate::closed();
        let blocked: Vec<_> = (0..6)
            .map(|_| {
                let gate = gate.clone();
                runtime.spawn(async move { gate.pass(Cause::Condvar) })
            })
            .collect();
        until("a start has failed", || runtime.metrics().failed_thread_starts() > 0);
        assert!(limit("unlimited"));
        assert_eq!(run(&runtime, runtime.spawn(async { 2 })), 2);
        gate.open();
        run(&runtime, async {
            for blocked in blocked {
                blocked.await;
            }
        });
        println!("measured: {:?}", runtime.metrics());
    });
}

#[test]
fn an_idle_runtime_switches_no_contexts() {
    in_children("an_idle_runtime_switches_no_contexts", ["fresh", "after a storm"], |scenario| {
        let time = Duration::from_secs(if is_long() { 10 } else { 3 });
        let runtime = Runtime::builder()
            .worker_threads(2)
            .thread_name("w")
            .thread_keep_alive(Duration::from_millis(50))
            .build()
            .expect("a runtime starts");
        // Something waits, but nothing happens.
        let waits = runtime.spawn(time::sleep(Duration::from_secs(3600)));
        if scenario == "after a storm" {
            let storm: Vec<_> =
                (0..40).map(|_| runtime.spawn(async { thread::sleep(Duration::from_millis(20)) })).collect();
            run(&runtime, async {
                for task in storm {
                    task.await;
                }
            });
            until("the spares have ended", || runtime.metrics().threads() <= 3);
        }
        // Until it is quiet; the assertion is about what follows.
        let mut before = switches("w");
        until("nothing happens for a moment", || {
            thread::sleep(Duration::from_millis(100));
            before == std::mem::replace(&mut before, switches("w"))
        });
        thread::sleep(time);
        let count = switches("w") - before;
        println!("measured: {count} switches in {time:?}");
        assert!(count <= time.as_secs(), "{count} context switches in {time:?}");
        waits.abort();
    });
}

/// No assertion about a figure that depends on the machine, except for one that only a spinning thread could miss.
#[test]
fn a_task_that_wakes_now_and_then_costs_few_switches() {
    in_children("a_task_that_wakes_now_and_then_costs_few_switches", ["1", "2", "4"], |workers| {
        let workers = workers.parse().expect("a number");
        let runtime =
            Runtime::builder().worker_threads(workers).thread_name("w").build().expect("a runtime starts");
        let before = switches("w");
        let looks = runtime.metrics().monitor_looks();
        let ticks = 20;
        let ticker = runtime.spawn(async move {
            for _ in 0..ticks {
                time::sleep(Duration::from_millis(50)).await;
            }
        });
        run(&runtime, ticker);
        let (count, looks) = (switches("w") - before, runtime.metrics().monitor_looks() - looks);
        println!("measured: {count} switches and {looks} looks of the monitor for {ticks} ticks");
        assert!(count <= 20 * ticks, "{count} context switches for {ticks} ticks");
        // One that finds everybody asleep, and room for a worker that got no core in time.
        assert!(looks <= 5 * ticks, "{looks} looks for {ticks} ticks");
    });
}

#[test]
fn hooks_are_called_once_per_thread_with_its_name_and_stack() {
    let (starts, stops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (started, stopped) = (Arc::clone(&starts), Arc::clone(&stops));
    let runtime = Runtime::builder()
        .worker_threads(2)
        .thread_name("named")
        .thread_stack_size(32 << 20)
        .on_thread_start(move || {
            assert_eq!(thread::current().name(), Some("named"));
            started.fetch_add(1, Ordering::SeqCst);
        })
        .on_thread_stop(move || _ = stopped.fetch_add(1, Ordering::SeqCst))
        .build()
        .expect("a runtime starts");
    fn deep(levels: usize) -> usize {
        let frame = std::hint::black_box([levels; 1024]);
        if levels == 0 { 0 } else { deep(levels - 1) + usize::from(frame[levels % 1024] == levels) }
    }
    // Ten megabytes of frames at least: more than a thread has by default.
    assert_eq!(run(&runtime, runtime.spawn(async { deep(1300) })), 1300);
    assert_eq!(run(&runtime, runtime.spawn_blocking(|| deep(1300))), 1300);
    let peak = runtime.metrics().peak_threads();
    drop(runtime);
    assert_eq!(starts.load(Ordering::SeqCst), stops.load(Ordering::SeqCst));
    assert!(starts.load(Ordering::SeqCst) >= peak);
}

#[test]
fn hooks_that_panic_do_no_harm() {
    let runtime = Runtime::builder()
        .worker_threads(1)
        .on_thread_start(|| panic!("a hook panics, as it should"))
        .on_thread_stop(|| panic!("a hook panics, as it should"))
        .on_blocked(|_| panic!("a hook panics, as it should"))
        .build()
        .expect("a runtime starts");
    let blocked = runtime.spawn(async {
        let (send, receive) = mpsc::channel();
        task::spawn(async move { send.send(3).expect("it waits for this") });
        receive.recv().expect("the other task sends")
    });
    assert_eq!(run(&runtime, blocked), 3);
    drop(runtime);
}

#[test]
fn a_report_names_the_place_of_the_spawn_and_the_verdict() {
    let (tell, reports) = mpsc::channel();
    let runtime = Runtime::builder()
        .worker_threads(1)
        .on_blocked(move |poll| {
            let _ = tell.send((poll.spawned_at(), poll.verdict(), poll.lasts()));
        })
        .build()
        .expect("a runtime starts");
    let gate = Gate::closed();
    let closed = gate.clone();
    let line = line!() + 1;
    let blocked = runtime.spawn(async move { closed.pass(Cause::Park) });
    let (place, verdict, lasts) = reports.recv_timeout(common::LONG).expect("a report");
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert_eq!(verdict, Verdict::Blocked);
    assert!(lasts < common::LONG);
    gate.open();
    run(&runtime, blocked);
    let gate = Gate::closed();
    let closed = gate.clone();
    let line = line!() + 1;
    let computes = runtime.spawn(async move { closed.pass(Cause::EndlessLoop) });
    // The other task needs the processor.
    let other = runtime.spawn(async {});
    let report = || reports.recv_timeout(common::LONG).expect("a report");
    // Beside other tests it may have to wait for a core first.
    let is_starved = |report: &(_, Verdict, _)| report.1 == Verdict::Starved;
    let (place, verdict, _) =
        std::iter::repeat_with(report).find(|report| !is_starved(report)).expect("no end");
    run(&runtime, other);
    // Before anything is asserted: the end of the runtime waits for the loop.
    gate.open();
    run(&runtime, computes);
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert_eq!(verdict, Verdict::Computing);
    assert!(runtime.metrics().hand_offs() >= 2);
}

/// A report is made only for a task that somebody waits behind or that blocks for long; the hook may use the runtime.
#[test]
fn a_report_may_spawn_and_drop_tasks() {
    in_children("a_report_may_spawn_and_drop_tasks", ["spawn"], |_| {
        let (tell, told) = mpsc::channel();
        let runtime = Runtime::builder()
            .worker_threads(1)
            .on_blocked(move |_| {
                let tell = tell.clone();
                task::spawn(async move { tell.send(()).expect("the test listens") }).detach();
            })
            .build()
            .expect("a runtime starts");
        let gate = Gate::closed();
        let closed = gate.clone();
        let blocked = runtime.spawn(async move { closed.pass(Cause::Park) });
        told.recv_timeout(common::LONG).expect("a task of the hook runs");
        gate.open();
        run(&runtime, blocked);
    });
}

/// Other programs take the cores away: a task that computes is not blocked.
#[test]
fn a_computing_task_beside_many_other_threads_is_not_taken_for_blocked() {
    let test = "a_computing_task_beside_many_other_threads_is_not_taken_for_blocked";
    in_children(test, ["1", "2"], |workers| {
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .build()
            .expect("a runtime starts");
        let gate = Gate::closed();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let hogs: Vec<_> = (0..5 * cores)
            .map(|_| {
                let gate = gate.clone();
                thread::spawn(move || gate.pass(Cause::EndlessLoop))
            })
            .collect();
        let computing: Vec<_> = (0..4)
            .map(|_| {
                runtime.spawn(async {
                    for _ in 0..5 {
                        let begun = Instant::now();
                        while begun.elapsed() < Duration::from_millis(100) {
                            std::hint::spin_loop();
                        }
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        run(&runtime, async {
            for task in computing {
                task.await;
            }
        });
        gate.open();
        for hog in hogs {
            hog.join().expect("no panic");
        }
        let metrics = runtime.metrics();
        println!("measured: {metrics:?}");
        assert_eq!(metrics.blocked_polls(), 0, "{metrics:?}");
    });
}

/// A millisecond in a sleep, a thousand times a second, beside a task that yields: whether each is seen or learned, all
/// goes on.
#[test]
fn short_blocks_at_a_high_rate_do_not_stop_a_task_that_yields() {
    let test = "short_blocks_at_a_high_rate_do_not_stop_a_task_that_yields";
    in_children(test, ["1", "2"], |workers| {
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .max_threads(32)
            .build()
            .expect("a runtime starts");
        for block in [Duration::from_millis(1), Duration::from_micros(50)] {
            let blocks = runtime.spawn(async move {
                for _ in 0..500 {
                    thread::sleep(block);
                    task::yield_now().await;
                }
            });
            let yields = runtime.spawn(async {
                for _ in 0..5_000 {
                    task::yield_now().await;
                }
            });
            let begun = Instant::now();
            run(&runtime, async {
                yields.await;
                blocks.await;
            });
            println!("measured: {block:?} 500 times in {:?}, {:?}", begun.elapsed(), runtime.metrics());
        }
        assert!(runtime.metrics().peak_threads() <= 32);
    });
}
