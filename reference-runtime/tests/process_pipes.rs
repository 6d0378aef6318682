//! The pipes of programs beside reading and writing whole, and what can be set on Unix alone.

#![cfg(all(unix, not(reference_runtime_loom)))]

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::os::unix::process::CommandExt;
use reference_runtime::process::{Child, Command, Stdio};
use reference_runtime::{block_on, time::timeout};

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(120);

/// Runs `test`, and fails instead of hanging.
fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    block_on(async { timeout(LONG, test).await.expect("it hangs").expect("no error") })
}

/// A program that writes what it reads.
fn cat() -> io::Result<Child> {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

#[test]
fn vectored_reads_and_writes_keep_the_order() {
    run(async {
        let mut child = cat()?;
        let mut stdin = child.stdin.take().expect("it is piped");
        let written = stdin.write_vectored(&[IoSlice::new(b"one "), IoSlice::new(b"two")]).await?;
        assert_eq!(written, 7, "both at once");
        stdin.close().await?;

        let mut stdout = child.stdout.take().expect("it is piped");
        let (mut first, mut second) = ([0; 3], [0; 8]);
        let read =
            stdout.read_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)]).await?;
        assert_eq!(read, 7, "both at once");
        assert_eq!((&first, &second[..4]), (b"one", &b" two"[..]));
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn pipes_go_to_std_and_back() {
    run(async {
        let mut child = cat()?;
        let stdin = child.stdin.take().expect("it is piped").into_std()?;
        io::Write::write_all(&mut &stdin, b"std")?;
        child.stdin = Some(stdin.try_into()?);
        child.stdin.as_mut().expect("it is back").write_all(b" and back").await?;
        child.stdout = Some(child.stdout.take().expect("it is piped").into_std()?.try_into()?);
        assert_eq!(child.wait_with_output().await?.stdout, b"std and back");
        Ok(())
    });
}

#[test]
fn a_pipe_becomes_a_stream_of_another_program_and_blocks_again() {
    run(async {
        let mut first = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
        let between = first.stdout.take().expect("it is piped");
        let second = Command::new("tr").args(["h", "j"]).stdin(between).output().await?;
        assert_eq!(second.stdout, b"jello\n");
        assert!(first.wait().await?.success());

        let mut child = cat()?;
        let stdin = child.stdin.take().expect("it is piped");
        let is_blocking = |fd: &dyn AsFd| {
            let flags = nix::fcntl::fcntl(fd.as_fd(), nix::fcntl::FcntlArg::F_GETFL).expect("it is open");
            flags & nix::libc::O_NONBLOCK == 0
        };
        assert!(!is_blocking(&stdin));
        let descriptor: OwnedFd = stdin.try_into()?;
        assert!(is_blocking(&descriptor));
        drop(descriptor);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn an_input_that_was_closed_takes_nothing() {
    run(async {
        let mut child = cat()?;
        let stdin = child.stdin.as_mut().expect("it is piped");
        stdin.close().await?;
        let error = stdin.write(b"x").await.expect_err("it is closed");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        stdin.close().await?;
        let error = child.stdin.take().expect("it is there").into_std().expect_err("it is closed");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn a_program_in_a_group_of_its_own_is_ended_with_its_children() {
    run(async {
        let script = "sleep 3600 & echo started; wait";
        let mut shell = Command::new("sh");
        let mut child = shell.args(["-c", script]).process_group(0).stdout(Stdio::piped()).spawn()?;
        let mut stdout = child.stdout.take().expect("it is piped");
        let mut started = [0; 8];
        stdout.read_exact(&mut started).await?;
        let group = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("numbers are small"));
        nix::sys::signal::killpg(group, nix::sys::signal::SIGTERM)?;
        assert_eq!(child.wait().await?.signal(), Some(15));
        // The end comes when the last who has the pipe is gone: the sleep, too.
        assert_eq!(stdout.read(&mut [0]).await?, 0);
        Ok(())
    });
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_program_does_with_sigchld_is_left_alone() {
    assert!(run(Command::new("true").status()).success());
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let caught =
        status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("there is a line for it");
    let caught = u64::from_str_radix(caught.trim(), 16).expect("it is a number");
    assert_eq!(caught & (1 << (nix::libc::SIGCHLD - 1)), 0);
}
