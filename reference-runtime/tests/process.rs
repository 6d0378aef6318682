//! Programs that are started, talked to, waited for, stopped and forgotten.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::{Pin, pin};
use std::time::Duration;

use common::{descriptors, in_children, run, until};
use futures::FutureExt;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::process::{Child, Command, Stdio};
use reference_runtime::{Runtime, task, time};

fn runtime() -> Runtime {
    Runtime::builder().worker_threads(2).build().expect("a runtime starts")
}

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null());
    command
}

/// Whether the system still has an entry for a process, be it a zombie.
fn is_listed(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn much_on_both_outputs_is_collected_whole() {
    let runtime = runtime();
    // Each is more than a pipe holds, and the second comes while nobody would read it if the first was read to its end.
    let script =
        "head -c 1000000 /dev/zero; head -c 2000000 /dev/zero >&2; head -c 1000000 /dev/zero; exit 7";
    let output = run(&runtime, async { sh(script).output().await }).expect("there is a shell");
    assert_eq!((output.stdout.len(), output.stderr.len()), (2_000_000, 2_000_000));
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn input_goes_through_a_program_while_its_output_is_read() {
    let runtime = runtime();
    run(&runtime, async {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("there is cat");
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let writing = task::spawn(async move {
            for number in 0..200_u8 {
                stdin.write_all(&[number; 5_000]).await.expect("it reads");
            }
            stdin.close().await.expect("it is open");
            let error = stdin.write(b"x").await.expect_err("it is closed");
            assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
        });
        let mut back = Vec::new();
        stdout.read_to_end(&mut back).await.expect("it writes");
        writing.await;
        assert!(back.chunks(5_000).zip(0..200).all(|(chunk, number)| chunk == [number; 5_000]));
        assert_eq!(back.len(), 1_000_000);
        assert!(child.wait().await.expect("it ends").success());
    });
}

#[test]
fn two_hundred_programs_end_at_once_and_leave_nothing_behind() {
    in_children("two_hundred_programs_end_at_once_and_leave_nothing_behind", ["pidfd"], |_| {
        let runtime = runtime();
        let one =
            || async { sh("read line; exit 3").stdin(Stdio::piped()).spawn().expect("there is a shell") };
        let before = {
            let mut child = run(&runtime, one());
            run(&runtime, child.wait()).expect("it ends");
            descriptors()
        };
        let mut children: Vec<Child> = (0..200).map(|_| run(&runtime, one())).collect();
        let ids: Vec<u32> = children.iter().map(Child::id).collect();
        let inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
        let waiting: Vec<_> =
            children.into_iter().map(|mut child| runtime.spawn(async move { child.wait().await })).collect();
        // All come to the end of their inputs now.
        drop(inputs);
        for wait in waiting {
            assert_eq!(run(&runtime, wait).expect("it ends").code(), Some(3));
        }
        assert!(ids.into_iter().all(|id| !is_listed(id)), "no zombie");
        // The monitor may have opened two files for each worker that it looked at meanwhile.
        assert!(descriptors() <= before + 16, "{} descriptors, {before} before", descriptors());
    });
}

#[test]
fn a_cancelled_wait_loses_nothing() {
    let runtime = runtime();
    run(&runtime, async {
        let mut child = sh("read line; exit 5").stdin(Stdio::piped()).spawn().expect("there is a shell");
        let stdin = child.stdin.take();
        for _ in 0..5 {
            let cancelled = time::timeout(Duration::from_millis(2), child.wait()).await;
            assert!(cancelled.is_err(), "its input is open");
            assert!(child.try_wait().expect("it can be asked").is_none());
        }
        drop(stdin);
        assert_eq!(child.wait().await.expect("it ends").code(), Some(5));
        assert_eq!(child.wait().await.expect("it has ended").code(), Some(5));
        assert_eq!(child.try_wait().expect("it has ended").and_then(|status| status.code()), Some(5));
    });
}

#[test]
fn a_program_may_close_its_output_and_go_on() {
    let runtime = runtime();
    run(&runtime, async {
        let mut child = sh("exec >&-; read line; exit 6")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).await.expect("it is closed");
        assert!(said.is_empty() && child.try_wait().expect("it can be asked").is_none());
        assert_eq!(child.wait().await.expect("it ends").code(), Some(6));
    });
}

#[test]
fn writing_to_a_program_that_has_ended_is_an_error() {
    let runtime = runtime();
    run(&runtime, async {
        let mut child = sh("exit 0").stdin(Stdio::piped()).spawn().expect("there is a shell");
        let mut stdin = child.stdin.take().unwrap();
        child.wait().await.expect("it ends");
        let error = stdin.write_all(&[0; 100_000]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_program_that_does_not_exist_is_an_error_at_once() {
    let runtime = runtime();
    let error =
        run(&runtime, async { Command::new("/nowhere/nothing").status().await }).expect_err("there is none");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let error =
        run(&runtime, async { Command::new("/nowhere/nothing").output().await }).expect_err("there is none");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn output_respects_streams_that_were_set_and_a_command_can_be_used_again() {
    let runtime = runtime();
    run(&runtime, async {
        let mut command = sh("echo out; echo err >&2");
        command.stderr(Stdio::null());
        for _ in 0..2 {
            let output = command.output().await.expect("there is a shell");
            assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b""[..]));
        }
        // Its input is empty unless set.
        let mut command = Command::new("cat");
        assert!(command.output().await.expect("there is cat").stdout.is_empty());
    });
}

#[test]
fn a_kill_ends_a_program() {
    let runtime = runtime();
    run(&runtime, async {
        let mut child = Command::new("sleep").arg("3600").spawn().expect("there is sleep");
        child.kill().expect("it is ours");
        let status = child.wait().await.expect("it ends");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
        child.kill().expect("it has ended, which is what was wanted");
    });
}

#[test]
fn a_program_is_killed_when_dropped_if_that_was_asked_for() {
    let test = "a_program_is_killed_when_dropped_if_that_was_asked_for";
    in_children(test, ["child", "status", "output"], |scenario| {
        let runtime = runtime();
        let (said, writer) = UnixStream::pair().expect("a pair of sockets can be had");
        let id = run(&runtime, async move {
            let mut command = sh("echo $$ >&2; exec sleep 3600");
            command.kill_on_drop(true).stderr(std::os::fd::OwnedFd::from(writer));
            let mut running: Pin<Box<dyn Future<Output = ()>>> = match scenario {
                "child" => {
                    let child = command.spawn().expect("there is a shell");
                    Box::pin(async move {
                        std::future::pending::<()>().await;
                        drop(child);
                    })
                }
                "status" => Box::pin(command.status().map(drop)),
                _ => Box::pin(command.output().map(drop)),
            };
            let mut line = String::new();
            let tells = async { BufReader::new(&said).read_line(&mut line) };
            futures::select_biased! {
                _ = running.as_mut().fuse() => panic!("it sleeps for an hour"),
                read = pin!(tells.fuse()) => drop(read.expect("it says its number")),
            }
            drop(running);
            line.trim().parse().expect("a number")
        });
        until("it is gone, and no zombie", || !is_listed(id));
    });
}

#[test]
fn a_dropped_program_runs_on_and_leaves_no_zombie() {
    in_children("a_dropped_program_runs_on_and_leaves_no_zombie", ["in a runtime"], |_| {
        let runtime = runtime();
        let (id, stdin) = run(&runtime, async {
            let mut child = sh("read line").stdin(Stdio::piped()).spawn().expect("there is a shell");
            (child.id(), child.stdin.take())
        });
        // It is dropped, and somebody waits for it.
        assert!(is_listed(id));
        drop(stdin);
        until("it has ended, and no zombie", || !is_listed(id));
    });
}

#[test]
fn a_dropped_program_that_outlives_its_runtime_is_fetched_when_the_next_one_starts() {
    let test = "a_dropped_program_that_outlives_its_runtime_is_fetched_when_the_next_one_starts";
    in_children(test, ["runtime dropped", "no runtime"], |scenario| {
        let runtime = runtime();
        let mut child =
            run(&runtime, async { sh("read line").stdin(Stdio::piped()).spawn().expect("there is a shell") });
        let (id, stdin) = (child.id(), child.stdin.take());
        if scenario == "no runtime" {
            drop(child);
            drop(runtime);
        } else {
            run(&runtime, runtime.spawn(async { drop(child) }));
            drop(runtime);
        }
        drop(stdin);
        let another = self::runtime();
        until("it has ended, and no zombie", || {
            run(&another, async { Command::new("true").status().await }).expect("there is true");
            !is_listed(id)
        });
    });
}

#[test]
fn a_program_may_be_waited_for_in_another_runtime_than_it_was_started_in() {
    let first = runtime();
    let mut child = run(&first, async { sh("exit 4").spawn().expect("there is a shell") });
    drop(first);
    let second = runtime();
    assert_eq!(run(&second, child.wait()).expect("it ends").code(), Some(4));
}

#[test]
fn one_program_writes_what_another_reads() {
    let runtime = runtime();
    let output = run(&runtime, async {
        let mut says = sh("echo hello").stdout(Stdio::piped()).spawn().expect("there is a shell");
        let said = says.stdout.take().unwrap().into_stdio().await.expect("a pipe can be made blocking");
        let output = Command::new("tr").args(["a-z", "A-Z"]).stdin(said).output().await.expect("there is tr");
        says.wait().await.expect("it ends");
        output
    });
    assert_eq!(output.stdout, b"HELLO\n");
}
