//! Two tasks print lines to one output: in pieces, in pieces under std's lock, and through one writer.
//!
//! ```text
//! cargo run --release --example two_writers
//! ```
//!
//! All tasks are branches of one `join!`, so who runs when does not depend on threads.

use std::{io::Write as _, ops::RangeInclusive};

use futures::join;
use reference_runtime::{
    block_on,
    channel::{Receiver, Sender, bounded},
    io::{self, prelude::*},
    task::yield_now,
};

/// What each asks for, so that an answer shows whose it is.
const LEFT: RangeInclusive<u32> = 1..=3;
const RIGHT: RangeInclusive<u32> = 4..=6;
/// Lines that may wait for the writer.
const ROOM: usize = 2;

/// Stands for a question to somebody else, whose answer takes a while.
async fn square(number: u32) -> u32 {
    yield_now().await;
    number * number
}

// ANCHOR: pieces
async fn print_pieces(name: &str, numbers: RangeInclusive<u32>) -> io::Result<()> {
    let mut output = io::stdout();
    for number in numbers {
        output.write_all(format!("{name} ").as_bytes()).await?;
        let answer = square(number).await;
        output.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}
// ANCHOR_END: pieces

// ANCHOR: locked
async fn print_locked(name: &str, numbers: RangeInclusive<u32>) -> io::Result<()> {
    for number in numbers {
        let mut output = std::io::stdout().lock();
        write!(output, "{name} ")?;
        let answer = square(number).await;
        writeln!(output, "{answer}")?;
    }
    Ok(())
}
// ANCHOR_END: locked

// ANCHOR: writer
async fn send_lines(name: &str, numbers: RangeInclusive<u32>, lines: Sender<String>) -> io::Result<()> {
    for number in numbers {
        let answer = square(number).await;
        lines.send(format!("{name} {answer}\n")).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
    Ok(())
}

async fn write_lines(lines: Receiver<String>) -> io::Result<()> {
    let mut output = io::stdout();
    while let Ok(line) = lines.recv().await {
        output.write_all(line.as_bytes()).await?;
    }
    output.flush().await
}
// ANCHOR_END: writer

fn main() -> io::Result<()> {
    block_on(async {
        println!("two writers, in pieces");
        let (left, right) = join!(print_pieces("left", LEFT), print_pieces("right", RIGHT));
        left.and(right)?;
        println!("\ntwo writers, under std's lock");
        let (left, right) = join!(print_locked("left", LEFT), print_locked("right", RIGHT));
        left.and(right)?;
        println!("\none writer, room for {ROOM} lines");
        let (sender, receiver) = bounded(ROOM);
        let left = send_lines("left", LEFT, sender.clone());
        let right = send_lines("right", RIGHT, sender);
        let (left, right, writer) = join!(left, right, write_lines(receiver));
        left.and(right).and(writer)
    })
}
