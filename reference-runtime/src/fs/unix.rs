//! What files have on Unix alone: the names of [`std::os::unix::fs`], async.
//!
//! The traits are std's; those for options, builders and entries work on [`OpenOptions`],
//! [`DirBuilder`](super::DirBuilder) and [`DirEntry`](super::DirEntry), too.
//!
//! ```
//! use reference_runtime::fs::{OpenOptions, unix::OpenOptionsExt};
//!
//! # let path = std::env::temp_dir().join(format!("rr-doc-fs-unix-{}", std::process::id()));
//! # reference_runtime::block_on(async {
//! let secret = OpenOptions::new().write(true).create(true).mode(0o600).open(&path).await?;
//! # drop(secret);
//! # reference_runtime::fs::remove_file(&path).await
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```

use std::{io, path::Path};

pub use std::os::unix::fs::{
    DirBuilderExt, DirEntryExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
};

use super::OpenOptions;
use crate::io::turn::in_turn;

/// Makes a symbolic link at `link` that leads to `original`, which need not be there.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-symlink-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::unix::symlink("target.txt", folder.join("link")).await?;
/// assert!(fs::symlink_metadata(folder.join("link")).await?.is_symlink());
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If something is at `link` already, or its folder may not be written.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_turn(|| std::os::unix::fs::symlink(original, link)).await
}

/// Gives a file or folder to another user or group. What is `None` stays.
///
/// ```
/// use reference_runtime::fs::unix::chown;
///
/// # let path = std::env::temp_dir().join(format!("rr-doc-chown-{}", std::process::id()));
/// # std::fs::write(&path, "")?;
/// # reference_runtime::block_on(async {
/// chown(&path, None, None).await?;
/// # reference_runtime::fs::remove_file(&path).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is not there, or the process may not do so.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn chown<P: AsRef<Path>>(dir: P, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    in_turn(|| std::os::unix::fs::chown(dir, uid, gid)).await
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }
}
