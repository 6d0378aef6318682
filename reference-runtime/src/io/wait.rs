//! Descriptors that block in place although somebody made them non-blocking.
//!
//! Whether a pipe or a terminal blocks is a property of what is open, not of the process: another process that shares
//! it can change that for all, and some do so with the terminal they were started from.

use std::io;

/// Makes a call that may block until it is through. One that a signal interrupts is made again; one that would block
/// waits for the descriptor first.
pub(crate) fn until_done<R>(
    mut call: impl FnMut() -> io::Result<R>,
    wait: impl Fn() -> io::Result<()>,
) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait()?,
            result => return result,
        }
    }
}

#[cfg(unix)]
mod descriptor {
    use std::{io, os::fd::AsFd};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    /// Waits in place until there is something to read, or an end, or an error.
    pub(crate) fn until_readable(descriptor: impl AsFd) -> io::Result<()> {
        is_ready(&descriptor, PollFlags::IN, None).map(|_| ())
    }

    /// Waits in place until there is room to write, or an error.
    pub(crate) fn until_writable(descriptor: impl AsFd) -> io::Result<()> {
        is_ready(&descriptor, PollFlags::OUT, None).map(|_| ())
    }

    /// Whether a read would be through at once.
    pub(crate) fn is_readable(descriptor: impl AsFd) -> bool {
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        is_ready(&descriptor, PollFlags::IN, Some(&AT_ONCE)).unwrap_or(false)
    }

    fn is_ready(descriptor: &impl AsFd, flags: PollFlags, time: Option<&Timespec>) -> io::Result<bool> {
        let mut descriptors = [PollFd::new(descriptor, flags)];
        loop {
            match poll(&mut descriptors, time) {
                Err(rustix::io::Errno::INTR) => {}
                result => return Ok(result? > 0),
            }
        }
    }
}

#[cfg(unix)]
pub(crate) use descriptor::{is_readable, until_readable, until_writable};

/// Elsewhere no call on these would block and say so.
#[cfg(not(unix))]
mod descriptor {
    use std::io;

    pub(crate) fn until_readable<D>(_: D) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    pub(crate) fn until_writable<D>(_: D) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Whether a read would be through at once: nobody knows.
    pub(crate) fn is_readable<D>(_: D) -> bool {
        false
    }
}

#[cfg(not(unix))]
pub(crate) use descriptor::{is_readable, until_readable, until_writable};
