//! What processes have on Unix alone: the names of [`std::os::unix::process`].

use std::{
    ffi::OsStr,
    io,
    os::unix::process::{CommandExt as _, parent_id as parent},
};

#[doc(no_inline)]
pub use std::os::unix::process::ExitStatusExt;

use super::Command;

/// Settings of [`Command`] on Unix: [`std::os::unix::process::CommandExt`].
///
/// `pre_exec` is not among them, since what runs between `fork` and `exec` is unsafe: set it through
/// [`Command::as_std_mut`].
///
/// # Examples
///
/// ```
/// use reference_runtime::process::{Command, unix::CommandExt};
///
/// # reference_runtime::block_on(async {
/// let output = Command::new("sh").arg0("shell").args(["-c", "echo $0"]).output().await?;
/// assert_eq!(output.stdout, b"shell\n");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait CommandExt: sealed::Sealed {
    /// Sets the user that the process runs as.
    fn uid(&mut self, id: u32) -> &mut Command;

    /// Sets the group that the process runs as.
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Sets the process group; zero makes one of its own, so that a signal to ours (by Ctrl-C, for instance) does not
    /// reach it.
    fn process_group(&mut self, group: i32) -> &mut Command;

    /// Sets the name under which the program is called: the first of what its `main` gets.
    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command;

    /// Puts the program in the place of this one. Returns only if that fails, with the reason: no destructor runs.
    fn exec(&mut self) -> io::Error;
}

mod sealed {
    /// Keeps [`CommandExt`](super::CommandExt) ours, so that it can grow as std's does.
    #[doc(hidden)]
    pub trait Sealed {}

    impl Sealed for super::Command {}
}

impl CommandExt for Command {
    fn uid(&mut self, id: u32) -> &mut Command {
        self.as_std_mut().uid(id);
        self
    }

    fn gid(&mut self, id: u32) -> &mut Command {
        self.as_std_mut().gid(id);
        self
    }

    fn process_group(&mut self, group: i32) -> &mut Command {
        self.as_std_mut().process_group(group);
        self
    }

    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.as_std_mut().arg0(arg);
        self
    }

    fn exec(&mut self) -> io::Error {
        self.as_std_mut().exec()
    }
}

/// The number of the process that started this one.
///
/// # Examples
///
/// ```
/// use reference_runtime::process::{self, unix::parent_id};
///
/// assert_ne!(parent_id(), process::id());
/// ```
pub fn parent_id() -> u32 {
    parent()
}
