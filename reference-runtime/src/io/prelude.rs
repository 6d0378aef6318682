//! The traits for reading and writing, to be brought into scope at once.
//!
//! ```
//! use reference_runtime::io::prelude::*;
//!
//! # reference_runtime::block_on(async {
//! let mut text = String::new();
//! b"some text".as_slice().read_to_string(&mut text).await?;
//! assert_eq!(text, "some text");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```

#[doc(no_inline)]
pub use super::{
    BufRead, BufReadExt, Read, ReadExt, ReadMoreExt, Seek, SeekExt, Write, WriteExt, WriteMoreExt,
};
