//! Says again what is typed, line by line.
//!
//! ```console
//! cargo run --example stdin_echo
//! ```

use reference_runtime::io::{self, prelude::*};

/// Until the end of the input.
pub(crate) async fn echo() -> io::Result<()> {
    let (input, mut output) = (io::stdin(), io::stdout());
    let mut line = String::new();
    while input.read_line(&mut line).await? > 0 {
        output.write_all(line.as_bytes()).await?;
        output.flush().await?;
        line.clear();
    }
    Ok(())
}

#[allow(dead_code, reason = "the test has a `main` of its own")]
fn main() -> io::Result<()> {
    reference_runtime::block_on(echo())
}
