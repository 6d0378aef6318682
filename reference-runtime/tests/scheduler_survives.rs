//! What may happen to a poll after its processor was taken away, and to the process around it.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{everything_goes_on, in_children, pair, run, until};
use futures::channel::oneshot;
use nix::fcntl::{Flock, FlockArg};
use reference_runtime::task::JoinHandle;
use reference_runtime::{Runtime, task, time};

/// A runtime whose only worker is stuck in a poll, and has lost its processor to another thread.
struct Revoked<T> {
    runtime: Runtime,
    task: JoinHandle<T>,
    end: mpsc::Sender<()>,
}

impl<T: Send + 'static> Revoked<T> {
    /// `then` is what the poll does once the thread is let go.
    fn new(then: impl FnOnce() -> T + Send + 'static) -> Self {
        let runtime =
            Runtime::builder().worker_threads(1).thread_name("w").build().expect("a runtime starts");
        let (end, ends) = mpsc::channel::<()>();
        let task = runtime.spawn(async move {
            let _ = ends.recv();
            then()
        });
        // Somebody has to gain from the hand-off.
        run(&runtime, runtime.spawn(async {}));
        until("the processor has changed hands", || runtime.metrics().hand_offs() > 0);
        Self { runtime, task, end }
    }

    /// Lets the poll go on, and gives what its handle gives.
    fn let_go(self) -> (Runtime, Result<T, task::JoinError>) {
        drop(self.end);
        let joined = run(&self.runtime, self.task.join());
        (self.runtime, joined)
    }
}

fn everything_works(runtime: &Runtime) {
    let (mut old, server) = run(runtime, pair()).expect("loopback works");
    let echo = runtime.spawn(common::echo(server));
    run(runtime, everything_goes_on(&mut old));
    drop(old);
    run(runtime, echo);
}

#[test]
fn what_a_revoked_poll_wakes_runs_before_it_returns() {
    in_children("what_a_revoked_poll_wakes_runs_before_it_returns", ["ten thousand"], |_| {
        const TASKS: usize = 10_000;
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..TASKS).map(|_| oneshot::channel::<()>()).unzip();
        let ran = Arc::new(AtomicUsize::new(0));
        let all_ran = Arc::clone(&ran);
        let (spawned, are_spawned) = mpsc::channel::<()>();
        let revoked = Revoked::new(move || {
            are_spawned.recv().expect("the test says so");
            for sender in senders {
                sender.send(()).expect("a task waits for it");
            }
            // Still in the same poll: if what it woke stayed in its own queue, nobody would ever run it.
            until("all that was woken has run", || all_ran.load(Ordering::SeqCst) == TASKS);
        });
        let tasks: Vec<_> = receivers
            .into_iter()
            .map(|receiver| {
                let ran = Arc::clone(&ran);
                revoked.runtime.spawn(async move {
                    receiver.await.expect("it is sent");
                    ran.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        // All of them wait: the queue is in order, and this one is behind them.
        run(&revoked.runtime, revoked.runtime.spawn(async {}));
        spawned.send(()).expect("the poll waits for it");
        let (runtime, joined) = revoked.let_go();
        joined.expect("no panic");
        for task in tasks {
            run(&runtime, task);
        }
        assert_eq!(ran.load(Ordering::SeqCst), TASKS, "each ran once");
        everything_works(&runtime);
    });
}

#[test]
fn a_panic_after_the_revocation_goes_to_the_handle() {
    in_children(
        "a_panic_after_the_revocation_goes_to_the_handle",
        ["string", "payload that panics"],
        |scenario| {
            struct PanicsWhenDropped;
            impl Drop for PanicsWhenDropped {
                fn drop(&mut self) {
                    panic!("the payload's destructor");
                }
            }
            let is_string = scenario == "string";
            let revoked = Revoked::new(move || {
                if is_string {
                    panic!("late");
                }
                std::panic::panic_any(PanicsWhenDropped);
            });
            let (runtime, joined) = revoked.let_go();
            let error = joined.expect_err("it panicked");
            assert!(error.is_panic());
            let payload = error.into_panic();
            if is_string {
                assert_eq!(payload.downcast_ref(), Some(&"late"));
            } else {
                assert!(
                    catch_unwind(AssertUnwindSafe(|| drop(payload))).is_err(),
                    "it is the task's own payload"
                );
            }
            everything_works(&runtime);
        },
    );
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_blocked_task_that_nobody_wants_any_more_is_dropped_once_and_when_it_returns() {
    let test = "a_blocked_task_that_nobody_wants_any_more_is_dropped_once_and_when_it_returns";
    in_children(test, ["aborted", "detached", "aborted and detached", "aborted by a shutdown"], |scenario| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (mine, output) = (Counted(Arc::clone(&drops)), Counted(Arc::clone(&drops)));
        let runtime = Runtime::builder().worker_threads(1).build().expect("a runtime starts");
        let (end, ends) = mpsc::channel::<()>();
        let (tell, goes_on) = mpsc::channel::<()>();
        let task = runtime.spawn(async move {
            let _ = ends.recv();
            tell.send(()).expect("the test listens");
            // Where an abort takes effect.
            task::yield_now().await;
            drop(mine);
            output
        });
        run(&runtime, runtime.spawn(async {}));
        until("the processor has changed hands", || runtime.metrics().hand_offs() > 0);
        if scenario != "detached" {
            task.abort();
        }
        let handle = (scenario == "aborted").then_some(task);
        assert_eq!(drops.load(Ordering::SeqCst), 0, "its poll still uses both");
        let mut runtime = Some(runtime);
        if scenario == "aborted by a shutdown" {
            let stuck = runtime.take().expect("it is there").shutdown_timeout(Duration::from_millis(20));
            assert_eq!(stuck.expect_err("one has not come back").spawned_at().len(), 1);
            assert_eq!(drops.load(Ordering::SeqCst), 0);
        }
        drop(end);
        goes_on.recv().expect("it goes on");
        if let (Some(handle), Some(runtime)) = (handle, &runtime) {
            assert!(run(runtime, handle.join()).err().expect("it was aborted in time").is_cancelled());
        }
        until("both are dropped", || drops.load(Ordering::SeqCst) == 2);
        drop(runtime);
        assert_eq!(drops.load(Ordering::SeqCst), 2, "and neither of them twice");
    });
}

#[test]
fn block_on_in_block_in_place_in_a_revoked_poll_runs_and_gives_the_thread_back() {
    let test = "block_on_in_block_in_place_in_a_revoked_poll_runs_and_gives_the_thread_back";
    in_children(test, ["nested"], |_| {
        let revoked = Revoked::new(|| {
            task::block_in_place(|| {
                reference_runtime::block_on(async {
                    time::sleep(Duration::from_millis(1)).await;
                    let inner = task::spawn(async { task::block_in_place(|| 6) });
                    task::block_in_place(|| reference_runtime::block_on(async { inner.await * 7 }))
                })
            })
        });
        let (runtime, joined) = revoked.let_go();
        assert_eq!(joined.expect("no panic"), 42);
        everything_works(&runtime);
    });
}

#[test]
fn tasks_that_wait_for_a_file_lock_stop_nobody_else() {
    in_children("tasks_that_wait_for_a_file_lock_stop_nobody_else", ["1", "2", "4"], |scenario| {
        let workers: usize = scenario.parse().expect("a number");
        let path = std::env::temp_dir().join(format!("reference-runtime-lock-{}", std::process::id()));
        let open = || File::create(&path).expect("the folder for temporary files can be written");
        let held =
            Flock::lock(open(), FlockArg::LockExclusive).map_err(|(_, error)| error).expect("nobody has it");
        let runtime = Runtime::builder().worker_threads(workers).build().expect("a runtime starts");
        let (mut old, server) = run(&runtime, pair()).expect("loopback works");
        let echo = runtime.spawn(common::echo(server));
        let files: Vec<_> = (0..2 * workers).map(|_| open()).collect();
        let lockers: Vec<_> = files
            .into_iter()
            .map(|file| {
                runtime.spawn(async move {
                    let lock = Flock::lock(file, FlockArg::LockExclusive);
                    drop(lock.map_err(|(_, error)| error).expect("a lock can be waited for"));
                })
            })
            .collect();
        run(&runtime, everything_goes_on(&mut old));
        assert!(lockers.iter().all(|locker| !locker.is_finished()));
        drop(held);
        for locker in lockers {
            run(&runtime, locker);
        }
        drop(old);
        run(&runtime, echo);
        std::fs::remove_file(path).expect("it was made here");
    });
}

/// Each is longer than the monitor's patience with one that computes.
#[test]
fn computing_polls_on_every_worker_hold_up_neither_timers_nor_sockets() {
    let test = "computing_polls_on_every_worker_hold_up_neither_timers_nor_sockets";
    in_children(test, ["1", "2", "4"], |scenario| {
        let workers: usize = scenario.parse().expect("a number");
        let runtime = Runtime::builder().worker_threads(workers).build().expect("a runtime starts");
        let (mut old, server) = run(&runtime, pair()).expect("loopback works");
        let echo = runtime.spawn(common::echo(server));
        let is_over = Arc::new(AtomicBool::new(false));
        let computing: Vec<_> = (0..workers)
            .map(|_| {
                let is_over = Arc::clone(&is_over);
                runtime.spawn(async move {
                    while !is_over.load(Ordering::Relaxed) {
                        let until = Instant::now() + Duration::from_millis(50);
                        while Instant::now() < until {
                            std::hint::spin_loop();
                        }
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        run(&runtime, everything_goes_on(&mut old));
        is_over.store(true, Ordering::Relaxed);
        for task in computing {
            run(&runtime, task);
        }
        drop(old);
        run(&runtime, echo);
    });
}

/// A process that is stopped has no poll that goes on; to the clock it looks as if all of them did.
#[test]
fn a_process_that_is_stopped_and_continued_goes_on_with_its_threads() {
    in_children(
        "a_process_that_is_stopped_and_continued_goes_on_with_its_threads",
        ["busy", "idle"],
        |scenario| {
            let runtime =
                Runtime::builder().worker_threads(2).thread_name("w").build().expect("a runtime starts");
            let (mut old, server) = run(&runtime, pair()).expect("loopback works");
            let echo = runtime.spawn(common::echo(server));
            let is_over = Arc::new(AtomicBool::new(false));
            let yielding: Vec<_> = (0..if scenario == "busy" { 8 } else { 0 })
                .map(|_| {
                    let is_over = Arc::clone(&is_over);
                    runtime.spawn(async move {
                        while !is_over.load(Ordering::Relaxed) {
                            task::yield_now().await;
                        }
                    })
                })
                .collect();
            let stop = format!("kill -STOP {0}; sleep 0.05; kill -CONT {0}", std::process::id());
            for _ in 0..10 {
                let stopped = Command::new("sh").args(["-c", &stop]).stdin(Stdio::null()).status();
                assert!(stopped.expect("there is a shell").success());
                // Waits that were interrupted are taken up again.
                run(&runtime, everything_goes_on(&mut old));
            }
            is_over.store(true, Ordering::Relaxed);
            for task in yielding {
                run(&runtime, task);
            }
            let metrics = runtime.metrics();
            // No poll of these ever blocks. A worker may be taken for stuck now and then, on a machine with other load: not
            // each of them at each stop.
            assert!(metrics.peak_threads() <= 2 + 4, "{metrics:?}");
            drop(old);
            run(&runtime, echo);
        },
    );
}

/// Starting a process copies this one, with its threads in whatever state they are.
#[test]
fn processes_started_in_tasks_start_and_stop_nobody() {
    in_children("processes_started_in_tasks_start_and_stop_nobody", ["sixty"], |_| {
        let runtime = Runtime::builder().worker_threads(2).build().expect("a runtime starts");
        let (mut old, server) = run(&runtime, pair()).expect("loopback works");
        let echo = runtime.spawn(common::echo(server));
        let programs: Vec<_> = (0..60)
            .map(|_| {
                runtime.spawn(async {
                    let output = Command::new("sh").args(["-c", "echo here"]).stdin(Stdio::null()).output();
                    output.expect("there is a shell").stdout
                })
            })
            .collect();
        run(&runtime, everything_goes_on(&mut old));
        for program in programs {
            assert_eq!(run(&runtime, program), b"here\n");
        }
        drop(old);
        run(&runtime, echo);
    });
}

/// Both workers are busy for ever, and one socket after the other has something to say; a timer is not forgotten.
#[test]
fn a_flood_of_events_beside_busy_workers_holds_up_no_timer() {
    in_children("a_flood_of_events_beside_busy_workers_holds_up_no_timer", ["1", "2"], |scenario| {
        let workers: usize = scenario.parse().expect("a number");
        let runtime = Runtime::builder().worker_threads(workers).build().expect("a runtime starts");
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for _ in 0..32 {
            let (mut client, server) = run(&runtime, pair()).expect("loopback works");
            tasks.push(runtime.spawn(common::echo(server)));
            let is_over = Arc::clone(&is_over);
            tasks.push(runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    common::round_trips(&mut client, 10).await;
                }
            }));
        }
        for _ in 0..workers {
            let is_over = Arc::clone(&is_over);
            tasks.push(runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    task::yield_now().await;
                }
            }));
        }
        run(&runtime, async {
            for _ in 0..50 {
                time::sleep(Duration::from_millis(1)).await;
            }
        });
        is_over.store(true, Ordering::Relaxed);
        for task in tasks {
            run(&runtime, task);
        }
    });
}

/// The poll comes back, again and again, in the moment in which the monitor may be taking its processor.
#[test]
fn a_poll_that_ends_while_its_processor_is_taken_costs_nobody_anything() {
    in_children(
        "a_poll_that_ends_while_its_processor_is_taken_costs_nobody_anything",
        ["1", "2"],
        |scenario| {
            let workers: usize = scenario.parse().expect("a number");
            let mut builder = Runtime::builder();
            builder.worker_threads(workers).handoff_after(Some(Duration::from_micros(200))).learn(false);
            let runtime = builder.build().expect("a runtime starts");
            let order = Arc::new(Mutex::new(Vec::new()));
            // From well before to well after the second look.
            let naps = (0..400_u64).map(|number| Duration::from_micros(number % 40 * 20));
            let tasks: Vec<_> = naps
                .enumerate()
                .map(|(number, nap)| {
                    let order = Arc::clone(&order);
                    runtime.spawn(async move {
                        thread::sleep(nap);
                        task::yield_now().await;
                        order.lock().expect("no panic").push(number);
                    })
                })
                .collect();
            for task in tasks {
                run(&runtime, task);
            }
            let mut order = std::mem::take(&mut *order.lock().expect("no panic"));
            order.sort_unstable();
            assert!(order.into_iter().eq(0..400), "each ran once");
            everything_works(&runtime);
        },
    );
}
