//! Lists what is in a folder.
//!
//! ```console
//! cargo run --example list_dir -- .
//! ```

use std::{env, path::Path};

use reference_runtime::{
    fs,
    io::{self, prelude::*},
};

/// Prints a name a line.
pub(crate) async fn list(path: &Path) -> io::Result<()> {
    let mut output = io::stdout();
    let mut folder = fs::read_dir(path).await?;
    while let Some(entry) = folder.next_entry().await? {
        let line = format!("{}\n", entry.file_name().to_string_lossy());
        output.write_all(line.as_bytes()).await?;
    }
    Ok(())
}

#[allow(dead_code, reason = "the test has a `main` of its own")]
fn main() -> io::Result<()> {
    let path = env::args_os().nth(1).ok_or_else(|| io::Error::other("give the folder to list"))?;
    reference_runtime::block_on(list(path.as_ref()))
}
