//! Reading and writing, for every kind of stream.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    task::{Context, Poll},
};

use polling::AsSource;

use crate::reactor::{Direction, Registered};

/// A socket that carries bytes without borders.
pub(crate) trait Bytes: AsSource {
    /// Whether a read that comes back short has taken all there was, see [`Registered::poll_read_all`].
    const SHORT_IS_ALL: bool;
}

impl Bytes for std::net::TcpStream {
    /// True of every system: a read goes on while there is data, but for urgent data, which is reported as special.
    const SHORT_IS_ALL: bool = true;
}

#[cfg(unix)]
impl Bytes for std::os::unix::net::UnixStream {
    /// A read stops behind data that came with descriptors, or before that of another sender.
    const SHORT_IS_ALL: bool = false;
}

impl<T: Bytes> Registered<T>
where
    for<'a> &'a T: Read + Write,
{
    pub(super) fn poll_read(&self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if T::SHORT_IS_ALL {
            return self.poll_read_all(cx, buf.len(), |mut socket| socket.read(buf));
        }
        self.poll_io(Direction::Read, cx, |mut socket| socket.read(buf))
    }

    pub(super) fn poll_read_vectored(
        &self,
        cx: &Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_io(Direction::Read, cx, |mut socket| socket.read_vectored(bufs))
    }

    pub(super) fn poll_write(&self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_io(Direction::Write, cx, |mut socket| socket.write(buf))
    }

    pub(super) fn poll_write_vectored(
        &self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_io(Direction::Write, cx, |mut socket| socket.write_vectored(bufs))
    }
}

/// Implements the traits for a stream and for a reference to it.
///
/// A macro, because there are two streams with two impls of two traits each, which differ in nothing but the
/// name.
macro_rules! impl_read_and_write {
    ($($Stream:ty),*) => {$(
        impl futures::io::AsyncRead for $Stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_read(cx, buf)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_read_vectored(cx, bufs)
            }
        }

        impl futures::io::AsyncWrite for $Stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.socket.poll_write_vectored(cx, bufs)
            }

            /// Nothing to do: what was written is with the operating system.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Ends the direction of writing; the peer reads to an end, and may still write.
            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(self.shutdown(std::net::Shutdown::Write))
            }
        }
    )*};
}

pub(super) use impl_read_and_write;
