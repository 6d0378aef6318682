//! The handle of the standard output.

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

/// A handle to the standard output of the process.
///
/// ```
/// use reference_runtime::io::{self, prelude::*};
///
/// # reference_runtime::block_on(async {
/// io::stdout().write_all(b"a line\n").await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdout() -> Stdout {
    Stdout { stdout: io::stdout() }
}

/// The standard output of the process. Made by [`stdout`].
///
/// All handles are the same output, and share its buffer with [`std::io::Stdout`] and [`println!`]: what ends with a
/// line goes out at once, the rest with the next line, with `flush`, or when `main` returns.
///
/// ```
/// use reference_runtime::io::{self, Stdout, prelude::*};
///
/// # reference_runtime::block_on(async {
/// let mut out: Stdout = io::stdout();
/// out.write_all(format!("{} of {}\n", 3, 8).as_bytes()).await?; // one line, one piece
/// out.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Lines stay whole
///
/// What one `write`, `write_all` or `write!` writes comes out in one piece, however many tasks and threads write, with
/// this handle or with `println!`, and also where a full pipe takes it bit by bit. So write a line in one call. Where it
/// comes in pieces, collect them in a [`LineWriter`](super::LineWriter) of the task's own.
///
/// # Waiting
///
/// A write runs [in place](crate::fs#every-call-runs-where-it-is-made). If a pipe is full, only the task that writes
/// waits, with its thread. Other tasks that want to write wait for it without one, which is what this has over
/// `println!` in a task: that works as well, but each task then blocks a thread.
///
/// A time-out cannot cut a write short that waits for a pipe. It can end the waiting for another task's write.
///
/// # Errors
///
/// A pipe that nobody reads any more is an error of the kind [`BrokenPipe`](io::ErrorKind::BrokenPipe), where
/// `println!` panics. A signal, or a terminal that somebody made non-blocking, is none.
///
/// # Cancel safety
///
/// A write happens as a whole or not at all.
#[derive(Debug)]
pub struct Stdout {
    stdout: io::Stdout,
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
                    write_whole(&mut self.stdout.lock(), bufs, || until_writable(&self.stdout))
                })
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                OUTPUT.poll_call(cx, || {
                    let mut stdout = self.stdout.lock();
                    until_done(|| stdout.flush(), || until_writable(&self.stdout))
                })
            }

            /// Flushes. The process goes on to have the stream.
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }
    )*};
}

impl_write!(Stdout, &Stdout);
super::impl_descriptor!(Stdout, stdout);
