//! How to open a file.

use std::{future::Future, io, path::Path};

use super::File;
use crate::io::turn::in_turn;

/// How to open a file: [`std::fs::OpenOptions`], whose [`open`](OpenOptions::open) is async.
///
/// The settings of the platform are those of std's traits: `std::os::unix::fs::OpenOptionsExt`, also in
/// `fs::unix`, and `std::os::windows::fs::OpenOptionsExt`, also in `fs::windows`.
///
/// ```
/// use reference_runtime::{fs::OpenOptions, io::prelude::*};
///
/// # let path = std::env::temp_dir().join(format!("rr-doc-open-options-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"a line\n").await?;
/// # reference_runtime::fs::remove_file(&path).await
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(pub(super) std::fs::OpenOptions);

impl OpenOptions {
    /// Nothing is set: neither to read nor to write.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let file = reference_runtime::fs::OpenOptions::new().read(true).open("Cargo.toml").await?;
    /// # drop(file);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions(std::fs::OpenOptions::new())
    }

    /// Whether to read.
    ///
    /// ```
    /// # use reference_runtime::fs::OpenOptions;
    /// # reference_runtime::block_on(async {
    /// let file = OpenOptions::new().read(true).open("Cargo.toml").await?;
    /// # drop(file);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.0.read(read);
        self
    }

    /// Whether to write, over what is there.
    ///
    /// ```
    /// # use reference_runtime::{fs::OpenOptions, io::prelude::*};
    /// # let path = std::env::temp_dir().join(format!("rr-doc-oo-write-{}", std::process::id()));
    /// # std::fs::write(&path, "")?;
    /// # reference_runtime::block_on(async {
    /// let mut file = OpenOptions::new().write(true).open(&path).await?;
    /// file.write_all(b"text").await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.0.write(write);
        self
    }

    /// Whether to write to the end, wherever the cursor is.
    ///
    /// Each `write` is put behind what anybody else has written, as a whole. So give a line in one piece.
    ///
    /// ```
    /// # use reference_runtime::{fs::OpenOptions, io::prelude::*};
    /// # let path = std::env::temp_dir().join(format!("rr-doc-oo-append-{}", std::process::id()));
    /// # std::fs::write(&path, "")?;
    /// # reference_runtime::block_on(async {
    /// let mut log = OpenOptions::new().append(true).open(&path).await?;
    /// log.write_all(b"a line\n").await?;
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.0.append(append);
        self
    }

    /// Whether to throw away what is in the file. It has to be opened to write.
    ///
    /// ```
    /// # use reference_runtime::fs::OpenOptions;
    /// # let path = std::env::temp_dir().join(format!("rr-doc-oo-truncate-{}", std::process::id()));
    /// # std::fs::write(&path, "old")?;
    /// # reference_runtime::block_on(async {
    /// let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.0.truncate(truncate);
        self
    }

    /// Whether to make the file if it is not there. It has to be opened to write or to append.
    ///
    /// ```
    /// # use reference_runtime::fs::OpenOptions;
    /// # let path = std::env::temp_dir().join(format!("rr-doc-oo-create-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let file = OpenOptions::new().write(true).create(true).open(&path).await?;
    /// # drop(file);
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.0.create(create);
        self
    }

    /// Whether to make the file, and fail if it is there. It has to be opened to write or to append.
    ///
    /// ```
    /// # use reference_runtime::fs::OpenOptions;
    /// # let path = std::env::temp_dir().join(format!("rr-doc-oo-create-new-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// options.open(&path).await?;
    /// assert!(options.open(&path).await.is_err());
    /// # reference_runtime::fs::remove_file(&path).await
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.0.create_new(create_new);
        self
    }

    /// Opens the file. The future does not borrow the options.
    ///
    /// ```
    /// # reference_runtime::block_on(async {
    /// let opening = reference_runtime::fs::OpenOptions::new().read(true).open("Cargo.toml");
    /// let file = opening.await?;
    /// # drop(file);
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be opened so; of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) if the settings
    /// contradict each other.
    ///
    /// # Cancel safety
    ///
    /// See the [module](super#cancel-safety).
    pub fn open<P: AsRef<Path>>(&self, path: P) -> impl Future<Output = io::Result<File>> + use<P> {
        let options = self.0.clone();
        async move { Ok(in_turn(|| options.open(path)).await?.into()) }
    }
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(options)
    }
}
