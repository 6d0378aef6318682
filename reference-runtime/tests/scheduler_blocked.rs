//! Tasks that block their threads, and everything else that goes on meanwhile.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Cause, Gate, Mode, Setting, echo, everything_goes_on, in_children, pair, run};
use futures::future::BoxFuture;
use reference_runtime::{task, time};

/// A hang that depends on a race shows in one of so many runs.
const RUNS: usize = 20;

fn settings() -> Vec<String> {
    (0..Setting::all().len()).map(|number| number.to_string()).collect()
}

fn setting(scenario: &str) -> Setting {
    let setting = Setting::all()[scenario.parse::<usize>().expect("a number")];
    eprintln!("{setting:?}");
    setting
}

/// As many tasks as there are workers block; tasks, timers and sockets, old and new, go on.
fn all_workers_block(setting: Setting, cause: Cause) {
    let runtime = setting.runtime();
    let gate = Gate::closed();
    let (mut old, server) = run(&runtime, pair()).expect("loopback works");
    let echo = runtime.spawn(echo(server));
    let (tell, blocking) = mpsc::channel();
    let blockers: Vec<_> = (0..setting.workers)
        .map(|_| {
            let (gate, tell) = (gate.clone(), tell.clone());
            runtime.spawn(async move {
                tell.send(()).expect("the test listens");
                gate.pass(cause);
            })
        })
        .collect();
    for _ in &blockers {
        blocking.recv().expect("each begins");
    }
    run(&runtime, everything_goes_on(&mut old));
    assert!(blockers.iter().all(|blocker| !blocker.is_finished()));
    gate.open();
    drop(old);
    for blocker in blockers {
        run(&runtime, blocker);
    }
    run(&runtime, echo);
}

fn all_workers_blocked_by(test: &str, cause: Cause) {
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for run in 0..RUNS {
            eprintln!("run {run}");
            all_workers_block(setting, cause);
        }
    });
}

#[test]
fn all_workers_blocked_by_an_empty_pipe() {
    all_workers_blocked_by("all_workers_blocked_by_an_empty_pipe", Cause::EmptyPipe);
}

#[test]
fn all_workers_blocked_by_an_endless_loop() {
    all_workers_blocked_by("all_workers_blocked_by_an_endless_loop", Cause::EndlessLoop);
}

#[test]
fn all_workers_blocked_by_a_mutex_held_elsewhere() {
    all_workers_blocked_by("all_workers_blocked_by_a_mutex_held_elsewhere", Cause::HeldMutex);
}

#[test]
fn all_workers_blocked_by_a_park() {
    all_workers_blocked_by("all_workers_blocked_by_a_park", Cause::Park);
}

#[test]
fn all_workers_blocked_by_a_condition_variable() {
    all_workers_blocked_by("all_workers_blocked_by_a_condition_variable", Cause::Condvar);
}

/// The worker that waits for events is the one that polls the task it wakes. If that task blocks, another worker has
/// to wait for events, though nothing is queued that would wake one.
#[test]
fn a_task_that_blocks_the_worker_that_waited_for_events_does_not_stop_timers_and_sockets() {
    let test = "a_task_that_blocks_the_worker_that_waited_for_events_does_not_stop_timers_and_sockets";
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for cause in Cause::ALL {
            for run_number in 0..RUNS / 4 {
                eprintln!("{cause:?}, run {run_number}");
                let runtime = setting.runtime();
                let gate = Gate::closed();
                let (mut old, server) = run(&runtime, pair()).expect("loopback works");
                let echo = runtime.spawn(echo(server));
                let closed = gate.clone();
                let (tell, blocking) = futures::channel::oneshot::channel();
                let blocked = runtime.spawn(async move {
                    time::sleep(Duration::from_millis(1)).await;
                    tell.send(()).expect("the test listens");
                    closed.pass(cause);
                });
                // These wait before the other blocks, and nobody adds a task.
                let waits = runtime.spawn(async move {
                    time::sleep(Duration::from_millis(3)).await;
                    common::round_trips(&mut old, 3).await;
                });
                run(&runtime, async {
                    blocking.await.expect("it begins");
                    waits.await;
                });
                gate.open();
                run(&runtime, blocked);
                run(&runtime, echo);
            }
        }
    });
}

#[test]
fn the_only_runnable_task_behind_a_blocked_one_in_its_next_task_slot_runs() {
    let test = "the_only_runnable_task_behind_a_blocked_one_in_its_next_task_slot_runs";
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for cause in Cause::ALL {
            for _ in 0..RUNS / 4 {
                let runtime = setting.runtime();
                let gate = Gate::closed();
                let opens = gate.clone();
                let blocked = runtime.spawn(async move {
                    let behind = task::spawn(async move { opens.open() });
                    gate.pass(cause);
                    behind.await;
                });
                run(&runtime, blocked);
            }
        }
    });
}

#[test]
fn a_blocked_task_may_wait_for_tasks_in_its_own_queue() {
    let test = "a_blocked_task_may_wait_for_tasks_in_its_own_queue";
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for _ in 0..RUNS {
            let runtime = setting.runtime();
            let sum = runtime.spawn(async {
                let (send, receive) = mpsc::channel();
                for number in 0..50 {
                    let send = send.clone();
                    task::spawn(async move { send.send(number).expect("the blocked task listens") });
                }
                drop(send);
                receive.iter().sum::<i32>()
            });
            assert_eq!(run(&runtime, sum), (0..50).sum::<i32>());
        }
    });
}

#[test]
fn blocked_tasks_may_wait_for_each_other_in_a_chain() {
    let test = "blocked_tasks_may_wait_for_each_other_in_a_chain";
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for _ in 0..RUNS / 4 {
            let runtime = setting.runtime();
            let (first, mut last) = mpsc::channel::<u32>();
            for _ in 0..40 {
                let (send, receive) = mpsc::channel();
                let before = std::mem::replace(&mut last, receive);
                runtime.spawn(async move {
                    let number = before.recv().expect("the link before sends");
                    send.send(number + 1).expect("the link behind listens");
                });
            }
            let last = runtime.spawn_blocking(move || last.recv().expect("the chain ends"));
            first.send(0).expect("the first link listens");
            assert_eq!(run(&runtime, last), 40);
        }
    });
}

/// All of one type, so what one of them teaches is held against all.
fn boxed(future: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
    Box::pin(future)
}

#[test]
fn boxed_tasks_that_block_do_not_stop_boxed_tasks_that_do_not() {
    let test = "boxed_tasks_that_block_do_not_stop_boxed_tasks_that_do_not";
    in_children(test, settings(), |scenario| {
        let setting = setting(scenario);
        for cause in Cause::ALL {
            for run_number in 0..RUNS / 4 {
                eprintln!("{cause:?}, run {run_number}");
                let runtime = setting.runtime();
                let gate = Gate::closed();
                let mut blocked = Vec::new();
                let mut others = Vec::new();
                for _ in 0..setting.workers * 2 {
                    let gate = gate.clone();
                    blocked.push(runtime.spawn(boxed(async move { gate.pass(cause) })));
                    others.push(runtime.spawn(boxed(async {
                        for _ in 0..5 {
                            time::sleep(Duration::from_millis(1)).await;
                            task::yield_now().await;
                        }
                    })));
                }
                for other in others {
                    run(&runtime, other);
                }
                gate.open();
                for blocked in blocked {
                    run(&runtime, blocked);
                }
            }
        }
    });
}

#[test]
fn forty_sleeping_tasks_and_a_ticker_all_finish() {
    in_children("forty_sleeping_tasks_and_a_ticker_all_finish", settings(), |scenario| {
        let runtime = setting(scenario).runtime();
        for _ in 0..2 {
            let storm: Vec<_> =
                (0..40).map(|_| runtime.spawn(async { thread::sleep(Duration::from_millis(20)) })).collect();
            let ticker = runtime.spawn(async {
                for _ in 0..20 {
                    time::sleep(Duration::from_millis(1)).await;
                }
            });
            run(&runtime, async {
                ticker.await;
                for task in storm {
                    task.await;
                }
            });
        }
    });
}

#[test]
fn without_a_monitor_block_in_place_keeps_everything_going() {
    let test = "without_a_monitor_block_in_place_keeps_everything_going";
    in_children(test, ["1", "2", "4"], |workers| {
        let workers = workers.parse().expect("a number");
        for cause in Cause::ALL {
            let setting = Setting { workers, mode: Mode::NotLearning };
            let runtime = setting.builder().handoff_after(None).build().expect("a runtime starts");
            let gate = Gate::closed();
            let (mut old, server) = run(&runtime, pair()).expect("loopback works");
            let echo = runtime.spawn(echo(server));
            let (tell, blocking) = mpsc::channel();
            let blocked: Vec<_> = (0..2 * workers)
                .map(|_| {
                    let (gate, tell) = (gate.clone(), tell.clone());
                    runtime.spawn(async move {
                        task::block_in_place(|| {
                            tell.send(()).expect("the test listens");
                            gate.pass(cause);
                        });
                    })
                })
                .collect();
            for _ in &blocked {
                blocking.recv().expect("each begins");
            }
            run(&runtime, everything_goes_on(&mut old));
            gate.open();
            drop(old);
            for blocked in blocked {
                run(&runtime, blocked);
            }
            run(&runtime, echo);
        }
    });
}
