//! Files and folders: the names and signatures of [`std::fs`], async.
//!
//! ```
//! use reference_runtime::{fs, io::prelude::*};
//!
//! # let folder = std::env::temp_dir().join(format!("rr-doc-fs-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("greeting.txt");
//! # reference_runtime::block_on(async {
//! let mut file = fs::File::create(&path).await?;
//! file.write_all(b"hello").await?;
//! assert_eq!(fs::read_to_string(&path).await?, "hello");
//! # fs::remove_dir_all(&folder).await
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Every call runs where it is made
//!
//! Most systems have no way to wait for a file as for a socket: a file counts as ready, and the call then blocks if
//! the disk is slow. Three answers are common:
//!
//! | | a cached file | a slow disk, a pipe without a writer | when the task is dropped |
//! |---|---|---|---|
//! | a pool of threads (tokio, async-std, smol) | the call and the way to a thread and back, 2 to 4 times the call | one thread of the pool waits | the call goes on without it |
//! | the kernel's queue (`io_uring`) | about the call | nobody waits | the buffer must outlive the call, so it cannot be borrowed |
//! | in place, which is what this module does | the call and some nanoseconds | the thread waits; its processor goes to another one | the call has to return first |
//!
//! A call in place is [`task::block_in_place`](crate::task::block_in_place): the worker says that it may block, and
//! makes the call. A call that is short costs a few stores more than std's. If the disk does take its time, the
//! scheduler hands the worker's processor to another thread, and **only the task that made the call waits**, be it for
//! a disk, for a network file system, or for somebody to open the other end of a named pipe.
//!
//! Measured on two cores beside other load, so it is the best of 60 rounds of 10,000 calls, and a trend rather than a
//! figure:
//!
//! | | std, called directly | this module | tokio | async-std |
//! |---|---|---|---|---|
//! | `read` of a cached file of 100 bytes, a task for each | 1.6 µs | 1.8 µs | 3.2 µs | 4.8 µs |
//! | the same, all in one task | 1.7 µs | 1.8 µs | 10.4 µs | - |
//! | 1 KiB from an open `/dev/zero` | 0.20 µs | 0.21 µs | - | - |
//!
//! It means:
//!
//! * A [`timeout`](crate::time::timeout) around a call cannot cut it short: the call returns first. *Between* calls a
//!   time-out is seen, also within `read_to_end` or [`io::copy`](crate::io::copy): a task gives its thread back after
//!   every sixteen calls, and after each that was slow enough for its processor to be taken.
//! * The branches of a `join!` or `select!` are one task, so two reads in a `join!` go one after the other.
//!   [`spawn`](crate::task::spawn) a task for each if they are to overlap.
//! * As many tasks may wait in calls at once as there may be
//!   [threads](crate::Builder::max_threads), 512 if nothing else is said.
//! * Dropping a [`Runtime`](crate::Runtime) waits for calls under way, so one that waits for ever is for
//!   [`shutdown_timeout`](crate::Runtime::shutdown_timeout).
//!
//! # Cancel safety
//!
//! A call happens as a whole or not at all: a future dropped before it is ready has not begun. What makes many calls
//! (`read_to_end`, `write_all`, [`io::copy`](crate::io::copy)) leaves off between two of them.
//!
//! # Errors
//!
//! They are those of std, untouched, with [`raw_os_error`](std::io::Error::raw_os_error) and
//! [`kind`](std::io::Error::kind). A path is not added to the message: that would hide the number.

mod content;
mod dir_builder;
mod entries;
mod file;
mod file_traits;
mod open_options;
mod read_dir;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

pub use std::fs::{FileTimes, FileType, Metadata, Permissions};

pub use content::{copy, read, read_to_string, write};
pub use dir_builder::{DirBuilder, create_dir, create_dir_all};
pub use entries::{
    canonicalize, exists, hard_link, metadata, read_link, remove_dir, remove_dir_all, remove_file, rename,
    set_permissions, symlink_metadata, try_exists,
};
pub use file::File;
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir, read_dir};
