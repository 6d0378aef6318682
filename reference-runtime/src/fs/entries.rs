//! Names in folders: what is there, and moving, linking and removing it.

use std::{
    fs::{Metadata, Permissions},
    io,
    path::{Path, PathBuf},
};

use crate::io::turn::in_turn;

/// What is known of the file or folder that `path` leads to: its length, its kind, its times.
///
/// Symbolic links are followed; [`symlink_metadata`] does not.
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// let manifest = fs::metadata("Cargo.toml").await?;
/// assert!(manifest.is_file() && manifest.len() > 0);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If nothing is there, or a folder on the way may not be searched.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    in_turn(|| std::fs::metadata(path)).await
}

/// As [`metadata`], but of a symbolic link itself.
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// let manifest = fs::symlink_metadata("Cargo.toml").await?;
/// assert!(!manifest.is_symlink());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If nothing is there, or a folder on the way may not be searched.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    in_turn(|| std::fs::symlink_metadata(path)).await
}

/// Says whether something is at `path`. Symbolic links are followed.
///
/// By the time one acts on the answer it may be wrong. To make a file that is not there yet, see
/// [`File::create_new`](super::File::create_new).
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// assert!(fs::exists("Cargo.toml").await?);
/// assert!(!fs::exists("Cargo.toml.gone").await?);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If one cannot tell, since a folder on the way may not be searched.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    in_turn(|| std::fs::exists(path)).await
}

/// [`exists`] under the name it has in tokio and in [`Path::try_exists`].
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// assert!(fs::try_exists("Cargo.toml").await?);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// As with [`exists`].
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn try_exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    exists(path).await
}

/// The absolute path, without symbolic links, `.` and `..`.
///
/// ```
/// use reference_runtime::fs;
///
/// # reference_runtime::block_on(async {
/// let here = fs::canonicalize(".").await?;
/// assert!(here.is_absolute());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If nothing is there, or something on the way is no folder.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    in_turn(|| std::fs::canonicalize(path)).await
}

/// Where a symbolic link leads to.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-read-link-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// # #[cfg(unix)]
/// # {
/// fs::unix::symlink("target.txt", folder.join("link")).await?;
/// assert_eq!(fs::read_link(folder.join("link")).await?.to_str(), Some("target.txt"));
/// # }
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If `path` is no symbolic link.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    in_turn(|| std::fs::read_link(path)).await
}

/// Gives a file a second name. Both names are equal: the file goes with the last one.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-hard-link-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::write(folder.join("one"), "text").await?;
/// fs::hard_link(folder.join("one"), folder.join("two")).await?;
/// fs::remove_file(folder.join("one")).await?;
/// assert_eq!(fs::read(folder.join("two")).await?, b"text");
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If `original` is no file, `link` is there already, or they are on different file systems.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    in_turn(|| std::fs::hard_link(original, link)).await
}

/// Moves a file or a folder within a file system. A file that was at `to` is replaced.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-rename-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::write(folder.join("draft"), "text").await?;
/// fs::rename(folder.join("draft"), folder.join("final")).await?;
/// assert!(!fs::exists(folder.join("draft")).await?);
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If `from` is not there, or `to` is on another file system: copy and remove it then.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    in_turn(|| std::fs::rename(from, to)).await
}

/// Removes a file. Where it is open, it can still be used until it is closed.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-remove-file-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::write(folder.join("old"), "").await?;
/// fs::remove_file(folder.join("old")).await?;
/// assert!(!fs::exists(folder.join("old")).await?);
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If nothing or a folder is there, or the folder around it may not be written.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_turn(|| std::fs::remove_file(path)).await
}

/// Removes a folder that is empty.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-remove-dir-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::create_dir(folder.join("empty")).await?;
/// fs::remove_dir(folder.join("empty")).await?;
/// assert!(!fs::exists(folder.join("empty")).await?);
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is not empty, not there, or no folder.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_turn(|| std::fs::remove_dir(path)).await
}

/// Removes a folder with all that is in it. Symbolic links are removed, not followed.
///
/// It is one call, however much there is to remove.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-remove-all-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// fs::create_dir_all(folder.join("a/b/c")).await?;
/// fs::remove_dir_all(folder.join("a")).await?;
/// assert!(!fs::exists(folder.join("a")).await?);
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is not there, or something in it cannot be removed; what was removed by then is gone.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_turn(|| std::fs::remove_dir_all(path)).await
}

/// Changes who may do what with a file or folder.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-permissions-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # reference_runtime::block_on(async {
/// let path = folder.join("precious");
/// fs::write(&path, "text").await?;
/// let mut permissions = fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&path, permissions).await?;
/// assert!(fs::metadata(&path).await?.permissions().readonly());
/// # let mut permissions = fs::metadata(&path).await?.permissions();
/// # #[allow(clippy::permissions_set_readonly_false)]
/// # permissions.set_readonly(false);
/// # fs::set_permissions(&path, permissions).await?;
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is not there, or belongs to somebody else.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn set_permissions<P: AsRef<Path>>(path: P, perm: Permissions) -> io::Result<()> {
    in_turn(|| std::fs::set_permissions(path, perm)).await
}
