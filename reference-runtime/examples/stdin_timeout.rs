//! Reads a line, unless nothing is typed for five seconds. It ends with an error then, and the process with it, although
//! nobody has typed.
//!
//! ```console
//! cargo run --example stdin_timeout
//! ```

use std::time::Duration;

use reference_runtime::io::{self, prelude::*};

/// Says the line again.
pub(crate) async fn ask(patience: Duration) -> io::Result<()> {
    let mut line = String::new();
    io::timeout(patience, io::stdin().read_line(&mut line)).await?;
    io::stdout().write_all(format!("you typed {:?}\n", line.trim_end()).as_bytes()).await
}

#[allow(dead_code, reason = "the test has a `main` of its own")]
fn main() -> io::Result<()> {
    reference_runtime::block_on(ask(Duration::from_secs(5)))
}
