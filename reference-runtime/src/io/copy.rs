//! From a reader to a writer.

use std::io;

use futures::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// Writes all that `reader` gives to `writer`, flushes it, and says how many bytes those were.
///
/// A reader that said it is at its end is not asked again. For files by their paths, [`fs::copy`](crate::fs::copy) is
/// faster.
///
/// ```
/// use reference_runtime::io;
///
/// # reference_runtime::block_on(async {
/// let mut reader: &[u8] = b"hello";
/// let mut writer = Vec::new();
/// assert_eq!(io::copy(&mut reader, &mut writer).await?, 5);
/// assert_eq!(writer, b"hello");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of `reader` and `writer`; of the kind [`WriteZero`](io::ErrorKind::WriteZero) if `writer` takes nothing more.
/// An interruption is none.
///
/// # Cancel safety
///
/// Bytes that were read and not yet written, 8 KiB at most, are lost.
pub async fn copy<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut reader = BufReader::new(reader);
    let mut copied = 0;
    loop {
        let bytes = match reader.fill_buf().await {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            writer.flush().await?;
            return Ok(copied);
        }
        let written = match writer.write(bytes).await {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            written => written?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        reader.consume_unpin(written);
        copied += written as u64;
    }
}
