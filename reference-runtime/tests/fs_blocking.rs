//! Calls on files that block, or that come one after the other: who waits.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::folder::Folder;
use common::{in_children, run, until};
use futures::channel::oneshot;
use nix::sys::stat::Mode;
use reference_runtime::fs::{self, File};
use reference_runtime::io::{copy, prelude::*, sink};
use reference_runtime::{Runtime, task, time};

/// A pipe with a name. Opening it waits until somebody opens the other end.
fn pipe(folder: &Folder, name: &str) -> PathBuf {
    let path = folder.join(name);
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("a pipe can be made");
    path
}

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().worker_threads(workers).build().expect("a runtime starts")
}

/// With one worker: without a hand-off, nobody would be there to open the other end.
#[test]
fn a_pipe_that_nobody_writes_to_holds_up_only_the_task_that_opens_it() {
    in_children("a_pipe_that_nobody_writes_to_holds_up_only_the_task_that_opens_it", ["1", "2"], |workers| {
        let folder = Folder::new();
        let path = pipe(&folder, "pipe");
        let runtime = runtime(workers.parse().expect("a number"));
        let reader = runtime.spawn({
            let path = path.clone();
            async move {
                let mut text = String::new();
                File::open(path).await?.read_to_string(&mut text).await?;
                Ok::<_, io::Error>(text)
            }
        });
        let others = runtime.spawn(async move {
            for _ in 0..100 {
                task::spawn(task::yield_now()).await;
            }
            time::sleep(Duration::from_millis(1)).await;
            let mut writer = File::options().write(true).open(path).await?;
            // Now the read waits.
            for _ in 0..100 {
                task::spawn(task::yield_now()).await;
            }
            writer.write_all(b"at last").await
        });
        run(&runtime, others).expect("the pipe is there");
        assert_eq!(run(&runtime, reader).expect("the pipe is there"), "at last");
    });
}

#[test]
fn more_opens_than_workers_wait_at_once() {
    in_children("more_opens_than_workers_wait_at_once", ["1", "2"], |workers| {
        let folder = Folder::new();
        let runtime = runtime(workers.parse().expect("a number"));
        let paths: Vec<_> = (0..20).map(|number| pipe(&folder, &number.to_string())).collect();
        let readers: Vec<_> = paths.iter().map(|path| runtime.spawn(File::open(path.clone()))).collect();
        run(&runtime, async {
            // The other way round, so that the last ones must have begun while the first ones wait.
            for path in paths.iter().rev() {
                let path = path.clone();
                task::spawn(async move { File::options().write(true).open(path).await }).await?;
            }
            for reader in readers {
                reader.await?;
            }
            Ok::<_, io::Error>(())
        })
        .expect("the pipes are there");
    });
}

/// A call that never returns is named, and the runtime can be left all the same.
#[test]
fn a_runtime_can_be_left_while_an_open_waits() {
    let folder = Folder::new();
    let path = pipe(&folder, "pipe");
    let runtime = runtime(1);
    let has_begun = Arc::new(AtomicBool::new(false));
    runtime.spawn({
        let (path, has_begun) = (path.clone(), Arc::clone(&has_begun));
        async move {
            has_begun.store(true, Ordering::SeqCst);
            File::open(path).await
        }
    });
    until("the task has begun", || has_begun.load(Ordering::SeqCst));
    let stuck = runtime.shutdown_timeout(Duration::from_millis(50)).expect_err("it waits for a writer");
    assert_eq!(stuck.spawned_at().len(), 1);
    // Let its thread go.
    std::fs::OpenOptions::new().write(true).open(path).expect("somebody reads");
}

/// Copies for ever.
async fn copy_zeros() -> io::Result<u64> {
    copy(&mut File::open("/dev/zero").await?, &mut sink()).await
}

/// A file is always ready, so the copy's poll would never return by itself.
#[test]
fn a_time_out_ends_a_copy_that_has_no_end() {
    in_children("a_time_out_ends_a_copy_that_has_no_end", ["1", "2", "here"], |workers| {
        let limited = || time::timeout(Duration::from_millis(20), copy_zeros());
        if workers == "here" {
            assert!(reference_runtime::block_on(limited()).is_err());
            return;
        }
        let runtime = runtime(workers.parse().expect("a number"));
        let task = runtime.spawn(limited());
        run(&runtime, task).expect_err("it has no end");
    });
}

/// One worker, no monitor: only the turns of the copy let others run.
#[test]
fn tasks_and_branches_beside_an_endless_copy_get_their_turn() {
    in_children(
        "tasks_and_branches_beside_an_endless_copy_get_their_turn",
        ["copy", "read", "folder"],
        |what| {
            let runtime =
                Runtime::builder().worker_threads(1).handoff_after(None).build().expect("a runtime starts");
            let (end, mut ends) = oneshot::channel::<()>();
            let what = what.to_owned();
            let endless = runtime.spawn(async move {
                let endless = async {
                    loop {
                        match what.as_str() {
                            "copy" => drop(copy_zeros().await),
                            "read" => drop(fs::read("/dev/null").await.expect("it is there")),
                            _ => {
                                let mut folder = fs::read_dir("/dev").await.expect("it is there");
                                while folder.next_entry().await.expect("it can be read").is_some() {}
                            }
                        }
                    }
                };
                futures::pin_mut!(endless);
                // The other branch ends it.
                futures::future::select(endless, &mut ends).await;
            });
            let other = runtime.spawn(async move {
                for _ in 0..10 {
                    task::yield_now().await;
                }
                end.send(()).expect("the copy goes on");
            });
            run(&runtime, async {
                other.await;
                endless.await;
            });
        },
    );
}

#[test]
fn a_descriptor_that_does_not_block_is_waited_for() {
    in_children("a_descriptor_that_does_not_block_is_waited_for", ["1"], |_| {
        let (ours, theirs) = UnixStream::pair().expect("there are sockets");
        ours.set_nonblocking(true).expect("it is a socket");
        theirs.set_nonblocking(true).expect("it is a socket");
        let (mut ours, mut theirs) = (File::from(OwnedFd::from(ours)), File::from(OwnedFd::from(theirs)));
        let runtime = runtime(1);
        // Much more than a socket takes, so both sides have to wait.
        let sent = vec![7; 4 << 20];
        let reader = runtime.spawn(async move {
            let mut received = Vec::new();
            ours.read_to_end(&mut received).await.map(|_| received)
        });
        let writer = runtime.spawn({
            let sent = sent.clone();
            async move { theirs.write_all(&sent).await }
        });
        run(&runtime, writer).expect("the other side reads");
        assert!(run(&runtime, reader).expect("the other side writes") == sent);
    });
}

/// What was read when the future is dropped is in the buffer, and the cursor behind it.
#[test]
fn a_read_that_is_dropped_half_way_leaves_off_between_two_calls() {
    let folder = Folder::new();
    let path: &Path = &folder.join("file");
    std::fs::write(path, vec![1; 1 << 20]).expect("it is written");
    reference_runtime::block_on(async {
        let mut file = File::open(path).await.expect("it is there");
        let mut bytes = vec![0; 1 << 20];
        {
            let mut pieces = Box::pin(async {
                for piece in bytes.chunks_mut(1 << 10) {
                    file.read_exact(piece).await.expect("it is long enough");
                }
            });
            // More calls than one turn has.
            assert!(futures::poll!(pieces.as_mut()).is_pending());
        }
        let read = bytes.iter().filter(|byte| **byte == 1).count();
        assert!(read > 0 && read < bytes.len());
        assert_eq!(file.stream_position().await.expect("it has one"), read as u64);
    });
}
