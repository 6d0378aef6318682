//! A writer with a buffer before it.

use std::{
    error::Error,
    fmt,
    io::{self, IoSlice, SeekFrom},
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::{AsyncSeek, AsyncWrite, AsyncWriteExt};
use pin_project_lite::pin_project;

pin_project! {
    /// Collects small writes, and passes them on when its buffer is full or flushed.
    ///
    /// It is that of the `futures` crate, but [`into_inner`](BufWriter::into_inner) writes what is in the buffer, as
    /// std's and async-std's do; that one throws it away.
    ///
    /// Flush or close it in the end: what is in the buffer when it is dropped is lost, since a `drop` cannot wait.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::{BufWriter, prelude::*}};
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-buf-writer-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let mut writer = BufWriter::new(File::create(&path).await?);
    /// for number in 0..1000 {
    ///     writeln!(writer, "{number}").await?;
    /// }
    /// writer.flush().await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Cancel safety
    ///
    /// That of the writer behind it: a `write` happens as a whole or not at all.
    pub struct BufWriter<W> {
        #[pin]
        writer: futures::io::BufWriter<W>,
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// With a buffer of 8 KiB.
    ///
    /// ```
    /// let writer = reference_runtime::io::BufWriter::new(Vec::new());
    /// # drop(writer);
    /// ```
    pub fn new(inner: W) -> BufWriter<W> {
        BufWriter { writer: futures::io::BufWriter::new(inner) }
    }

    /// With a buffer of `capacity` bytes.
    ///
    /// ```
    /// let writer = reference_runtime::io::BufWriter::with_capacity(64 * 1024, Vec::new());
    /// # drop(writer);
    /// ```
    pub fn with_capacity(capacity: usize, inner: W) -> BufWriter<W> {
        BufWriter { writer: futures::io::BufWriter::with_capacity(capacity, inner) }
    }

    /// The writer behind the buffer.
    ///
    /// ```
    /// let writer = reference_runtime::io::BufWriter::new(Vec::new());
    /// assert!(writer.get_ref().is_empty());
    /// ```
    pub fn get_ref(&self) -> &W {
        self.writer.get_ref()
    }

    /// The writer behind the buffer. What is written to it directly overtakes the buffer.
    ///
    /// ```
    /// let mut writer = reference_runtime::io::BufWriter::new(vec![1]);
    /// writer.get_mut().clear();
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        self.writer.get_mut()
    }

    /// As [`get_mut`](BufWriter::get_mut), of one that is pinned.
    ///
    /// ```
    /// let mut writer = Box::pin(reference_runtime::io::BufWriter::new(vec![1]));
    /// writer.as_mut().get_pin_mut().clear();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer.get_pin_mut()
    }

    /// What waits in the buffer.
    ///
    /// ```
    /// use reference_runtime::io::{BufWriter, prelude::*};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"text").await?;
    /// assert_eq!(writer.buffer(), b"text");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn buffer(&self) -> &[u8] {
        self.writer.buffer()
    }

    /// Writes what is in the buffer, and gives the writer behind it back.
    ///
    /// ```
    /// use reference_runtime::io::{BufWriter, prelude::*};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"text").await?;
    /// assert_eq!(writer.into_inner().await?, b"text");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IntoInnerError`] has the error of the flush, and this writer.
    ///
    /// # Cancel safety
    ///
    /// The writer is lost.
    pub async fn into_inner(mut self) -> Result<W, IntoInnerError<BufWriter<W>>>
    where
        W: Unpin,
    {
        match self.flush().await {
            Ok(()) => Ok(self.writer.into_inner()),
            Err(error) => Err(IntoInnerError { writer: self, error }),
        }
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_close(cx)
    }
}

impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    /// Writes what is in the buffer, and seeks then.
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, pos: SeekFrom) -> Poll<io::Result<u64>> {
        self.project().writer.poll_seek(cx, pos)
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.writer.fmt(f)
    }
}

/// [`BufWriter::into_inner`] could not write what was in the buffer.
///
/// ```
/// use reference_runtime::io::{BufWriter, IntoInnerError, prelude::*};
///
/// # reference_runtime::block_on(async {
/// let full: &mut [u8] = &mut [];
/// let mut writer = BufWriter::new(reference_runtime::io::Cursor::new(full));
/// writer.write_all(b"text").await?;
/// let error: IntoInnerError<_> = writer.into_inner().await.expect_err("there is no room");
/// assert_eq!(error.into_inner().buffer(), b"text");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct IntoInnerError<W> {
    writer: W,
    error: io::Error,
}

impl<W> IntoInnerError<W> {
    /// The error of the flush.
    ///
    /// ```
    /// # use reference_runtime::io::{BufWriter, Cursor, ErrorKind, prelude::*};
    /// # reference_runtime::block_on(async {
    /// # let full: &mut [u8] = &mut [];
    /// # let mut writer = BufWriter::new(Cursor::new(full));
    /// # writer.write_all(b"text").await?;
    /// let error = writer.into_inner().await.expect_err("there is no room");
    /// assert_eq!(error.error().kind(), ErrorKind::WriteZero);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The writer with its buffer, to try again.
    ///
    /// ```
    /// # use reference_runtime::io::{BufWriter, Cursor, prelude::*};
    /// # reference_runtime::block_on(async {
    /// # let full: &mut [u8] = &mut [];
    /// # let mut writer = BufWriter::new(Cursor::new(full));
    /// # writer.write_all(b"text").await?;
    /// let error = writer.into_inner().await.expect_err("there is no room");
    /// let writer: BufWriter<_> = error.into_inner();
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W> From<IntoInnerError<W>> for io::Error {
    fn from(error: IntoInnerError<W>) -> io::Error {
        error.error
    }
}

impl<W> fmt::Display for IntoInnerError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<W: Send + fmt::Debug> Error for IntoInnerError<W> {}
