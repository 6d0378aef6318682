//! Unix: pipes are non-blocking, and the reactor watches them.

use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::AsFd,
    task::{Context, Poll},
};

use rustix::io::{ioctl_fionbio, read, readv, write, writev};

use crate::{
    reactor::{Direction, Registered},
    runtime,
};

/// Our end of a pipe. Whether it blocks is no business of the child's: each end has a state of its own.
pub(in crate::process) struct Pipe<T: AsFd> {
    pipe: Registered<T>,
}

impl<T: AsFd> Pipe<T> {
    pub(in crate::process) fn new(pipe: T) -> io::Result<Pipe<T>> {
        ioctl_fionbio(&pipe, true)?;
        Ok(Pipe { pipe: Registered::new(runtime::reactor(), pipe)? })
    }

    pub(in crate::process) fn get(&self) -> &T {
        self.pipe.get()
    }

    pub(in crate::process) fn into_std(self) -> io::Result<T> {
        let pipe = self.pipe.into_inner();
        ioctl_fionbio(&pipe, false)?;
        Ok(pipe)
    }

    pub(in crate::process) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.pipe.poll_io(Direction::Read, cx, |pipe| Ok(read(pipe, &mut *buf)?))
    }

    pub(in crate::process) fn poll_read_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pipe.poll_io(Direction::Read, cx, |pipe| Ok(readv(pipe, bufs)?))
    }

    pub(in crate::process) fn poll_write(&mut self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.pipe.poll_io(Direction::Write, cx, |pipe| Ok(write(pipe, buf)?))
    }

    pub(in crate::process) fn poll_write_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pipe.poll_io(Direction::Write, cx, |pipe| Ok(writev(pipe, bufs)?))
    }
}
