//! The traits that most programs need, to be brought into scope at once.
//!
//! ```
//! use reference_runtime::{fs::File, prelude::*};
//!
//! # reference_runtime::block_on(async {
//! let mut manifest = String::new();
//! File::open("Cargo.toml").await?.read_to_string(&mut manifest).await?;
//! assert!(manifest.contains("[package]"));
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The traits for reading and writing are here without their names, so that std's can be in scope beside them. With
//! their names they are in [`io::prelude`](crate::io::prelude).

/// std's own prelude has `Future` from the edition of 2024 on.
#[doc(no_inline)]
pub use crate::future::{Future, FutureExt, FutureMoreExt as _};

/// The lines of a reader and the entries of a folder are streams.
#[doc(no_inline)]
pub use crate::stream::{Stream, StreamExt};

#[doc(no_inline)]
pub use crate::stream::StreamMoreExt as _;

#[doc(no_inline)]
pub use crate::task_local;

#[doc(no_inline)]
pub use crate::io::{
    BufRead as _, BufReadExt as _, Read as _, ReadExt as _, ReadMoreExt as _, Seek as _, SeekExt as _,
    Write as _, WriteExt as _, WriteMoreExt as _,
};
