//! What is in a folder.

use std::{
    ffi::OsString,
    fmt,
    fs::{FileType, Metadata},
    future::poll_fn,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::Stream;

use crate::{
    io::turn::{in_turn, poll_turn},
    scheduler::block_in_place,
};

/// Opens a folder to see what is in it, in no order, without `.` and `..`.
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// let mut names = Vec::new();
/// let mut folder = fs::read_dir(".").await?;
/// while let Some(entry) = folder.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// assert!(names.contains(&"Cargo.toml".into()));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is not there, no folder, or may not be read.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    Ok(ReadDir { entries: in_turn(|| std::fs::read_dir(path)).await? })
}

/// What is in a folder, one after the other. Made by [`read_dir`].
///
/// It is a [`Stream`], and [`next_entry`](ReadDir::next_entry) does without the traits for one.
///
/// ```
/// use futures::{StreamExt, TryStreamExt};
/// use reference_runtime::fs::{ReadDir, read_dir};
///
/// # reference_runtime::block_on(async {
/// let folder: ReadDir = read_dir(".").await?;
/// let names: Vec<_> = folder.map(|entry| entry.map(|entry| entry.file_name())).try_collect().await?;
/// assert!(names.contains(&"Cargo.toml".into()));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Cancel safety
///
/// A future of `next` or `next_entry` that is dropped has taken no entry.
#[derive(Debug)]
pub struct ReadDir {
    entries: std::fs::ReadDir,
}

impl ReadDir {
    /// The next entry, or nothing at the end. The name is tokio's.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mut folder = reference_runtime::fs::read_dir("src").await?;
    /// assert!(folder.next_entry().await?.is_some());
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If reading the folder fails half-way.
    ///
    /// # Cancel safety
    ///
    /// No entry is lost.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        ready!(poll_turn(cx));
        let next = block_in_place(|| self.entries.next());
        Poll::Ready(next.map(|entry| Ok(DirEntry { entry: Arc::new(entry?) })))
    }
}

/// Something in a folder. Given by [`ReadDir`].
///
/// On Unix, `std::os::unix::fs::DirEntryExt` tells the inode; the trait is also in `fs::unix`.
///
/// ```
/// use reference_runtime::fs::{DirEntry, read_dir};
///
/// # reference_runtime::block_on(async {
/// let entry: DirEntry = read_dir("src").await?.next_entry().await?.expect("it is not empty");
/// assert!(entry.path().starts_with("src"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct DirEntry {
    entry: Arc<std::fs::DirEntry>,
}

impl DirEntry {
    /// The path given to [`read_dir`], with the name of the entry behind it.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mut folder = reference_runtime::fs::read_dir("src").await?;
    /// let entry = folder.next_entry().await?.expect("it is not empty");
    /// assert_eq!(entry.path(), std::path::Path::new("src").join(entry.file_name()));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The name of the entry alone.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mut folder = reference_runtime::fs::read_dir("src").await?;
    /// let name = folder.next_entry().await?.expect("it is not empty").file_name();
    /// # drop(name);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What is known of it, of a symbolic link itself.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mut folder = reference_runtime::fs::read_dir("src").await?;
    /// let entry = folder.next_entry().await?.expect("it is not empty");
    /// assert!(entry.metadata().await?.modified().is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is gone.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn metadata(&self) -> io::Result<Metadata> {
        in_turn(|| self.entry.metadata()).await
    }

    /// Whether it is a file, a folder, a symbolic link or something else. Most systems know that without a further call.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let mut folder = reference_runtime::fs::read_dir("src").await?;
    /// let entry = folder.next_entry().await?.expect("it is not empty");
    /// assert!(!entry.file_type().await?.is_symlink());
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is gone.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn file_type(&self) -> io::Result<FileType> {
        in_turn(|| self.entry.file_type()).await
    }
}

#[cfg(unix)]
impl std::os::unix::fs::DirEntryExt for DirEntry {
    fn ino(&self) -> u64 {
        self.entry.ino()
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.path()).finish()
    }
}
