//! A server makes thumbnails with a library that blocks. Who answers the pings meanwhile?
//!
//! ```text
//! cargo run --release --example legacy_images
//! ```
//!
//! Eight clients ask for a thumbnail each. When as many are being made as there are workers, another client begins to
//! send pings, which cost the server nothing. The program counts the pings that are answered before the first
//! thumbnail is done, with the library called directly and through `spawn_blocking`.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, net, thread};

use futures::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::stages::{Front, Stage};

const WORKERS: usize = 2;
const CLIENTS: usize = 8;
const PINGS: usize = 20;

/// A library that we cannot change. It reads, computes, and returns when it is done.
mod legacy {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use std::{iter, thread};

    /// How many calls have begun, for the demo's eyes only.
    pub(crate) static BEGUN: AtomicUsize = AtomicUsize::new(0);
    const SIDE: usize = 1024;

    // ANCHOR: legacy
    /// The average brightness of each of 16 x 16 squares of a picture.
    pub(crate) fn thumbnail(picture: u8) -> Vec<u8> {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(100)); // stands for a read from a slow disk
        let pixels: Vec<u8> =
            iter::successors(Some(picture), |pixel| Some(pixel.wrapping_mul(5).wrapping_add(1)))
                .take(SIDE * SIDE)
                .collect();
        let square = SIDE / 16;
        let mean = |number: usize| {
            let (row, column) = (number / 16 * square, number % 16 * square);
            let rows = (row..row + square).map(|row| &pixels[row * SIDE + column..][..square]);
            let sum: usize = rows.flatten().map(|pixel| usize::from(*pixel)).sum();
            (sum / square / square) as u8
        };
        (0..16 * 16).map(mean).collect()
    }
    // ANCHOR_END: legacy
}

// ANCHOR: server
/// Answers one client: a ping by an echo, any other byte by the thumbnail of that picture.
async fn serve(front: Front, mut stream: TcpStream, moves_away: bool) -> io::Result<()> {
    let mut request = [0];
    while stream.read(&mut request).await? == 1 {
        match request {
            [PING] => stream.write_all(&request).await?,
            [picture] if moves_away => {
                let thumbnail = front.spawn_blocking(move || legacy::thumbnail(picture)).await;
                stream.write_all(&thumbnail).await?;
            }
            [picture] => stream.write_all(&legacy::thumbnail(picture)).await?,
        }
    }
    Ok(())
}
// ANCHOR_END: server

const PING: u8 = 0;

async fn accept(front: Front, listener: TcpListener, moves_away: bool) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        front.spawn(serve(front.clone(), stream, moves_away)).detach();
    }
}

/// What the clients saw.
struct Seen {
    pings_before_the_first: usize,
    longest_ping: Duration,
    all: Duration,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stage = env::args().nth(1).map_or(Ok(Stage::S5SpawnBlocking), |name| name.parse())?;
    println!("{stage}: {CLIENTS} thumbnails of 100 ms and more, {WORKERS} workers, {PINGS} pings\n");
    println!(
        "{:<16} {:>29} {:>14} {:>14}",
        "thumbnail()", "pings before the first is done", "longest ping", "all done after"
    );
    for (name, moves_away) in [("direct", false), ("spawn_blocking", true)] {
        let seen = run(stage, moves_away)?;
        let [longest, all] = [seen.longest_ping, seen.all].map(|time| time.as_secs_f64() * 1e3);
        println!(
            "{name:<16} {:>23} of {PINGS} {longest:>11.1} ms {all:>11.0} ms",
            seen.pings_before_the_first
        );
    }
    Ok(())
}

fn run(stage: Stage, moves_away: bool) -> io::Result<Seen> {
    let front = Front::new(stage, WORKERS)?;
    let listener = front.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    front.spawn(accept(front.clone(), listener, moves_away)).detach();
    let done = Arc::new(AtomicUsize::new(0));
    legacy::BEGUN.store(0, Ordering::SeqCst);
    // Connected and answered once, so that nothing but the ping itself is measured.
    let mut pinging = net::TcpStream::connect(address)?;
    ping(&mut pinging)?;
    let start = Instant::now();
    let clients: Vec<_> = (1..=CLIENTS)
        .map(|picture| {
            let done = Arc::clone(&done);
            thread::spawn(move || -> io::Result<()> {
                let mut stream = net::TcpStream::connect(address)?;
                stream.write_all(&[picture as u8])?;
                stream.read_exact(&mut [0; 16 * 16])?;
                done.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        })
        .collect();
    while legacy::BEGUN.load(Ordering::SeqCst) < WORKERS {
        thread::yield_now();
    }
    let (mut before, mut longest) = (0, Duration::ZERO);
    for _ in 0..PINGS {
        let sent = Instant::now();
        ping(&mut pinging)?;
        longest = longest.max(sent.elapsed());
        before += usize::from(done.load(Ordering::SeqCst) == 0);
    }
    for client in clients {
        client.join().expect("a client does not panic")?;
    }
    Ok(Seen { pings_before_the_first: before, longest_ping: longest, all: start.elapsed() })
}

fn ping(stream: &mut net::TcpStream) -> io::Result<()> {
    stream.write_all(&[PING])?;
    stream.read_exact(&mut [PING])
}
