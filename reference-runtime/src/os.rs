//! What only some operating systems have, under the paths of std and async-std.
//!
//! ```
//! # #[cfg(unix)]
//! use reference_runtime::os::unix::{fs::symlink, net::UnixStream};
//! ```

/// What Unix has.
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub mod unix {
    pub use crate::{fs::unix as fs, net::unix as net, process::unix as process};
    pub use std::os::fd as io;
}

/// What Windows has.
#[cfg(windows)]
#[cfg_attr(docsrs, doc(cfg(windows)))]
pub mod windows {
    pub use crate::{fs::windows as fs, process::windows as process};
    pub use std::os::windows::io;
}
