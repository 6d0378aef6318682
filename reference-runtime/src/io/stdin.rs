//! The handle of the standard input.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};

use super::input::INPUT;

/// A handle to the standard input of the process.
///
/// ```no_run
/// # reference_runtime::block_on(async {
/// let mut line = String::new();
/// reference_runtime::io::stdin().read_line(&mut line).await?;
/// println!("you typed {:?}", line.trim_end());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdin() -> Stdin {
    Stdin { stdin: io::stdin() }
}

/// The standard input of the process. Made by [`stdin`].
///
/// All handles are the same input, and share its buffer with [`std::io::Stdin`]. If several tasks read, each piece or
/// line goes to one of them.
///
/// # Waiting
///
/// This is where the module differs from [`fs`](crate::fs): nobody may press a key for an hour, so waiting must not
/// hold the task's thread. What is there already is read in place. For what is not, one thread of the process, started
/// when it is first needed, waits, and wakes the tasks. So [`timeout`](super::timeout()), `select!` and `abort` work at
/// once, a runtime shuts down and the process exits while somebody waits.
///
/// # Cancel safety
///
/// Nothing is lost: a `read` or [`read_line`](Stdin::read_line) that is dropped has taken nothing, and half a line that
/// was there is kept for whoever reads next. A [`BufReader`] around the handle takes up to its capacity; what is in it
/// is lost with it.
///
/// # Beside std
///
/// What std's handles have not taken is here, and the other way round. While a task waits here, a call of std's waits
/// with it for the same input, and gets it. A program that does both at once may see a `read` in here block its thread
/// until there is more input.
///
/// # Examples
///
/// Wait for a line, but not for ever:
///
/// ```no_run
/// use reference_runtime::{io, time::timeout};
/// use std::time::Duration;
///
/// # reference_runtime::block_on(async {
/// let mut name = String::new();
/// if timeout(Duration::from_secs(5), io::stdin().read_line(&mut name)).await.is_err() {
///     println!("then not");
/// }
/// # });
/// ```
#[derive(Debug)]
pub struct Stdin {
    stdin: io::Stdin,
}

impl Stdin {
    /// Reads a line with its end to the end of `buf`, and says how many bytes that is. Zero is the end of the input.
    ///
    /// ```no_run
    /// # reference_runtime::block_on(async {
    /// let mut line = String::new();
    /// while reference_runtime::io::stdin().read_line(&mut line).await? > 0 {
    ///     print!("{line}");
    ///     line.clear();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the input; of the kind [`InvalidData`](io::ErrorKind::InvalidData) if the line is not UTF-8. It is
    /// skipped then.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: a line is taken when it is whole.
    pub async fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        let line = poll_fn(|cx| INPUT.poll_read_line(cx)).await?;
        let line = String::from_utf8(line).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "the line is not UTF-8; read bytes instead")
        })?;
        buf.push_str(&line);
        Ok(line.len())
    }

    /// The lines of the input, without their ends.
    ///
    /// ```no_run
    /// use futures::StreamExt;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut lines = reference_runtime::io::stdin().lines();
    /// while let Some(line) = lines.next().await {
    ///     println!("{}", line?.len());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A future of `next` that is dropped has lost nothing. The stream itself reads ahead, up to 8 KiB, which go with it.
    pub fn lines(self) -> Lines<BufReader<Stdin>> {
        BufReader::new(self).lines()
    }
}

impl AsyncRead for Stdin {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        INPUT.poll_read(cx, buf)
    }
}

impl AsyncRead for &Stdin {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        INPUT.poll_read(cx, buf)
    }
}

super::impl_descriptor!(Stdin, stdin);
