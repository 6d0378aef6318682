//! What processes have on Windows alone: the names of [`std::os::windows::process`].

use std::{ffi::OsStr, os::windows::process::CommandExt as _};

#[doc(no_inline)]
pub use std::os::windows::process::ExitStatusExt;

use super::Command;

/// Settings of [`Command`] on Windows: [`std::os::windows::process::CommandExt`].
///
/// ```no_run
/// # #[cfg(windows)]
/// # reference_runtime::block_on(async {
/// use reference_runtime::process::{Command, windows::CommandExt};
///
/// // Without a window of its own.
/// let status = Command::new("tool").creation_flags(0x0800_0000).status().await?;
/// println!("{status}");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait CommandExt: sealed::Sealed {
    /// Sets the flags that the process is created with.
    fn creation_flags(&mut self, flags: u32) -> &mut Command;

    /// Adds `arg` to the command line as it is, without quotes.
    fn raw_arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command;
}

mod sealed {
    /// Keeps [`CommandExt`](super::CommandExt) ours, so that it can grow as std's does.
    #[doc(hidden)]
    pub trait Sealed {}

    impl Sealed for super::Command {}
}

impl CommandExt for Command {
    fn creation_flags(&mut self, flags: u32) -> &mut Command {
        self.as_std_mut().creation_flags(flags);
        self
    }

    fn raw_arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.as_std_mut().raw_arg(arg);
        self
    }
}
