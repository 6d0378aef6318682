//! The ends of a child's pipes that are ours.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    process::{self, Stdio},
    task::{Context, Poll},
};

use futures::io::{AsyncRead, AsyncWrite};

#[cfg(not(unix))]
#[path = "pipes/in_place.rs"]
mod platform;
#[cfg(unix)]
#[path = "pipes/watched.rs"]
mod platform;

use platform::Pipe;

/// What a child reads: [`std::process::ChildStdin`], async.
///
/// Closing or dropping it is what the child sees as the end of its input. A child that has ended, or has closed its
/// input, makes a write fail with [`BrokenPipe`](io::ErrorKind::BrokenPipe).
///
/// # Panics
///
/// Asking for the descriptor of one that was closed panics.
///
/// # Cancel safety
///
/// Writing once (`write`) gives bytes only when it returns. `write_all` that is dropped leaves off somewhere in the
/// middle.
///
/// # Examples
///
/// ```
/// use futures::io::AsyncWriteExt;
/// use reference_runtime::process::{Command, Stdio};
///
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// let mut child = Command::new("wc").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let mut stdin = child.stdin.take().expect("it is piped");
/// stdin.write_all(b"seven..").await?;
/// stdin.close().await?;
/// let output = child.wait_with_output().await?;
/// assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "7");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct ChildStdin {
    /// `None` after it was closed.
    pipe: Option<Pipe<process::ChildStdin>>,
}

/// What a child writes: [`std::process::ChildStdout`], async.
///
/// # Cancel safety
///
/// Reading once (`read`) takes bytes only when it returns. What does so repeatedly (`read_exact`) and is dropped has
/// taken some.
///
/// # Examples
///
/// Line by line, while the child runs:
///
/// ```
/// use futures::{StreamExt, io::{AsyncBufReadExt, BufReader}};
/// use reference_runtime::process::{Command, Stdio};
///
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// let mut child = Command::new("sh").args(["-c", "echo one; echo two"]).stdout(Stdio::piped()).spawn()?;
/// let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
/// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("one"));
/// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("two"));
/// assert!(lines.next().await.is_none());
/// # child.wait().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct ChildStdout {
    /// `Some`, as long as it is an end of a pipe.
    pipe: Option<Pipe<process::ChildStdout>>,
}

/// The errors that a child writes: [`std::process::ChildStderr`], async.
///
/// # Cancel safety
///
/// As with [`ChildStdout`].
///
/// # Examples
///
/// ```
/// use futures::io::AsyncReadExt;
/// use reference_runtime::process::{Command, Stdio};
///
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// let mut child = Command::new("sh").args(["-c", "echo oh >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut said = String::new();
/// child.stderr.take().expect("it is piped").read_to_string(&mut said).await?;
/// assert_eq!(said, "oh\n");
/// # child.wait().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct ChildStderr {
    /// `Some`, as long as it is an end of a pipe.
    pipe: Option<Pipe<process::ChildStderr>>,
}

/// Implements what all three ends have.
///
/// A macro, because the impls differ in nothing but the names.
macro_rules! impl_end {
    ($($End:ident),*) => {$(
        impl $End {
            /// Takes the pipe from the runtime, and makes it blocking again, as other programs expect it: for another
            /// [`Command`](super::Command), for instance. The same as `Stdio::from`, under the name of async-process.
            ///
            /// # Errors
            ///
            #[doc = concat!("If the ", stringify!($End), " was closed, or the system refuses.")]
            ///
            /// # Cancel safety
            ///
            /// It is done at its first poll.
            ///
            /// # Examples
            ///
            /// ```
            /// use reference_runtime::process::{Command, Stdio};
            ///
            /// # #[cfg(unix)]
            /// # reference_runtime::block_on(async {
            /// let mut first = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
            /// let between = first.stdout.take().expect("it is piped").into_stdio().await?;
            /// let second = Command::new("tr").args(["h", "j"]).stdin(between).output().await?;
            /// assert_eq!(second.stdout, b"jello\n");
            /// # first.wait().await?;
            /// # Ok::<(), std::io::Error>(())
            /// # }).unwrap();
            /// ```
            pub async fn into_stdio(self) -> io::Result<Stdio> {
                self.into_std().map(Stdio::from)
            }

            /// Takes the pipe from the runtime, and makes it blocking again.
            ///
            /// # Errors
            ///
            #[doc = concat!("If the ", stringify!($End), " was closed, or the system refuses.")]
            ///
            /// # Examples
            ///
            /// ```
            /// use reference_runtime::process::{Command, Stdio};
            ///
            /// # #[cfg(unix)]
            /// # reference_runtime::block_on(async {
            /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            /// let stdin: std::process::ChildStdin = child.stdin.take().expect("it is piped").into_std()?;
            /// drop(stdin);
            /// assert!(child.wait().await?.success());
            /// # Ok::<(), std::io::Error>(())
            /// # }).unwrap();
            /// ```
            pub fn into_std(self) -> io::Result<process::$End> {
                self.pipe.ok_or_else(closed)?.into_std()
            }
        }

        /// Hands the pipe to the runtime of the current thread, and puts it into non-blocking mode.
        impl TryFrom<process::$End> for $End {
            type Error = io::Error;

            fn try_from(pipe: process::$End) -> io::Result<$End> {
                Ok($End { pipe: Some(Pipe::new(pipe)?) })
            }
        }

        /// For another [`Command`](super::Command). One that was closed becomes [`Stdio::null`].
        impl From<$End> for Stdio {
            fn from(end: $End) -> Stdio {
                // The only errors are a closed end, and a descriptor that is none.
                end.into_std().map_or_else(|_| Stdio::null(), Stdio::from)
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $End {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.pipe.as_ref().expect("the pipe is closed; ask for its descriptor before").get().as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $End {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.pipe.as_ref().expect("the pipe is closed; ask for its descriptor before").get().as_raw_fd()
            }
        }

        /// The descriptor is blocking again.
        #[cfg(unix)]
        impl TryFrom<$End> for std::os::fd::OwnedFd {
            type Error = io::Error;

            fn try_from(end: $End) -> io::Result<std::os::fd::OwnedFd> {
                end.into_std().map(Into::into)
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsHandle for $End {
            fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
                self.pipe.as_ref().expect("the pipe is closed; ask for its handle before").get().as_handle()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawHandle for $End {
            fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
                self.pipe.as_ref().expect("the pipe is closed; ask for its handle before").get().as_raw_handle()
            }
        }

        #[cfg(windows)]
        impl TryFrom<$End> for std::os::windows::io::OwnedHandle {
            type Error = io::Error;

            fn try_from(end: $End) -> io::Result<std::os::windows::io::OwnedHandle> {
                end.into_std().map(Into::into)
            }
        }

        impl fmt::Debug for $End {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($End)).field(&self.pipe.as_ref().map(Pipe::get)).finish()
            }
        }
    )*};
}

impl_end!(ChildStdin, ChildStdout, ChildStderr);

/// Implements reading.
///
/// A macro, because the impls differ in nothing but the names.
macro_rules! impl_read {
    ($($End:ident),*) => {$(
        impl AsyncRead for $End {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.pipe.as_mut().map_or_else(|| Poll::Ready(Err(closed())), |pipe| pipe.poll_read(cx, buf))
            }

            fn poll_read_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                self.pipe
                    .as_mut()
                    .map_or_else(|| Poll::Ready(Err(closed())), |pipe| pipe.poll_read_vectored(cx, bufs))
            }
        }
    )*};
}

impl_read!(ChildStdout, ChildStderr);

impl AsyncWrite for ChildStdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.pipe.as_mut().map_or_else(|| Poll::Ready(Err(closed())), |pipe| pipe.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pipe
            .as_mut()
            .map_or_else(|| Poll::Ready(Err(closed())), |pipe| pipe.poll_write_vectored(cx, bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the pipe, so that the child sees the end of its input.
    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe = None;
        Poll::Ready(Ok(()))
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "this end of the pipe was closed; write before that")
}
