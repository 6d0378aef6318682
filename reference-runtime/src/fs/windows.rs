//! What files have on Windows alone: the names of [`std::os::windows::fs`], async.
//!
//! [`OpenOptionsExt`] is std's, and works on [`OpenOptions`], too.

use std::{io, path::Path};

pub use std::os::windows::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

use super::OpenOptions;
use crate::io::turn::in_turn;

/// Makes a symbolic link at `link` that leads to the folder `original`.
///
/// ```no_run
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// fs::windows::symlink_dir("archive", "latest").await?;
/// assert!(fs::symlink_metadata("latest").await?.is_symlink());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If something is at `link` already, or the process may not make links.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn symlink_dir<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_turn(|| std::os::windows::fs::symlink_dir(original, link)).await
}

/// Makes a symbolic link at `link` that leads to the file `original`.
///
/// ```no_run
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// fs::windows::symlink_file("today.log", "latest.log").await?;
/// assert!(fs::symlink_metadata("latest.log").await?.is_symlink());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// As with [`symlink_dir`].
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn symlink_file<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_turn(|| std::os::windows::fs::symlink_file(original, link)).await
}

impl OpenOptionsExt for OpenOptions {
    fn access_mode(&mut self, access: u32) -> &mut OpenOptions {
        self.0.access_mode(access);
        self
    }

    fn share_mode(&mut self, val: u32) -> &mut OpenOptions {
        self.0.share_mode(val);
        self
    }

    fn custom_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }

    fn attributes(&mut self, val: u32) -> &mut OpenOptions {
        self.0.attributes(val);
        self
    }

    fn security_qos_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.0.security_qos_flags(flags);
        self
    }
}
