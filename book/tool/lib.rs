//! Builds the book and serves it.
//!
//! mdBook and its diagrams are linked in, so nothing needs to be installed. The text lives in `book/src`, its settings
//! in `book.toml` at the top of the repository.

mod check;
mod figure;
mod live;
mod measure;
mod publish;
mod quiz;
mod render;
mod serve;
mod trace;

pub use check::complaints;
pub use figure::figures;
pub use live::{Builds, watch};
pub use measure::{measure, measurements};
pub use render::{build_dir, render, render_for};
pub use serve::{bind, serve};

/// The words that `cargo book` knows.
pub const WORDS: &[&str] = &["build", "check", "figures", "help", "measure", "record"];
