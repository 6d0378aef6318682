//! One small server, two requests that block, four runtimes, four traces.
//!
//! ```console
//! cargo run --release --features trace --example trace_stages -- FOLDER
//! ```
//!
//! Six clients ping a server over the loopback interface every few milliseconds, on two workers. Two requests take
//! their answers from a call that blocks for 20 ms, and one task computes for 5 ms. The same on stage 4, where the calls simply
//! block their workers; on stage 5, where they go to `spawn_blocking`; on stage 6, with `block_in_place`; and on stage 7,
//! where they stand in the task as on stage 4. Writes `FOLDER/s4.json` to `s7.json`, for Perfetto and for the book's player.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use futures::future::join_all;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::JoinHandle;
use reference_runtime::time::sleep;
use reference_runtime::trace::Recorder;

// ANCHOR: numbers
const WORKERS: usize = 2;
const CLIENTS: u8 = 6;
const PINGS: u8 = 8;
const BETWEEN_PINGS: Duration = Duration::from_millis(6);
/// Clients and pings whose handlers block: as many as there are workers, at nearly the same time.
const SLOW: [[u8; 2]; WORKERS] = [[2, 3], [3, 3]];
const BLOCKS: Duration = Duration::from_millis(20);
const COMPUTES: Duration = Duration::from_millis(5);
// ANCHOR_END: numbers

const STAGES: [(Stage, &str, &str); 4] = [
    (Stage::S4Reactor, "s4", "stage 4: the handler blocks its worker"),
    (Stage::S5SpawnBlocking, "s5", "stage 5: the handler uses spawn_blocking"),
    (Stage::S6BlockInPlace, "s6", "stage 6: the handler uses block_in_place"),
    (Stage::S7Adaptive, "s7", "stage 7: the handler blocks, and the scheduler notices"),
];

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for (stage, name, title) in STAGES {
        let file = folder.join(name).with_extension("json");
        let slowest = record(stage, title, &file)?;
        println!(
            "{}: the slowest of the other pings took {:.1} ms",
            file.display(),
            slowest.as_secs_f64() * 1000.0
        );
    }
    Ok(())
}

// ANCHOR: record
/// Runs the scenario on a stage, writes its trace, and tells how long the slowest ping took of those that do not block.
fn record(stage: Stage, title: &str, file: &Path) -> io::Result<Duration> {
    let recording = Recorder::new()
        .note("title", title)
        .note("stage", stage.name())
        .start()
        .expect("this program records one trace at a time");
    let front = Front::new(stage, WORKERS)?;
    let slowest = front.block_on(named(&front, "scenario", scenario(front.clone())))?;
    let trace = recording.stop();
    drop(front);
    trace.save(file)?;
    Ok(slowest)
}
// ANCHOR_END: record

fn named<T: Send + 'static>(
    front: &Front,
    name: impl Into<String>,
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    front.spawn_named(name.into(), future)
}

async fn scenario(front: Front) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    named(&front, "listener", accept(front.clone(), listener)).detach();
    named(&front, "computes", compute()).detach();
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        // One after the other, so that client and connection have the same number.
        let stream = TcpStream::connect(address).await?;
        clients.push(named(&front, format!("client {number}"), ping(number, stream)));
    }
    let mut slowest = Duration::ZERO;
    for client in join_all(clients).await {
        slowest = slowest.max(client?);
    }
    Ok(slowest)
}

async fn accept(front: Front, listener: TcpListener) -> io::Result<()> {
    for number in 0..CLIENTS {
        let (stream, _) = listener.accept().await?;
        named(&front, format!("connection {number}"), serve(front.clone(), stream)).detach();
    }
    Ok(())
}

// ANCHOR: serve
async fn serve(front: Front, mut stream: TcpStream) -> io::Result<()> {
    let mut request = [0; 2];
    while stream.read_exact(&mut request).await.is_ok() {
        if SLOW.contains(&request) {
            match front.stage() {
                Stage::S5SpawnBlocking => front.spawn_blocking(|| thread::sleep(BLOCKS)).await,
                Stage::S6BlockInPlace => front.block_in_place(|| thread::sleep(BLOCKS)),
                _ => thread::sleep(BLOCKS),
            }
        }
        stream.write_all(&request).await?;
    }
    Ok(())
}
// ANCHOR_END: serve

async fn ping(number: u8, mut stream: TcpStream) -> io::Result<Duration> {
    let mut slowest = Duration::ZERO;
    // Not all at once.
    sleep(BETWEEN_PINGS * u32::from(number) / u32::from(CLIENTS)).await;
    for ping in 0..PINGS {
        let (request, mut answer) = ([number, ping], [0; 2]);
        let start = Instant::now();
        stream.write_all(&request).await?;
        stream.read_exact(&mut answer).await?;
        if !SLOW.contains(&request) {
            slowest = slowest.max(start.elapsed());
        }
        sleep(BETWEEN_PINGS).await;
    }
    Ok(slowest)
}

/// Something that takes a while and does not block, at a time at which the others are under way.
async fn compute() {
    sleep(Duration::from_millis(10)).await;
    let start = Instant::now();
    while start.elapsed() < COMPUTES {
        std::hint::spin_loop();
    }
}
