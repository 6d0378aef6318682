//! Prints how many characters each line of a file has, in three ways, and what they take.
//!
//! ```console
//! cargo run --release --example line_count -- FILE > counts
//! ```
//!
//! * `sync`: std alone. In other runtimes it would hold up the tasks beside it; here it may be called in a task.
//! * `half async`: async input, and std's output, which blocks.
//! * `async`: async input and output.
//!
//! The counts go to the output, which should be a file or a pipe, and the times to the error output.

use std::{
    env,
    io::{BufRead as _, Write as _},
    path::Path,
    time::Instant,
};

use futures::StreamExt;
use reference_runtime::{
    fs::File,
    io::{self, BufReader, BufWriter, prelude::*},
};

// ANCHOR: sync
/// With std alone.
pub(crate) fn sync(path: &Path) -> io::Result<u64> {
    let mut output = std::io::BufWriter::new(std::io::stdout());
    let mut lines = 0;
    for line in std::io::BufReader::new(std::fs::File::open(path)?).lines() {
        writeln!(output, "{}", line?.chars().count())?;
        lines += 1;
    }
    std::io::Write::flush(&mut output)?;
    Ok(lines)
}
// ANCHOR_END: sync

// ANCHOR: half_async
/// With async input.
pub(crate) async fn half_async(path: &Path) -> io::Result<u64> {
    let mut output = std::io::BufWriter::new(std::io::stdout());
    let mut input = BufReader::new(File::open(path).await?).lines();
    let mut lines = 0;
    while let Some(line) = input.next().await {
        std::io::Write::write_all(&mut output, format!("{}\n", line?.chars().count()).as_bytes())?;
        lines += 1;
    }
    std::io::Write::flush(&mut output)?;
    Ok(lines)
}
// ANCHOR_END: half_async

// ANCHOR: async
/// With async input and output.
pub(crate) async fn all_async(path: &Path) -> io::Result<u64> {
    let mut output = BufWriter::new(io::stdout());
    let mut input = BufReader::new(File::open(path).await?).lines();
    let mut lines = 0;
    while let Some(line) = input.next().await {
        output.write_all(format!("{}\n", line?.chars().count()).as_bytes()).await?;
        lines += 1;
    }
    output.flush().await?;
    Ok(lines)
}
// ANCHOR_END: async

/// All three, with a report to the error output.
pub(crate) async fn count(path: &Path) -> io::Result<()> {
    let start = Instant::now();
    let lines = sync(path)?;
    report("sync", lines, start).await?;
    let start = Instant::now();
    let lines = half_async(path).await?;
    report("half async", lines, start).await?;
    let start = Instant::now();
    let lines = all_async(path).await?;
    report("async", lines, start).await
}

async fn report(way: &str, lines: u64, start: Instant) -> io::Result<()> {
    let line = format!("{way}: {lines} lines in {:.1?}\n", start.elapsed());
    io::stderr().write_all(line.as_bytes()).await
}

#[allow(dead_code, reason = "the test has a `main` of its own")]
fn main() -> io::Result<()> {
    let path = env::args_os().nth(1).ok_or_else(|| io::Error::other("give the file whose lines to count"))?;
    reference_runtime::block_on(count(path.as_ref()))
}
