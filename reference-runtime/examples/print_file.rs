//! Prints a file.
//!
//! ```console
//! cargo run --example print_file -- Cargo.toml
//! ```

use std::{env, path::Path};

use reference_runtime::{
    fs::File,
    io::{self, prelude::*},
};

/// Copies the file to the output, 16 KiB at a time.
pub(crate) async fn print(path: &Path) -> io::Result<()> {
    let mut file = File::open(path).await?;
    let mut output = io::stdout();
    let mut buf = vec![0; 16 * 1024];
    loop {
        let length = file.read(&mut buf).await?;
        if length == 0 {
            return output.flush().await;
        }
        output.write_all(&buf[..length]).await?;
    }
}

#[allow(dead_code, reason = "the test has a `main` of its own")]
fn main() -> io::Result<()> {
    let path = env::args_os().nth(1).ok_or_else(|| io::Error::other("give the file to print"))?;
    reference_runtime::block_on(print(path.as_ref()))
}
