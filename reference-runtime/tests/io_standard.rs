//! The standard streams, in child processes that read from and write to pipes.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::talk::talk;
use common::{LONG, run};
use futures::StreamExt;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use reference_runtime::io::{copy, prelude::*, stderr, stdin, stdout};
use reference_runtime::{Runtime, block_on, task, time};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().worker_threads(workers).build().expect("a runtime starts")
}

fn set_nonblocking(stream: impl AsFd) {
    fcntl(stream, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it is a pipe");
}

/// Says something to the parent.
async fn tell(line: &str) {
    stderr().write_all(format!("{line}\n").as_bytes()).await.expect("the parent reads");
}

/// A line whose every piece tells whose it is; most are longer than what the pipe holds.
fn line(writer: usize, number: usize) -> String {
    format!("{writer}.{number} ").repeat(1 + 37 * (number % 50)) + "\n"
}

const WRITERS: usize = 12;
const LINES: usize = 60;

/// Tasks with a handle each or one for all, and threads with std's `println!`.
fn write_lines(scenario: &str) {
    #[cfg(target_os = "linux")]
    fcntl(io::stdout(), FcntlArg::F_SETPIPE_SZ(4096)).expect("it is a pipe, and as good as empty");
    if scenario == "nonblocking" {
        set_nonblocking(io::stdout());
    }
    let runtime = runtime(2);
    let shared = Arc::new(stdout());
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let shared = Arc::clone(&shared);
            runtime.spawn(async move {
                let mut own = stdout();
                for number in 0..LINES {
                    let line = line(writer, number);
                    match writer % 3 {
                        0 => own.write_all(line.as_bytes()).await.expect("the parent reads"),
                        1 => (&*shared).write_all(line.as_bytes()).await.expect("the parent reads"),
                        _ => {
                            let (start, end) = line.split_at(line.len() / 2);
                            let both = [start.as_bytes(), end.as_bytes()].map(io::IoSlice::new);
                            let written = own.write_vectored(&both).await.expect("the parent reads");
                            assert_eq!(written, line.len());
                        }
                    }
                }
            })
        })
        .collect();
    // std's own panics at a pipe that would block.
    let threads: Vec<_> = (WRITERS..WRITERS + 2)
        .filter(|_| scenario == "blocking")
        .map(|writer| thread::spawn(move || (0..LINES).for_each(|number| print!("{}", line(writer, number)))))
        .collect();
    run(&runtime, async {
        for task in tasks {
            task.await;
        }
        stdout().flush().await.expect("the parent reads");
    });
    threads.into_iter().for_each(|thread| thread.join().expect("the parent reads"));
}

#[test]
fn lines_of_many_tasks_and_threads_stay_whole() {
    for scenario in ["blocking", "nonblocking"] {
        talk("lines_of_many_tasks_and_threads_stay_whole", scenario, write_lines, |talk| {
            let mut stdout = talk.child.stdout.take().expect("it is piped");
            // In small bites, so that the pipe is full nearly all the time.
            let (mut text, mut bite) = (Vec::new(), [0; 1000]);
            loop {
                match stdout.read(&mut bite).expect("it can be read") {
                    0 => break,
                    length => text.extend_from_slice(&bite[..length]),
                }
            }
            let text = String::from_utf8(text).expect("it is text");
            let mut next = HashMap::new();
            for whole in text.split_inclusive('\n') {
                let writer = whole.split('.').next().and_then(|number| number.parse().ok());
                let writer: usize = writer.unwrap_or_else(|| panic!("{whole:?} begins with no number"));
                let number = next.entry(writer).or_insert(0);
                assert_eq!(whole, line(writer, *number));
                *number += 1;
            }
            let writers = WRITERS + if scenario == "blocking" { 2 } else { 0 };
            assert_eq!(next.len(), writers);
            assert!(next.values().all(|number| *number == LINES), "{next:?}");
        });
    }
}

/// One worker. What it writes does not fit into the pipe, and nobody reads before the others have run. A hundred more
/// that want to write wait without threads.
fn fill_the_pipe(_: &str) {
    let runtime = runtime(1);
    let (begun, has_begun) = futures::channel::oneshot::channel();
    let writer = runtime.spawn(async move {
        begun.send(()).expect("somebody waits");
        stdout().write_all(&[b'x'; 1 << 20]).await
    });
    run(&runtime, async {
        has_begun.await.expect("it begins");
        let more: Vec<_> = (0..100).map(|_| task::spawn(async { stdout().write_all(b"y").await })).collect();
        task::spawn(async {
            for _ in 0..1000 {
                task::yield_now().await;
            }
            time::sleep(Duration::from_millis(1)).await;
        })
        .await;
        assert!(runtime.metrics().threads() < 50, "{:?}", runtime.metrics());
        tell("the others have run").await;
        writer.await.expect("the parent reads");
        for task in more {
            task.await.expect("the parent reads");
        }
        stdout().flush().await.expect("the parent reads");
    });
}

#[test]
fn a_full_pipe_holds_up_only_who_writes() {
    talk("a_full_pipe_holds_up_only_who_writes", "full", fill_the_pipe, |talk| {
        talk.hear("the others have run");
        let text = talk.rest();
        assert_eq!(text.len(), (1 << 20) + 100);
        assert!(text.trim_start_matches('x').trim_start_matches('y').is_empty());
    });
}

#[test]
fn a_pipe_that_nobody_reads_is_an_error() {
    let child = |_: &str| {
        block_on(async {
            stdin().read_line(&mut String::new()).await.expect("the parent says when");
            let error = stdout().write_all(&[b'x'; 1 << 20]).await.expect_err("nobody reads");
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            // For good.
            let error = stdout().write_all(b"line\n").await.expect_err("nobody reads");
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        });
    };
    talk("a_pipe_that_nobody_reads_is_an_error", "broken", child, |talk| {
        drop(talk.child.stdout.take());
        talk.say("now\n");
    });
}

/// Reads until a line is there, giving up each attempt after a millisecond.
async fn impatient_line() -> String {
    let mut line = String::new();
    let mut attempts = 0;
    while time::timeout(Duration::from_millis(1), stdin().read_line(&mut line)).await.is_err() {
        attempts += 1;
        if attempts == 3 {
            tell("three times in vain").await;
        }
        assert_eq!(line, "");
    }
    line
}

/// Each scenario has its own idea of where bytes could be lost.
fn drop_reads(scenario: &str) {
    if scenario == "nonblocking" {
        set_nonblocking(io::stdin());
    }
    block_on(async {
        assert_eq!(impatient_line().await, "the first half, the second half\n");
        match scenario {
            "async" | "nonblocking" => {
                let mut buf = [0; 3];
                stdin().read_exact(&mut buf).await.expect("it is there");
                assert_eq!(&buf, b"nex");
                assert_eq!(impatient_line().await, "t\n");
            }
            _ => {
                // What we have not taken, std has.
                let mut line = String::new();
                io::stdin().read_line(&mut line).expect("it is there");
                assert_eq!(line, "next\n");
            }
        }
        let mut end = String::new();
        assert_eq!(stdin().read_line(&mut end).await.expect("it is there"), 9);
        assert_eq!(stdin().read_line(&mut end).await.expect("it is the end"), 0);
        assert_eq!(stdin().read(&mut [0]).await.expect("it is the end"), 0);
        assert_eq!(end, "no end...");
    });
}

#[test]
fn reads_that_are_dropped_lose_nothing() {
    for scenario in ["async", "sync", "nonblocking"] {
        talk("reads_that_are_dropped_lose_nothing", scenario, drop_reads, |talk| {
            talk.say("the first half");
            talk.hear("three times in vain");
            talk.say(", the second half\nnext\nno end...");
            talk.close();
        });
    }
}

/// Several tasks share the input: each line goes to one of them, whole.
fn share_the_input(_: &str) {
    let runtime = runtime(2);
    let count = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let count = Arc::clone(&count);
            runtime.spawn(async move {
                let mut line = String::new();
                while stdin().read_line(&mut line).await.expect("it is there") > 0 {
                    let (number, rest) =
                        line.strip_suffix('\n').and_then(|line| line.split_once(' ')).expect("it is whole");
                    let number: usize = number.parse().expect("it begins with a number");
                    assert_eq!(rest, "x".repeat(number * 7 % 20_000));
                    count.fetch_add(number, Ordering::Relaxed);
                    line.clear();
                }
            })
        })
        .collect();
    run(&runtime, async {
        for reader in readers {
            reader.await;
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), (0..1000).sum::<usize>());
}

#[test]
fn each_line_goes_to_one_of_those_who_read() {
    talk("each_line_goes_to_one_of_those_who_read", "shared", share_the_input, |talk| {
        for number in 0..1000 {
            talk.say(&format!("{number} {}\n", "x".repeat(number * 7 % 20_000)));
        }
        talk.close();
    });
}

/// The read of one runtime is under way when it shuts down; another one has what comes.
fn leave_a_runtime(_: &str) {
    let first = runtime(1);
    let reader = first.spawn(async { stdin().read_line(&mut String::new()).await });
    run(&first, async {
        let error = reference_runtime::io::timeout(Duration::from_millis(5), async {
            stdin().read_line(&mut String::new()).await
        });
        assert_eq!(error.await.expect_err("nobody types").kind(), io::ErrorKind::TimedOut);
    });
    first.shutdown_timeout(LONG).expect("nothing is stuck");
    drop(reader);
    let second = runtime(1);
    run(&second, async {
        tell("the first one is gone").await;
        let mut line = String::new();
        stdin().read_line(&mut line).await.expect("it is there");
        assert_eq!(line, "still there\n");
        // Pending when the process exits.
        drop(task::spawn(async { stdin().read_line(&mut String::new()).await }));
        time::sleep(Duration::from_millis(1)).await;
    });
}

#[test]
fn a_runtime_and_the_process_end_while_a_read_waits() {
    talk("a_runtime_and_the_process_end_while_a_read_waits", "leave", leave_a_runtime, |talk| {
        talk.hear("the first one is gone");
        talk.say("still there\n");
        // The input stays open.
        talk.ends();
    });
}

/// More than any buffer holds, through everything.
#[test]
fn a_large_input_comes_out_as_it_went_in() {
    let child = |_: &str| {
        let copied =
            block_on(async { copy(&mut stdin(), &mut stdout()).await }).expect("the parent does both");
        assert_eq!(copied, 4 << 20);
    };
    talk("a_large_input_comes_out_as_it_went_in", "large", child, |talk| {
        let text: String = (0..1 << 19).map(|number| format!("{:7}\n", number % 9_999_991)).collect();
        let mut stdin = talk.child.stdin.take().expect("it is piped");
        let sender = thread::spawn({
            let text = text.clone();
            move || stdin.write_all(text.as_bytes()).expect("the child reads")
        });
        assert!(talk.rest() == text);
        sender.join().expect("the child reads");
    });
}

/// The input has no end, and no line in it has one.
#[test]
fn a_time_out_ends_the_wait_for_a_line_without_end() {
    let child = |_: &str| {
        let endless =
            async { time::timeout(Duration::from_millis(20), stdin().read_line(&mut String::new())).await };
        block_on(endless).expect_err("it has no end");
        // What was read of it is still there, for whoever wants bytes.
        let mut some = vec![0; 100_000];
        block_on(async { stdin().read_exact(&mut some).await }).expect("there is more");
        assert_eq!(some, [b'x'; 100_000]);
    };
    talk("a_time_out_ends_the_wait_for_a_line_without_end", "endless", child, |talk| {
        let mut stdin = talk.child.stdin.take().expect("it is piped");
        // Until the child has ended.
        while stdin.write_all(&[b'x'; 4096]).is_ok() {}
    });
}

fn odd_lines(_: &str) {
    block_on(async {
        let error = stdin().read_line(&mut String::new()).await.expect_err("it is not UTF-8");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let lines: Vec<_> = stdin().lines().map(|line| line.expect("it is UTF-8")).collect().await;
        assert_eq!(lines, ["", "a carriage return", "ümlaut", "the end"]);
    });
}

#[test]
fn lines_are_those_of_std() {
    talk("lines_are_those_of_std", "odd", odd_lines, |talk| {
        let text = b"\xff\xfe\n\na carriage return\r\n\xc3\xbcmlaut\nthe end";
        talk.stdin().write_all(text).expect("the child reads");
        talk.close();
    });
}
