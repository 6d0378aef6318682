//! What comes from outside and passes: a storm, signals, a clock that is set.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::{Cause, Gate, echo, everything_goes_on, in_children, pair, run, threads_named, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reference_runtime::Runtime;
use reference_runtime::signal::unix::{SignalKind, signal};

/// Once a storm is over, its threads are given back, and the next storm gets new ones.
#[test]
fn a_storm_leaves_no_threads_behind() {
    in_children("a_storm_leaves_no_threads_behind", ["1", "2", "4"], |workers| {
        let workers = workers.parse().expect("a number");
        let runtime = Runtime::builder()
            .worker_threads(workers)
            .thread_name("storm")
            .thread_keep_alive(Duration::from_millis(1))
            .build()
            .expect("a runtime starts");
        for _ in 0..3 {
            let gate = Gate::closed();
            let blocked: Vec<_> = (0..40)
                .map(|_| {
                    let gate = gate.clone();
                    runtime.spawn(async move { gate.pass(Cause::Condvar) })
                })
                .collect();
            until("all of them have a thread", || runtime.metrics().threads() >= 40);
            gate.open();
            for blocked in blocked {
                run(&runtime, blocked);
            }
            until("they are gone", || runtime.metrics().threads() <= workers);
            until("the system says so, too", || threads_named("storm") <= workers + 1);
        }
    });
}

/// Every system call that waits may come back early and say that a signal was the reason. What waits for events or for
/// a time is not even begun again by the kernel.
#[test]
fn signals_interrupt_nothing() {
    in_children("signals_interrupt_nothing", ["1", "2"], |workers| {
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .build()
            .expect("a runtime starts");
        // Without a handler the signal would end the process.
        let listener = signal(SignalKind::user_defined1()).expect("the signal can be caught");
        let is_over = Arc::new(AtomicBool::new(false));
        let sender = {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    for (thread, _) in common::threads() {
                        // The number of a thread stands for its process, but the kernel asks that thread first.
                        let thread = Pid::from_raw(i32::try_from(thread).expect("such a number"));
                        // It may have ended.
                        let _ = kill(thread, Signal::SIGUSR1);
                    }
                    thread::yield_now();
                }
            })
        };
        let (mut old, server) = run(&runtime, pair()).expect("loopback works");
        let echo = runtime.spawn(echo(server));
        for _ in 0..20 {
            run(&runtime, everything_goes_on(&mut old));
        }
        is_over.store(true, Ordering::SeqCst);
        sender.join().expect("it does not panic");
        drop((old, listener));
        run(&runtime, echo);
    });
}

/// Timers, looks and keep-alives go by the clock that nobody sets. The other one is for what people read.
#[test]
fn nothing_but_reports_asks_the_clock_that_jumps() {
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("a folder that was opened can be read").path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for part in ["scheduler", "reactor", "runnable", "queue", "park", "time"] {
        sources(&root.join(part), &mut found);
    }
    assert!(found.len() > 30, "the sources were found");
    for path in found {
        let text = fs::read_to_string(&path).expect("a source can be read");
        for clock in ["SystemTime", "UNIX_EPOCH", "CLOCK_REALTIME", "ClockId::Realtime"] {
            assert!(!text.contains(clock), "{} asks {clock}", path.display());
        }
    }
}
