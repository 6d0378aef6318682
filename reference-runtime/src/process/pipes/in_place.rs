//! Windows: no poller watches the pipes of a child, so reading and writing block in place.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    task::{Context, Poll, ready},
};

use crate::{io::turn::poll_turn, scheduler::block_in_place};

/// Our end of a pipe.
pub(in crate::process) struct Pipe<T> {
    pipe: T,
}

impl<T> Pipe<T> {
    pub(in crate::process) fn new(pipe: T) -> io::Result<Pipe<T>> {
        Ok(Pipe { pipe })
    }

    pub(in crate::process) fn get(&self) -> &T {
        &self.pipe
    }

    pub(in crate::process) fn into_std(self) -> io::Result<T> {
        Ok(self.pipe)
    }
}

impl<T: Read> Pipe<T> {
    pub(in crate::process) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| self.pipe.read(buf)))
    }

    pub(in crate::process) fn poll_read_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| self.pipe.read_vectored(bufs)))
    }
}

impl<T: Write> Pipe<T> {
    pub(in crate::process) fn poll_write(&mut self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| self.pipe.write(buf)))
    }

    pub(in crate::process) fn poll_write_vectored(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| self.pipe.write_vectored(bufs)))
    }
}
