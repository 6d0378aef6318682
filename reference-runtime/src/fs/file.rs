//! An open file.

use std::{
    fmt,
    fs::{FileTimes, Metadata, Permissions},
    io,
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use super::OpenOptions;
use crate::io::turn::in_turn;

/// An open file: [`std::fs::File`], async.
///
/// It reads, writes and seeks through the traits of [`io`](crate::io), for itself and for a shared reference. A clone is
/// the same open file with the same cursor, and closes with the last one.
///
/// Nothing is kept back: each read or write is one call of the operating system, the cursor is where std's would be,
/// and `flush` has nothing to do. So wrap a file in a [`BufReader`](crate::io::BufReader) or
/// [`BufWriter`](crate::io::BufWriter) for many small pieces. How calls run is told in the [module](super).
///
/// # Closing
///
/// Dropping the last clone closes the file; `close` from [`WriteExt`](crate::io::WriteExt) does no more than `flush`,
/// since what could fail then, the operating system does not tell of. Whether data has reached the disk, only
/// [`sync_all`](File::sync_all) and [`sync_data`](File::sync_data) say.
///
/// # Cancel safety
///
/// Reading and writing once (`read`, `write`, `seek`) happens as a whole or not at all. What does so repeatedly
/// (`read_exact`, `read_to_end`, `write_all`) and is dropped leaves off somewhere in the middle.
///
/// # Examples
///
/// ```
/// use reference_runtime::{fs::File, io::{SeekFrom, prelude::*}};
///
/// # let path = std::env::temp_dir().join(format!("rr-doc-file-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
/// file.write_all(b"hello world").await?;
/// file.seek(SeekFrom::Start(6)).await?;
/// let mut rest = String::new();
/// file.read_to_string(&mut rest).await?;
/// assert_eq!(rest, "world");
/// # reference_runtime::fs::remove_file(&path).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct File {
    pub(super) file: Arc<std::fs::File>,
}

impl File {
    /// Opens a file to read it.
    ///
    /// Opening a named pipe waits for somebody who writes to it; only this task does.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::prelude::*};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut start = [0; 9];
    /// File::open("Cargo.toml").await?.read_exact(&mut start).await?;
    /// assert_eq!(&start, b"[package]");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not there or may not be read.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        Ok(in_turn(|| std::fs::File::open(path)).await?.into())
    }

    /// Opens a file to write it: a new one, or the one that is there, without what was in it.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::prelude::*};
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-create-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"some text").await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the folder is not there or may not be written, or the file may not.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        Ok(in_turn(|| std::fs::File::create(path)).await?.into())
    }

    /// Makes a file that is not there yet, to read and to write.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::ErrorKind};
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-create-new-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// File::create_new(&path).await?;
    /// let twice = File::create_new(&path).await.expect_err("now it is there");
    /// assert_eq!(twice.kind(), ErrorKind::AlreadyExists);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Of the kind [`AlreadyExists`](io::ErrorKind::AlreadyExists) if something is there, a symbolic link included.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        Ok(in_turn(|| std::fs::File::create_new(path)).await?.into())
    }

    /// The same as [`OpenOptions::new`].
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("rr-doc-options-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let log = reference_runtime::fs::File::options().append(true).create(true).open(&path).await?;
    /// # drop(log);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Waits until content and metadata have reached the disk.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::prelude::*};
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-sync-all-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"not to be lost").await?;
    /// file.sync_all().await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If something did not reach the disk, be it written long ago.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn sync_all(&self) -> io::Result<()> {
        in_turn(|| self.file.sync_all()).await
    }

    /// Waits until the content has reached the disk, and of the metadata what is needed to read it.
    ///
    /// ```
    /// use reference_runtime::{fs::File, io::prelude::*};
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-sync-data-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"not to be lost").await?;
    /// file.sync_data().await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`File::sync_all`].
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn sync_data(&self) -> io::Result<()> {
        in_turn(|| self.file.sync_data()).await
    }

    /// Cuts the file off after `size` bytes, or fills it up with zeros. The cursor stays where it is.
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("rr-doc-set-len-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let file = reference_runtime::fs::File::create(&path).await?;
    /// file.set_len(10).await?;
    /// assert_eq!(file.metadata().await?.len(), 10);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file was not opened to write, or the disk is full.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        in_turn(|| self.file.set_len(size)).await
    }

    /// What is known of the file: its length, its kind, its times.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let manifest = reference_runtime::fs::File::open("Cargo.toml").await?;
    /// assert!(manifest.metadata().await?.is_file());
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn metadata(&self) -> io::Result<Metadata> {
        in_turn(|| self.file.metadata()).await
    }

    /// A second descriptor of the same open file, with the same cursor. A clone of the [`File`] does the same without
    /// one.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let manifest = reference_runtime::fs::File::open("Cargo.toml").await?;
    /// let second = manifest.try_clone().await?;
    /// # drop(second);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the process has too many open files.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn try_clone(&self) -> io::Result<File> {
        Ok(in_turn(|| self.file.try_clone()).await?.into())
    }

    /// Changes who may do what with the file.
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("rr-doc-set-permissions-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let file = reference_runtime::fs::File::create(&path).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// # #[cfg(unix)]
    /// # reference_runtime::fs::remove_file(&path).await?;
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file belongs to somebody else.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        in_turn(|| self.file.set_permissions(perm)).await
    }

    /// Changes when the file was last read and written.
    ///
    /// ```
    /// use reference_runtime::fs::{File, FileTimes};
    /// use std::time::SystemTime;
    ///
    /// # let path = std::env::temp_dir().join(format!("rr-doc-set-times-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let file = File::create(&path).await?;
    /// file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, SystemTime::UNIX_EPOCH);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file belongs to somebody else, or its file system does not keep such a time.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        in_turn(|| self.file.set_times(times)).await
    }

    /// Changes when the file was last written. See [`File::set_times`].
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("rr-doc-set-modified-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let file = reference_runtime::fs::File::create(&path).await?;
    /// file.set_modified(std::time::SystemTime::UNIX_EPOCH).await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`File::set_times`].
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        in_turn(|| self.file.set_modified(time)).await
    }

    /// Gives the file to code that is not async. If there are clones of it, they go on, and the result is another
    /// descriptor of the same open file.
    ///
    /// The other way round is `File::from`.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let manifest: std::fs::File = reference_runtime::fs::File::open("Cargo.toml").await?.into_std()?;
    /// let manifest = reference_runtime::fs::File::from(manifest);
    /// # drop(manifest);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are clones and the process has too many open files.
    pub fn into_std(self) -> io::Result<std::fs::File> {
        match Arc::try_unwrap(self.file) {
            Ok(file) => Ok(file),
            Err(shared) => shared.try_clone(),
        }
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> File {
        File { file: Arc::new(file) }
    }
}

impl TryFrom<File> for std::fs::File {
    type Error = io::Error;

    fn try_from(file: File) -> io::Result<std::fs::File> {
        file.into_std()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}
