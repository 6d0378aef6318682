//! The ends of a child's streams that stay with us.
//!
//! On Unix they are non-blocking descriptors that the reactor watches. On Windows pipes cannot be watched in this way: there
//! reading and writing is done in place, and blocks the task if the program makes it wait.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncWrite};

/// The input of a program, to write to. Dropping it is the end of that input.
///
/// ```
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// use futures::io::AsyncWriteExt;
/// use reference_runtime::process::{ChildStdin, Command, Stdio};
///
/// let mut child = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn()?;
/// let mut stdin: ChildStdin = child.stdin.take().expect("it is piped");
/// stdin.write_all(b"a line\n").await?;
/// assert!(child.wait().await?.success());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct ChildStdin(Option<platform::Pipe<std::process::ChildStdin>>);

/// What a program writes to its standard output, to read.
///
/// ```
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// use futures::io::{AsyncBufReadExt, BufReader};
/// use futures::StreamExt;
/// use reference_runtime::process::{ChildStdout, Command, Stdio};
///
/// let mut child = Command::new("sh").args(["-c", "echo one; echo two"]).stdout(Stdio::piped()).spawn()?;
/// let stdout: ChildStdout = child.stdout.take().expect("it is piped");
/// let mut lines = BufReader::new(stdout).lines();
/// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("one"));
/// assert_eq!(lines.next().await.transpose()?.as_deref(), Some("two"));
/// child.wait().await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct ChildStdout(platform::Pipe<std::process::ChildStdout>);

/// What a program writes to its standard error, to read.
///
/// ```
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// use futures::io::AsyncReadExt;
/// use reference_runtime::process::{ChildStderr, Command, Stdio};
///
/// let mut child = Command::new("sh").args(["-c", "echo oh >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut stderr: ChildStderr = child.stderr.take().expect("it is piped");
/// let mut said = String::new();
/// stderr.read_to_string(&mut said).await?;
/// assert_eq!(said, "oh\n");
/// child.wait().await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct ChildStderr(platform::Pipe<std::process::ChildStderr>);

impl ChildStdin {
    pub(super) fn new(pipe: std::process::ChildStdin) -> io::Result<ChildStdin> {
        Ok(ChildStdin(Some(platform::Pipe::new(pipe)?)))
    }

    /// Takes the pipe from the runtime, to make it the output of another program; it blocks who writes to it from then on.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut count = Command::new("wc").arg("-l").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let input = count.stdin.take().expect("it is piped").into_stdio()?;
    /// Command::new("sh").args(["-c", "echo one; echo two"]).stdout(input).status().await?;
    /// assert_eq!(count.wait_with_output().await?.stdout.trim_ascii(), b"2");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If it was closed, or cannot be made blocking again.
    pub fn into_stdio(self) -> io::Result<Stdio> {
        self.0.ok_or_else(closed)?.into_stdio()
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "this input of a program was closed; write before you close it")
}

/// Implements what both outputs have. A macro, because they differ in nothing but the name.
macro_rules! impl_output {
    ($($Output:ident),*) => {$(
        impl $Output {
            pub(super) fn new(pipe: std::process::$Output) -> io::Result<$Output> {
                Ok($Output(platform::Pipe::new(pipe)?))
            }

            /// Takes the pipe from the runtime, to make it the input of another program.
            ///
            /// ```
            /// # #[cfg(unix)]
            /// # reference_runtime::block_on(async {
            /// use reference_runtime::process::{Command, Stdio};
            ///
            /// let mut says = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
            /// let said = says.stdout.take().expect("it is piped").into_stdio()?;
            /// let output = Command::new("tr").args(["a-z", "A-Z"]).stdin(said).output().await?;
            /// assert_eq!(output.stdout, b"HELLO\n");
            /// says.wait().await?;
            /// # std::io::Result::Ok(())
            /// # }).unwrap();
            /// ```
            ///
            /// # Errors
            ///
            /// If it cannot be made blocking again.
            pub fn into_stdio(self) -> io::Result<Stdio> {
                self.0.into_stdio()
            }
        }

        impl AsyncRead for $Output {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_read(cx, buf)
            }
        }

        impl fmt::Debug for $Output {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Output)).finish_non_exhaustive()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $Output {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $Output {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsFd::as_fd(self).as_raw_fd()
            }
        }
    )*};
}

impl_output!(ChildStdout, ChildStderr);

impl AsyncWrite for ChildStdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(pipe) => pipe.poll_write(cx, buf),
            None => Poll::Ready(Err(closed())),
        }
    }

    /// Nothing to do: what was written is with the operating system.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the pipe: the program reads to an end.
    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        drop(self.0.take());
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for ChildStdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildStdin").field("is_open", &self.0.is_some()).finish_non_exhaustive()
    }
}

#[cfg(unix)]
mod platform {
    use std::io;
    use std::marker::PhantomData;
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
    use std::process::Stdio;
    use std::task::{Context, Poll};

    use crate::reactor::{Direction, Registered};

    /// A pipe that was a `T` of std.
    pub(super) struct Pipe<T> {
        pipe: Registered<OwnedFd>,
        was: PhantomData<fn() -> T>,
    }

    impl<T: Into<OwnedFd>> Pipe<T> {
        pub(super) fn new(pipe: T) -> io::Result<Pipe<T>> {
            let pipe = pipe.into();
            // The program's end has settings of its own.
            rustix::io::ioctl_fionbio(&pipe, true)?;
            Ok(Pipe { pipe: Registered::new(crate::runtime::reactor(), pipe)?, was: PhantomData })
        }

        pub(super) fn into_stdio(self) -> io::Result<Stdio> {
            let pipe = self.pipe.into_inner();
            rustix::io::ioctl_fionbio(&pipe, false)?;
            Ok(pipe.into())
        }

        pub(super) fn poll_read(&mut self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            self.pipe.poll_io(Direction::Read, cx, |pipe| Ok(rustix::io::read(pipe, &mut *buf)?))
        }

        pub(super) fn poll_write(&mut self, cx: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            self.pipe.poll_io(Direction::Write, cx, |pipe| Ok(rustix::io::write(pipe, buf)?))
        }
    }

    impl<T> AsFd for Pipe<T> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.pipe.get().as_fd()
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io::{self, Read, Write};
    use std::process::Stdio;
    use std::task::{Context, Poll};

    use crate::scheduler::block_in_place;

    /// A pipe of std, used in place.
    pub(super) struct Pipe<T>(T);

    impl<T> Pipe<T> {
        pub(super) fn new(pipe: T) -> io::Result<Pipe<T>> {
            Ok(Pipe(pipe))
        }

        pub(super) fn into_stdio(self) -> io::Result<Stdio>
        where
            T: Into<Stdio>,
        {
            Ok(self.0.into())
        }

        pub(super) fn poll_read(&mut self, _: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>
        where
            T: Read,
        {
            Poll::Ready(block_in_place(|| self.0.read(buf)))
        }

        pub(super) fn poll_write(&mut self, _: &Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>
        where
            T: Write,
        {
            Poll::Ready(block_in_place(|| self.0.write(buf)))
        }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for ChildStdin {
    /// # Panics
    ///
    /// If it was closed.
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_ref().expect("this input of a program was closed, and has no descriptor any more").as_fd()
    }
}
