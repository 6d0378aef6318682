//! Reports as lines on stderr, and as calls of hooks that are slow or panic.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Cause, Gate, LONG, in_a_child_with, run};
use reference_runtime::{Builder, Runtime};

const VARIABLE: &str = "REFERENCE_RUNTIME_BLOCKED";
/// Tells a process that it is the child of one of these tests.
const IS_CHILD: &str = "REFERENCE_RUNTIME_TEST_LINES";

fn is_child() -> bool {
    std::env::var_os(IS_CHILD).is_some()
}

/// This test once more, in a process of its own.
fn child(test: &str, value: Option<&str>) -> Command {
    let mut child = Command::new(std::env::current_exe().expect("a test has a path"));
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(IS_CHILD, "1").env_remove(VARIABLE);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(value) = value {
        child.env(VARIABLE, value);
    }
    child
}

/// What the child has written to stderr by its end.
fn stderr_of(test: &str, value: Option<&str>) -> String {
    let output = child(test, value).stdin(Stdio::null()).output().expect("the test starts once more");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("1 passed"), "{out}");
    err.into_owned()
}

/// Ends the child if the test takes far too long.
fn watch(child: Child) -> Arc<Mutex<Child>> {
    let child = Arc::new(Mutex::new(child));
    let watched = Arc::clone(&child);
    thread::spawn(move || {
        thread::sleep(2 * LONG);
        let _ = watched.lock().expect("no panic").kill();
    });
    child
}

fn builder() -> Builder {
    let mut builder = Runtime::builder();
    builder.worker_threads(1).learn(false);
    builder
}

/// A runtime, and what hears of each poll that it finds blocked.
fn runtime() -> (Runtime, mpsc::Receiver<()>) {
    let (tell, told) = mpsc::channel();
    let runtime = builder().on_blocked(move |_| _ = tell.send(())).build().expect("a runtime starts");
    (runtime, told)
}

/// A poll that blocks until it is reported.
fn block(runtime: &Runtime, told: &mpsc::Receiver<()>) {
    let gate = Gate::closed();
    let closed = gate.clone();
    let blocked = runtime.spawn(async move { closed.pass(Cause::EmptyPipe) });
    let waits = runtime.spawn(async {});
    told.recv_timeout(LONG).expect("it is found");
    run(runtime, waits);
    gate.open();
    run(runtime, blocked);
}

fn block_once() {
    let (runtime, told) = runtime();
    block(&runtime, &told);
}

/// The lines of ours.
fn lines(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.starts_with("reference-runtime: ")).collect()
}

#[test]
fn a_line_names_the_poll_if_it_is_asked_for() {
    if is_child() {
        return block_once();
    }
    let stderr = stderr_of("a_line_names_the_poll_if_it_is_asked_for", Some("1"));
    let lines = lines(&stderr);
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(
        lines[0].contains("report_lines.rs:") && lines[0].contains(" blocked its thread for "),
        "{stderr}"
    );
    assert!(lines[0].contains("threads left"), "{stderr}");
}

#[test]
fn without_the_variable_there_is_no_line() {
    if is_child() {
        return block_once();
    }
    for value in [None, Some(""), Some("0"), Some("off"), Some("3600s")] {
        let stderr = stderr_of("without_the_variable_there_is_no_line", value);
        assert_eq!(lines(&stderr), [""; 0], "{value:?}: {stderr}");
    }
}

#[test]
fn a_poll_that_stays_away_has_a_line_before_it_comes_back() {
    if is_child() {
        let (runtime, told) = runtime();
        let gate = Gate::closed();
        let closed = gate.clone();
        let blocked = runtime.spawn(async move { closed.pass(Cause::EmptyPipe) });
        told.recv_timeout(LONG).expect("it is found");
        // Until the other process has read the line.
        std::io::stdin().read_to_end(&mut Vec::new()).expect("it is a pipe");
        gate.open();
        return run(&runtime, blocked);
    }
    let mut child = child("a_poll_that_stays_away_has_a_line_before_it_comes_back", Some("1"))
        .spawn()
        .expect("the test starts once more");
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take().expect("it is piped"));
    let child = watch(child);
    let mut lines = BufReader::new(stderr).lines().map(|line| line.expect("it is text"));
    let first = lines.find(|line| line.starts_with("reference-runtime: ")).expect("a line");
    assert!(first.contains(" has blocked its thread for ") && first.contains(" so far"), "{first}");
    drop(stdin);
    let second = lines.find(|line| line.starts_with("reference-runtime: ")).expect("another line");
    assert!(second.contains(" blocked its thread for ") && !second.contains(" so far"), "{second}");
    assert!(child.lock().expect("no panic").wait().expect("it is ours").success());
}

#[test]
fn polls_of_one_place_share_a_line_a_second() {
    const POLLS: usize = 30;
    if is_child() {
        let began = Instant::now();
        let (runtime, told) = runtime();
        for _ in 0..POLLS {
            block(&runtime, &told);
        }
        // From another place.
        let gate = Gate::closed();
        let closed = gate.clone();
        let other = runtime.spawn(async move { closed.pass(Cause::Park) });
        told.recv_timeout(LONG).expect("it is found");
        gate.open();
        run(&runtime, other);
        drop(runtime);
        println!("took {} s", began.elapsed().as_secs());
        return;
    }
    let test = "polls_of_one_place_share_a_line_a_second";
    let output = child(test, Some("1")).output().expect("the test starts once more");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let took = out.split("took ").nth(1).and_then(|rest| rest.split(' ').next());
    let seconds: usize = took.expect("it says").parse().expect("a number");
    let mut lines = lines(&err);
    // Of a machine so slow that a poll stays away for 100 ms there are lines that say that.
    lines.retain(|line| !line.contains(" so far"));
    let left_out = |line: &&str| -> Option<usize> {
        line.split_once(" such lines were left out")?.0.rsplit('(').next()?.parse().ok()
    };
    let left_out: usize = lines.iter().filter_map(left_out).sum();
    assert_eq!(lines.len() + left_out, POLLS + 1, "{err}");
    assert!(lines.len() <= 2 + seconds * 2, "{seconds} s: {err}");
}

/// Nobody reads what goes to stderr, and the pipe is full.
#[test]
fn a_stderr_that_takes_nothing_does_not_stop_the_runtime() {
    if is_child() {
        thread::spawn(|| {
            loop {
                let _ = std::io::stderr().write_all(&[b'x'; 1024]);
            }
        });
        let (runtime, told) = runtime();
        for _ in 0..300 {
            block(&runtime, &told);
        }
        drop(runtime);
        println!("all went on");
        process::exit(0);
    }
    let mut child = child("a_stderr_that_takes_nothing_does_not_stop_the_runtime", Some("1"))
        .spawn()
        .expect("the test starts once more");
    let (out, _stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take());
    let child = watch(child);
    let mut lines = BufReader::new(out).lines().map(|line| line.expect("it is text"));
    assert!(lines.any(|line| line.ends_with("all went on")));
    assert!(child.lock().expect("no panic").wait().expect("it is ours").success());
}

#[test]
fn a_value_that_is_no_time_is_refused_with_what_to_write() {
    let test = "a_value_that_is_no_time_is_refused_with_what_to_write";
    in_a_child_with(test, &[(VARIABLE, "sometimes")], || {
        let error = Runtime::new().expect_err("it is refused").to_string();
        assert!(
            error.contains(VARIABLE) && error.contains("sometimes") && error.contains("100ms"),
            "{error}"
        );
    });
}

/// While a hook does not come back, polls are found and their processors handed on as ever.
#[test]
fn a_hook_that_blocks_delays_reports_and_nothing_else() {
    let gate = Gate::closed();
    let closed = gate.clone();
    let (tell, told) = mpsc::channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let runtime = builder()
        .on_blocked(move |_| {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                tell.send(()).expect("the test listens");
                closed.pass(Cause::Park);
            }
        })
        .build()
        .expect("a runtime starts");
    let block = || {
        let (send, receive) = mpsc::channel();
        let blocked = runtime.spawn(async move { receive.recv() });
        runtime.spawn(async move { send.send(()) }).detach();
        run(&runtime, blocked).expect("the other task sends");
    };
    block();
    told.recv_timeout(LONG).expect("the hook is called");
    while runtime.metrics().dropped_reports() == 0 {
        block();
    }
    // Before anything is asserted: the end of the runtime waits for the hook.
    gate.open();
    let metrics = runtime.metrics();
    drop(runtime);
    let polls = metrics.blocked_polls() + metrics.computing_polls() + metrics.unknown_polls();
    assert!(polls > 1024, "so many wait for the hook: {polls}");
    let told = calls.load(Ordering::SeqCst) as u64;
    assert!(told + metrics.dropped_reports() >= polls, "{told} and {}", metrics.dropped_reports());
}

/// The end of a runtime waits for the hook, as it does for polls.
#[test]
fn a_dropped_runtime_calls_no_hook_any_more() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (blocked, returned) = (Arc::clone(&calls), Arc::clone(&calls));
    let runtime = builder()
        .on_blocked(move |_| _ = blocked.fetch_add(1, Ordering::SeqCst))
        .on_returned(move |poll| {
            returned.fetch_add(usize::from(poll.blocked().is_some()), Ordering::SeqCst);
            panic!("a hook panics, as it should");
        })
        .build()
        .expect("a runtime starts");
    for _ in 0..3 {
        let (send, receive) = mpsc::channel();
        let blocked = runtime.spawn(async move { receive.recv() });
        runtime.spawn(async move { send.send(()) }).detach();
        run(&runtime, blocked).expect("the other task sends");
    }
    drop(runtime);
    let told = calls.load(Ordering::SeqCst);
    assert!(told >= 2 && told % 2 == 0, "each poll that was found has come back: {told}");
    assert_eq!(Arc::strong_count(&calls), 1, "the hooks are gone");
}

#[test]
fn a_shutdown_with_a_limit_does_not_wait_for_a_hook_for_longer() {
    let gate = Gate::closed();
    let closed = gate.clone();
    let (tell, told) = mpsc::channel();
    let hook = move || {
        tell.send(()).expect("the test listens");
        closed.pass(Cause::Park);
    };
    let runtime = builder().on_blocked(move |_| hook()).build().expect("a runtime starts");
    let (send, receive) = mpsc::channel();
    let blocked = runtime.spawn(async move { receive.recv() });
    runtime.spawn(async move { send.send(()) }).detach();
    run(&runtime, blocked).expect("the other task sends");
    told.recv_timeout(LONG).expect("the hook is called");
    runtime.shutdown_timeout(Duration::from_millis(10)).expect("no task is stuck");
    gate.open();
}
