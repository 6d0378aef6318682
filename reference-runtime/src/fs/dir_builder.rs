//! Making folders.

use std::{future::Future, io, path::Path};

use crate::io::turn::in_turn;

/// Makes a folder.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-create-dir-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// fs::create_dir(&folder).await?;
/// assert!(fs::metadata(&folder).await?.is_dir());
/// # fs::remove_dir(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If it is there already, or the folder around it is not: see [`create_dir_all`].
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_turn(|| std::fs::create_dir(path)).await
}

/// Makes a folder and the folders around it, as far as they are not there.
///
/// ```
/// use reference_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-create-all-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// fs::create_dir_all(folder.join("a/b/c")).await?;
/// fs::create_dir_all(folder.join("a/b/c")).await?;
/// # fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If something on the way is no folder, or one may not be written. Those made by then stay.
///
/// # Cancel safety
///
/// See the [module](super#cancel-safety).
pub async fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    in_turn(|| std::fs::create_dir_all(path)).await
}

/// How to make a folder: [`std::fs::DirBuilder`], whose [`create`](DirBuilder::create) is async.
///
/// On Unix, `std::os::unix::fs::DirBuilderExt` sets who may do what with it; the trait is also in `fs::unix`.
///
/// ```
/// use reference_runtime::fs::DirBuilder;
///
/// # let folder = std::env::temp_dir().join(format!("rr-doc-dir-builder-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// DirBuilder::new().recursive(true).create(folder.join("a/b")).await?;
/// # reference_runtime::fs::remove_dir_all(&folder).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DirBuilder {
    is_recursive: bool,
    /// Of Unix: who may do what.
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// Makes one folder, as [`create_dir`] does.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("rr-doc-db-new-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// reference_runtime::fs::DirBuilder::new().create(&folder).await?;
    /// # reference_runtime::fs::remove_dir(&folder).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> DirBuilder {
        DirBuilder {
            is_recursive: false,
            #[cfg(unix)]
            mode: None,
        }
    }

    /// Whether to make the folders around it, too, as [`create_dir_all`] does.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("rr-doc-db-recursive-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// reference_runtime::fs::DirBuilder::new().recursive(true).create(folder.join("a/b")).await?;
    /// # reference_runtime::fs::remove_dir_all(&folder).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut DirBuilder {
        self.is_recursive = recursive;
        self
    }

    /// Makes the folder. The future does not borrow the builder.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("rr-doc-db-create-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let making = reference_runtime::fs::DirBuilder::new().create(&folder);
    /// making.await?;
    /// # reference_runtime::fs::remove_dir(&folder).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`create_dir`] or [`create_dir_all`].
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub fn create<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<()>> + use<P> {
        // Std's builder has no `clone`.
        let builder = self.to_std();
        async move { in_turn(|| builder.create(path)).await }
    }

    fn to_std(&self) -> std::fs::DirBuilder {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.is_recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        builder
    }
}

impl Default for DirBuilder {
    fn default() -> DirBuilder {
        DirBuilder::new()
    }
}

#[cfg(unix)]
impl std::os::unix::fs::DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut DirBuilder {
        self.mode = Some(mode);
        self
    }
}
