//! When a program of ours shall end.

use std::io::{self, Read};

/// Waits for the end of the standard input: Ctrl-D on a terminal.
///
/// The read blocks, and is simply called: only the task that waits for this waits.
///
/// # Errors
///
/// If the input cannot be read.
pub async fn until_end_of_input() -> io::Result<()> {
    let mut ignored = [0; 64];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(())
}
