//! Other programs: the names of [`std::process`], with every call that may wait made async.
//!
//! [`Command`] is built as std's is. What std waits for, the end of a program and its output, is awaited here; the other
//! end of a pipe is a stream. On Unix pipes are watched by the reactor, as sockets are. On Linux the end of a program is,
//! too, through a descriptor that the kernel has for that; elsewhere the program is looked at, at first after 1 ms, then at
//! growing intervals of up to 50 ms. The signal `SIGCHLD` is left to those who want it.
//!
//! A [`Child`] that is dropped runs on, unless [`Command::kill_on_drop`] says otherwise. It leaves no zombie: when it ends,
//! a task of the runtime in which it was dropped fetches its status; where there is no runtime, or none any more, that
//! happens when the next program is started or dropped.
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use reference_runtime::{block_on, process::Command};
//!
//! block_on(async {
//!     let output = Command::new("echo").arg("hello").output().await?;
//!     assert!(output.status.success());
//!     assert_eq!(output.stdout, b"hello\n");
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```

mod child;
mod command;
mod orphans;
mod pipes;
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub mod unix;
#[cfg(windows)]
#[cfg_attr(docsrs, doc(cfg(windows)))]
pub mod windows;

pub use std::process::{ExitCode, ExitStatus, Output, Stdio, Termination, abort, exit, id};

pub use child::Child;
pub use command::Command;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout};
