//! Whole files at once.

use std::{io, path::Path};

use crate::io::turn::in_turn;

/// Reads a whole file.
///
/// ```
/// # reference_runtime::block_on(async {
/// let manifest = reference_runtime::fs::read("Cargo.toml").await?;
/// assert!(manifest.starts_with(b"[package]"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the file is not there or may not be read.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    in_turn(|| std::fs::read(path)).await
}

/// Reads a whole file that is UTF-8.
///
/// ```
/// # reference_runtime::block_on(async {
/// let manifest = reference_runtime::fs::read_to_string("Cargo.toml").await?;
/// assert!(manifest.lines().any(|line| line == "[package]"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the file is not there or may not be read; of the kind [`InvalidData`](io::ErrorKind::InvalidData) if it is not
/// UTF-8.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    in_turn(|| std::fs::read_to_string(path)).await
}

/// Writes a whole file, in place of what was in it.
///
/// ```
/// use reference_runtime::fs;
///
/// # let path = std::env::temp_dir().join(format!("rr-doc-write-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// fs::write(&path, "some text").await?;
/// assert_eq!(fs::read(&path).await?, b"some text");
/// # fs::remove_file(&path).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the file can be neither made nor opened, or the disk is full.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    in_turn(|| std::fs::write(path, contents)).await
}

/// Copies the content and the permissions of a file, and says how many bytes those are.
///
/// It is one call, however large the file: on Linux the kernel copies. To copy step by step, so that a time-out can end
/// it, see [`io::copy`](crate::io::copy).
///
/// ```
/// use reference_runtime::fs;
///
/// # let to = std::env::temp_dir().join(format!("rr-doc-copy-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// let length = fs::copy("Cargo.toml", &to).await?;
/// assert_eq!(fs::metadata(&to).await?.len(), length);
/// # fs::remove_file(&to).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If `from` is no file or may not be read, or `to` cannot be written.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    in_turn(|| std::fs::copy(from, to)).await
}
