//! Reading, writing and seeking in a [`File`], and its descriptor.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::io::{AsyncRead, AsyncSeek, AsyncWrite};

use super::File;
use crate::{
    io::{
        turn::poll_turn,
        wait::{until_done, until_readable, until_writable},
    },
    scheduler::block_in_place,
};

impl File {
    /// Reads in place, when it is this task's turn.
    fn poll_to_read(
        &self,
        cx: &Context<'_>,
        mut read: impl FnMut(&std::fs::File) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| until_done(|| read(&self.file), || until_readable(&self.file))))
    }

    /// Writes in place, when it is this task's turn.
    fn poll_to_write(
        &self,
        cx: &Context<'_>,
        mut write: impl FnMut(&std::fs::File) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        ready!(poll_turn(cx));
        Poll::Ready(block_in_place(|| until_done(|| write(&self.file), || until_writable(&self.file))))
    }
}

/// Implements the traits for a file and for a reference to it.
///
/// A macro, because there are two impls of three traits each, which differ in nothing but the name.
macro_rules! impl_traits {
    ($($File:ty),*) => {$(
        impl AsyncRead for $File {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_to_read(cx, |mut file| file.read(buf))
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                self.poll_to_read(cx, |mut file| file.read_vectored(bufs))
            }
        }

        impl AsyncWrite for $File {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_to_write(cx, |mut file| file.write(buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.poll_to_write(cx, |mut file| file.write_vectored(bufs))
            }

            /// Nothing to do: what was written is with the operating system.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Nothing to do: the file closes when its last clone is dropped. See [`File`].
            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }

        impl AsyncSeek for $File {
            fn poll_seek(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                pos: SeekFrom,
            ) -> Poll<io::Result<u64>> {
                ready!(poll_turn(cx));
                Poll::Ready(block_in_place(|| (&*self.file).seek(pos)))
            }
        }
    )*};
}

impl_traits!(File, &File);

#[cfg(unix)]
mod descriptor {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use super::File;

    impl AsFd for File {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.file.as_fd()
        }
    }

    impl AsRawFd for File {
        fn as_raw_fd(&self) -> RawFd {
            self.file.as_raw_fd()
        }
    }

    impl From<OwnedFd> for File {
        fn from(descriptor: OwnedFd) -> File {
            std::fs::File::from(descriptor).into()
        }
    }
}

#[cfg(windows)]
mod handle {
    use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};

    use super::File;

    impl AsHandle for File {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.file.as_handle()
        }
    }

    impl AsRawHandle for File {
        fn as_raw_handle(&self) -> RawHandle {
            self.file.as_raw_handle()
        }
    }

    impl From<OwnedHandle> for File {
        fn from(handle: OwnedHandle) -> File {
            std::fs::File::from(handle).into()
        }
    }
}
