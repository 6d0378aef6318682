//! What the extension traits of std and async-std have and those of the `futures` crate have not.
//!
//! Traits of their own beside [`ReadExt`](super::ReadExt) and the others, since those are the ones of `futures`, so that
//! a program may bring both crates' preludes into scope.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{
    Stream,
    io::{AsyncBufRead, AsyncRead, AsyncWrite},
};
use pin_project_lite::pin_project;

/// What std's readers do besides [`ReadExt`](super::ReadExt).
///
/// ```
/// use reference_runtime::io::prelude::*;
///
/// # reference_runtime::block_on(async {
/// let mut reader: &[u8] = b"header|body";
/// let mut header = Vec::new();
/// // Takes from the reader without taking it.
/// reader.by_ref().take(6).read_to_end(&mut header).await?;
/// assert_eq!(header, b"header");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ReadMoreExt: AsyncRead {
    /// The reader, borrowed: what takes a reader can have it for a while.
    ///
    /// ```
    /// use reference_runtime::io::prelude::*;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut reader: &[u8] = b"12345";
    /// let mut two = String::new();
    /// reader.by_ref().take(2).read_to_string(&mut two).await?;
    /// assert_eq!((two.as_str(), reader), ("12", b"345".as_slice()));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn by_ref(&mut self) -> &mut Self
    where
        Self: Sized,
    {
        self
    }

    /// The bytes of the reader, one by one: each is a call, so put a [`BufReader`](super::BufReader) before it.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use reference_runtime::io::prelude::*;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut bytes = ReadMoreExt::bytes(b"ab".as_slice());
    /// assert_eq!(bytes.next().await.transpose()?, Some(b'a'));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn bytes(self) -> Bytes<Self>
    where
        Self: Sized,
    {
        Bytes { reader: self }
    }
}

impl<R: AsyncRead + ?Sized> ReadMoreExt for R {}

/// What std's writers do besides [`WriteExt`](super::WriteExt).
///
/// ```
/// use reference_runtime::io::prelude::*;
///
/// # reference_runtime::block_on(async {
/// let mut writer = Vec::new();
/// WriteMoreExt::write_fmt(&mut writer, format_args!("{} is {}", "two", 2)).await?;
/// assert_eq!(writer, b"two is 2");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait WriteMoreExt: AsyncWrite {
    /// Writes what [`write!`] and [`writeln!`] are given, as one `write_all`.
    ///
    /// What those macros borrow is held until the future is done, and cannot go to another thread. So in a task that is
    /// [spawned](crate::task::spawn), format first: `write_all(format!("…\n").as_bytes())`.
    ///
    /// ```
    /// use reference_runtime::io::{self, prelude::*};
    ///
    /// # reference_runtime::block_on(async {
    /// writeln!(io::stdout(), "{} is {}", "two", 2).await?;
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `write_all`, or that a value could not be formatted.
    ///
    /// # Cancel safety
    ///
    /// That of `write_all`.
    fn write_fmt<'a>(&'a mut self, fmt: fmt::Arguments<'_>) -> WriteFmt<'a, Self>
    where
        Self: Unpin,
    {
        let mut text = String::new();
        let result = fmt::write(&mut text, fmt).map_err(|_| io::Error::other("a value cannot be formatted"));
        WriteFmt { writer: self, text: text.into_bytes(), written: 0, error: result.err() }
    }
}

impl<W: AsyncWrite + ?Sized> WriteMoreExt for W {}

/// What std's readers with a buffer do besides [`BufReadExt`](super::BufReadExt).
///
/// It is not in the [`prelude`](super::prelude): `split` is also what [`ReadExt`](super::ReadExt) calls the halves of a
/// stream. With both traits in scope, write `BufReadMoreExt::split(reader, b'-')`.
///
/// ```
/// use futures::StreamExt;
/// use reference_runtime::io::{BufReadMoreExt, Cursor};
///
/// # reference_runtime::block_on(async {
/// let mut parts = Cursor::new(b"lorem-ipsum").split(b'-');
/// assert_eq!(parts.next().await.transpose()?, Some(b"lorem".to_vec()));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait BufReadMoreExt: AsyncBufRead {
    /// The parts of the reader between bytes that are `byte`, which are left out.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use reference_runtime::io::BufReadMoreExt;
    ///
    /// # reference_runtime::block_on(async {
    /// let parts: Vec<_> = BufReadMoreExt::split(b"a,,b,".as_slice(), b',').map(Result::unwrap).collect().await;
    /// assert_eq!(parts, [b"a".to_vec(), b"".to_vec(), b"b".to_vec()]);
    /// # });
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split { reader: self, byte, part: Vec::new() }
    }
}

impl<R: AsyncBufRead + ?Sized> BufReadMoreExt for R {}

pin_project! {
    /// The bytes of a reader. Made by [`ReadMoreExt::bytes`].
    ///
    /// ```
    /// use reference_runtime::io::{Bytes, ReadMoreExt};
    ///
    /// let bytes: Bytes<&[u8]> = ReadMoreExt::bytes(b"ab".as_slice());
    /// # drop(bytes);
    /// ```
    #[derive(Debug)]
    pub struct Bytes<R> {
        #[pin]
        reader: R,
    }
}

impl<R: AsyncRead> Stream for Bytes<R> {
    type Item = io::Result<u8>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<u8>>> {
        let mut reader = self.project().reader;
        let mut byte = [0];
        loop {
            match ready!(reader.as_mut().poll_read(cx, &mut byte)) {
                Ok(0) => return Poll::Ready(None),
                Ok(_) => return Poll::Ready(Some(Ok(byte[0]))),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

pin_project! {
    /// The parts of a reader. Made by [`BufReadMoreExt::split`].
    ///
    /// ```
    /// use reference_runtime::io::{BufReadMoreExt, Cursor, Split};
    ///
    /// let parts: Split<Cursor<&str>> = Cursor::new("a-b").split(b'-');
    /// # drop(parts);
    /// ```
    #[derive(Debug)]
    pub struct Split<R> {
        #[pin]
        reader: R,
        byte: u8,
        // What was read of the part that comes next.
        part: Vec<u8>,
    }
}

impl<R: AsyncBufRead> Stream for Split<R> {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Vec<u8>>>> {
        let mut split = self.project();
        loop {
            let bytes = match ready!(split.reader.as_mut().poll_fill_buf(cx)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(bytes) => bytes,
            };
            if bytes.is_empty() {
                let last = std::mem::take(split.part);
                return Poll::Ready(Some(last).filter(|last| !last.is_empty()).map(Ok));
            }
            let end = bytes.iter().position(|byte| byte == split.byte);
            split.part.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            let length = end.map_or(bytes.len(), |end| end + 1);
            split.reader.as_mut().consume(length);
            if end.is_some() {
                return Poll::Ready(Some(Ok(std::mem::take(split.part))));
            }
        }
    }
}

/// The future of [`WriteMoreExt::write_fmt`].
///
/// ```
/// use reference_runtime::io::{Sink, WriteFmt, WriteMoreExt, sink};
///
/// let mut nowhere = sink();
/// let writing: WriteFmt<'_, Sink> = nowhere.write_fmt(format_args!("{}", 1));
/// reference_runtime::block_on(writing)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteFmt<'a, W: ?Sized> {
    writer: &'a mut W,
    text: Vec<u8>,
    written: usize,
    error: Option<io::Error>,
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteFmt<'_, W> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(error) = this.error.take() {
            return Poll::Ready(Err(error));
        }
        while this.written < this.text.len() {
            match ready!(Pin::new(&mut *this.writer).poll_write(cx, &this.text[this.written..])) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) => this.written += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}
