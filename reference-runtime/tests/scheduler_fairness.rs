//! Nobody waits for ever behind a task that always wants to run again.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use common::{Mode, Setting, echo, everything_goes_on, in_children, pair, run};
use futures::StreamExt;
use reference_runtime::{Runtime, task, time};

/// With and without a monitor.
fn runtimes() -> Vec<String> {
    ["1", "2", "4"].iter().flat_map(|n| [format!("{n} monitored"), format!("{n} alone")]).collect()
}

fn runtime(scenario: &str) -> Runtime {
    let (workers, monitor) = scenario.split_once(' ').expect("two words");
    let setting = Setting { workers: workers.parse().expect("a number"), mode: Mode::Learning };
    let mut builder = setting.builder();
    if monitor == "alone" {
        builder.handoff_after(None);
    }
    builder.build().expect("a runtime starts")
}

/// Ends what runs for ever, at the end of its scope.
#[derive(Clone, Default)]
struct End(Arc<AtomicBool>);

impl End {
    fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// While `busy` many tasks of one kind are at it, everything else goes on.
fn goes_on_beside<F>(scenario: &str, busy: usize, make: impl Fn(End) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(scenario);
    let end = End::default();
    let (mut old, server) = run(&runtime, pair()).expect("loopback works");
    let echo = runtime.spawn(echo(server));
    let tasks: Vec<_> = (0..busy).map(|_| runtime.spawn(make(end.clone()))).collect();
    for _ in 0..5 {
        run(&runtime, everything_goes_on(&mut old));
    }
    assert!(tasks.iter().all(|task| !task.is_finished()));
    end.0.store(true, Ordering::Relaxed);
    drop(old);
    run(&runtime, async {
        for task in tasks {
            task.await;
        }
        echo.await;
    });
}

#[test]
fn tasks_that_yield_for_ever_starve_neither_queues_nor_timers_nor_sockets() {
    let test = "tasks_that_yield_for_ever_starve_neither_queues_nor_timers_nor_sockets";
    in_children(test, runtimes(), |scenario| {
        for busy in [1, 10] {
            goes_on_beside(scenario, busy, |end| async move {
                while !end.has_come() {
                    task::yield_now().await;
                }
            });
        }
    });
}

#[test]
fn tasks_that_wake_themselves_for_ever_starve_nobody() {
    in_children("tasks_that_wake_themselves_for_ever_starve_nobody", runtimes(), |scenario| {
        goes_on_beside(scenario, 4, |end| {
            poll_fn(move |cx| {
                // Twice, and by value and by reference: one poll must follow, not two.
                cx.waker().wake_by_ref();
                let waker = cx.waker().clone();
                waker.wake();
                if end.has_come() { Poll::Ready(()) } else { Poll::Pending }
            })
        });
    });
}

#[test]
fn two_tasks_that_wake_each_other_for_ever_starve_nobody() {
    in_children("two_tasks_that_wake_each_other_for_ever_starve_nobody", runtimes(), |scenario| {
        goes_on_beside(scenario, 4, |end| async move {
            let (ping, mut pings) = futures::channel::mpsc::unbounded();
            let (pong, mut pongs) = futures::channel::mpsc::unbounded();
            let other = task::spawn(async move {
                while pings.next().await.is_some() {
                    // The other one may have left.
                    let _ = pong.unbounded_send(());
                }
            });
            while !end.has_come() {
                ping.unbounded_send(()).expect("the other task listens");
                pongs.next().await;
            }
            drop(ping);
            other.await;
        });
    });
}

#[test]
fn tasks_that_spawn_for_ever_starve_nobody() {
    in_children("tasks_that_spawn_for_ever_starve_nobody", runtimes(), |scenario| {
        goes_on_beside(scenario, 2, |end| async move {
            while !end.has_come() {
                task::spawn(async {}).await;
            }
        });
    });
}

#[test]
fn a_hundred_thousand_tasks_spawned_in_a_task_all_run_once() {
    in_children("a_hundred_thousand_tasks_spawned_in_a_task_all_run_once", runtimes(), |scenario| {
        let runtime = runtime(scenario);
        let polls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&polls);
        let all = runtime.spawn(async move {
            let mut tasks = Vec::new();
            for _ in 0..100_000 {
                let counter = Arc::clone(&counter);
                tasks.push(task::spawn(async move { _ = counter.fetch_add(1, Ordering::Relaxed) }));
            }
            for task in tasks {
                task.await;
            }
        });
        run(&runtime, all);
        assert_eq!(polls.load(Ordering::Relaxed), 100_000);
        assert_eq!(runtime.metrics().tasks(), 0);
    });
}

#[test]
fn no_wake_from_another_thread_is_lost() {
    in_children("no_wake_from_another_thread_is_lost", runtimes(), |scenario| {
        let runtime = runtime(scenario);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (to_task, mut in_task) = futures::channel::mpsc::unbounded::<u32>();
                let (to_thread, in_thread) = mpsc::channel();
                let task = runtime.spawn(async move {
                    while let Some(number) = in_task.next().await {
                        to_thread.send(number).expect("the thread listens");
                    }
                });
                let thread = thread::spawn(move || {
                    for number in 0..2_000 {
                        to_task.unbounded_send(number).expect("the task listens");
                        // Every wake is waited for, so each finds the workers asleep or about to be.
                        let answer = in_thread.recv_timeout(common::LONG);
                        assert_eq!(answer, Ok(number), "a wake was lost");
                    }
                });
                (task, thread)
            })
            .collect();
        for (task, thread) in threads {
            thread.join().expect("no wake is lost");
            run(&runtime, task);
        }
    });
}

#[test]
fn the_branches_of_a_join_in_one_task_run_one_after_the_other_and_separate_tasks_beside_each_other() {
    let runtime = Runtime::builder().worker_threads(2).build().expect("a runtime starts");
    let running = Arc::new(AtomicUsize::new(0));
    let branch = |running: Arc<AtomicUsize>| async move {
        task::block_in_place(|| {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "another branch runs");
            thread::sleep(Duration::from_millis(5));
            running.fetch_sub(1, Ordering::SeqCst);
        });
    };
    let (one, other) = (branch(Arc::clone(&running)), branch(running));
    run(&runtime, runtime.spawn(async { _ = futures::join!(one, other) }));
    // Each waits for the other, which only works at the same time.
    let barrier = Arc::new(std::sync::Barrier::new(8));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            runtime.spawn(async move { _ = task::block_in_place(|| barrier.wait()) })
        })
        .collect();
    run(&runtime, async {
        for task in tasks {
            task.await;
        }
    });
}

#[test]
fn a_task_is_never_polled_by_two_threads_at_once() {
    struct Once {
        is_polled: Arc<AtomicBool>,
        polls: usize,
    }
    impl Future for Once {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
            assert!(!self.is_polled.swap(true, Ordering::SeqCst), "two polls at once");
            self.polls += 1;
            let waker = cx.waker().clone();
            // Woken from another thread while it is polled.
            let woken = thread::spawn(move || waker.wake());
            if self.polls % 3 == 0 {
                woken.join().expect("no panic");
            }
            self.is_polled.store(false, Ordering::SeqCst);
            if self.polls == 100 { Poll::Ready(()) } else { Poll::Pending }
        }
    }
    in_children("a_task_is_never_polled_by_two_threads_at_once", ["1", "2", "4"], |workers| {
        let setting = Setting { workers: workers.parse().expect("a number"), mode: Mode::Learning };
        let runtime = setting.runtime();
        let tasks: Vec<_> =
            (0..4).map(|_| runtime.spawn(Once { is_polled: Arc::default(), polls: 0 })).collect();
        run(&runtime, async {
            for task in tasks {
                task.await;
            }
            time::sleep(Duration::from_millis(1)).await;
        });
    });
}

/// What waits at any moment is little, and not worth a second worker by itself; but the first one has no rest.
#[test]
fn a_worker_that_cannot_keep_up_with_a_few_short_tasks_is_helped() {
    in_children("a_worker_that_cannot_keep_up_with_a_few_short_tasks_is_helped", ["2"], |_| {
        // The kernel would tell, beside other tests, that there is no core for a second worker.
        let runtime = Setting { workers: 2, mode: Mode::TimeAlone }.runtime();
        let (end, first) = (End::default(), Arc::new(OnceLock::new()));
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let short = move || {
            let (end, first, turns) = (end.clone(), Arc::clone(&first), Arc::clone(&counted));
            async move {
                while !end.has_come() {
                    let until = Instant::now() + Duration::from_micros(10);
                    while Instant::now() < until {}
                    let this = thread::current().id();
                    if *first.get_or_init(|| this) != this {
                        end.0.store(true, Ordering::Relaxed);
                    }
                    turns.fetch_add(1, Ordering::Relaxed);
                    task::yield_now().await;
                }
            }
        };
        // From within, so that all are in the queue of one worker; and when the other one sleeps.
        let spawner = runtime.spawn(async move {
            time::sleep(Duration::from_millis(50)).await;
            (0..8).map(|_| task::spawn(short())).collect::<Vec<_>>()
        });
        run(&runtime, async {
            for task in spawner.await {
                task.await;
            }
        });
        // Twenty milliseconds are two thousand turns. Without the rule, chance does it after tens of thousands.
        assert!(turns.load(Ordering::Relaxed) < 8_000, "helped after {turns:?} turns");
    });
}
