//! Reading and writing: the names of [`std::io`], async.
//!
//! ```
//! use futures::StreamExt;
//! use reference_runtime::{fs::File, io::{self, BufReader, prelude::*}};
//!
//! # reference_runtime::block_on(async {
//! let mut lines = BufReader::new(File::open("Cargo.toml").await?).lines();
//! while let Some(line) = lines.next().await {
//!     writeln!(io::stdout(), "{}", line?.len()).await?;
//! }
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What is here
//!
//! * [`stdin()`], [`stdout()`] and [`stderr()`]. Their types say how they wait, and what comes out in one piece.
//! * [`copy()`], and [`timeout()`] for what gives an [`io::Result`](Result).
//! * The traits [`Read`], [`Write`], [`BufRead`] and [`Seek`] with the methods in [`ReadExt`], [`WriteExt`],
//!   [`BufReadExt`] and [`SeekExt`], and with them [`BufReader`], [`BufWriter`], [`Cursor`] and other readers and
//!   writers. They are those of the `futures` crate under the names that std and async-std have for them, so this crate's
//!   files and sockets work with every library that builds on `futures`.
//! * What std and async-std have besides: [`ReadMoreExt`], [`WriteMoreExt`] and [`BufReadMoreExt`].
//! * The [`Error`] of I/O and what goes with it, which are std's.
//!
//! # What is not here
//!
//! There is no async `println!`. Std's works in a task, and prints whole lines beside [`Stdout`]; if the pipe is full,
//! only that task waits. An async macro of the same name would print nothing where its `.await` is forgotten. To wait
//! without a thread, or to get an error instead of a panic, write
//! `io::stdout().write_all(format!("…\n").as_bytes()).await?`.

mod buf_writer;
mod copy;
mod descriptor;
mod input;
mod more;
mod output;
pub mod prelude;
mod stderr;
mod stdin;
mod stdout;
mod timeout;
pub(crate) mod turn;
pub(crate) mod wait;

#[doc(no_inline)]
pub use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result, SeekFrom};

#[doc(no_inline)]
pub use futures::io::{
    AsyncBufRead as BufRead, AsyncBufReadExt as BufReadExt, AsyncRead as Read, AsyncReadExt as ReadExt,
    AsyncSeek as Seek, AsyncSeekExt as SeekExt, AsyncWrite as Write, AsyncWriteExt as WriteExt, BufReader,
    Chain, Cursor, Empty, LineWriter, Lines, Repeat, Sink, Take, empty, repeat, sink,
};

pub use buf_writer::{BufWriter, IntoInnerError};
pub use copy::copy;
pub use more::{BufReadMoreExt, Bytes, ReadMoreExt, Split, WriteFmt, WriteMoreExt};
pub use stderr::{Stderr, stderr};
pub use stdin::{Stdin, stdin};
pub use stdout::{Stdout, stdout};
pub use timeout::timeout;

use descriptor::impl_descriptor;
