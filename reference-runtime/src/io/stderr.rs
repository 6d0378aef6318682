//! The handle of the standard error output.

use std::{
    io::{self, IoSlice, Write},
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::AsyncWrite;

use super::{
    output::{Output, write_whole},
    wait::{until_done, until_writable},
};

static OUTPUT: Output = Output::new();

/// A handle to the standard error output of the process.
///
/// ```
/// use reference_runtime::io::{self, prelude::*};
///
/// # reference_runtime::block_on(async {
/// io::stderr().write_all(b"a complaint\n").await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stderr() -> Stderr {
    Stderr { stderr: io::stderr() }
}

/// The standard error output of the process. Made by [`stderr`].
///
/// All is as with [`Stdout`](super::Stdout), but for the buffer: there is none, and each write goes out at once.
///
/// ```
/// use reference_runtime::io::{self, Stderr, prelude::*};
///
/// # reference_runtime::block_on(async {
/// let mut out: Stderr = io::stderr();
/// out.write_all(format!("{} of {}\n", 3, 8).as_bytes()).await?; // one line, one piece
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Cancel safety
///
/// A write happens as a whole or not at all.
#[derive(Debug)]
pub struct Stderr {
    stderr: io::Stderr,
}

/// Implements the trait for the handle and for a reference to it.
///
/// A macro, because the two impls differ in nothing but the name.
macro_rules! impl_write {
    ($($Handle:ty),*) => {$(
        impl AsyncWrite for $Handle {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_write_vectored(cx, &[IoSlice::new(buf)])
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                OUTPUT.poll_call(cx, || {
                    write_whole(&mut self.stderr.lock(), bufs, || until_writable(&self.stderr))
                })
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                OUTPUT.poll_call(cx, || {
                    let mut stderr = self.stderr.lock();
                    until_done(|| stderr.flush(), || until_writable(&self.stderr))
                })
            }

            /// Flushes. The process goes on to have the stream.
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }
    )*};
}

impl_write!(Stderr, &Stderr);
super::impl_descriptor!(Stderr, stderr);
