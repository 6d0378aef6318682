//! Clients for the service of `samples`, without learning and with it, and its two likenesses on tokio; and how long each
//! client waited.
//!
//! ```text
//! cargo run --release --example samples_load
//! ```
//!
//! Prints JSON: for each program and each kind of request the median and the 99th percentile of its latencies, one value
//! a run. All programs have the same load:
//!
//! - eight clients write to the database, one request after the other, with a pause between,
//! - two ask for percentiles of a long series,
//! - another program locks the database for 50 ms, and leaves it alone for 50 ms, and so on,
//! - and a client asks every 5 ms whether the service is well. Its latencies count from the time at which it meant to
//!   ask: if an answer is late, the requests that should have been sent meanwhile are late as well.

#[path = "samples/mod.rs"]
mod samples;

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, iter, process, thread};

use samples::store::Store;

/// The programs, their names in the figure, and more arguments.
const PROGRAMS: [(&str, &str, &[&str]); 4] = [
    ("samples", "this runtime, direct", &[]),
    ("samples", "the same, learning", &["--learn", "1"]),
    ("samples_tokio_direct", "tokio, direct", &[]),
    ("samples_tokio_moved", "tokio, spawn_blocking", &[]),
];
const KINDS: [&str; 3] = ["health", "record", "percentiles"];
const RUNS: usize = 5;
const RUN: Duration = Duration::from_secs(3);
/// For pools to fill and files to be cached.
const WARM_UP: Duration = Duration::from_millis(500);

const WRITERS: usize = 8;
const READERS: usize = 2;
const PAUSE: Duration = Duration::from_millis(20);
const HEALTH_EVERY: Duration = Duration::from_millis(5);
/// A transaction of somebody else lasts so long, and so long is the pause after it.
const LOCKED: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);
/// Values in the series of which percentiles are asked.
const LONG_SERIES: usize = 20_000;
const BATCH: usize = 1_000;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    build()?;
    let folder = env::temp_dir().join(format!("samples-load-{}", process::id()));
    fs::create_dir(&folder)?;
    let result = measure(&folder);
    fs::remove_dir_all(&folder)?;
    println!("{}", json(&result?));
    Ok(())
}

/// For each program and each kind of request, the latencies of each run.
type Latencies = [[Vec<Vec<Duration>>; KINDS.len()]; PROGRAMS.len()];

fn measure(folder: &Path) -> Result<Latencies, Failure> {
    let mut all = Latencies::default();
    // One after the other, again and again: what changes on the machine meanwhile changes for all.
    for run in 0..RUNS {
        for (number, (latencies, (program, name, arguments))) in iter::zip(&mut all, PROGRAMS).enumerate() {
            eprintln!("run {} of {RUNS}: {name}", run + 1);
            let database = folder.join(format!("{run}-{number}.sqlite"));
            for (kind, of_run) in latencies.iter_mut().zip(load(program, arguments, &database)?) {
                kind.push(of_run);
            }
        }
    }
    Ok(all)
}

fn load(program: &str, arguments: &[&str], database: &Path) -> Result<[Vec<Duration>; KINDS.len()], Failure> {
    let store = Store::open(database, PATIENCE)?;
    let values: Vec<f64> = (0..BATCH).map(|number| (number * 7919 % BATCH) as f64).collect();
    for _ in 0..LONG_SERIES / BATCH {
        store.record("long", &values)?;
    }
    let server = Server::start(program, arguments, database)?;
    let begin = Instant::now() + WARM_UP;
    let end = begin + RUN;
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        let locker = threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                store.write(|_| {
                    thread::sleep(LOCKED);
                    Ok(())
                })?;
                thread::sleep(LOCKED);
            }
            Ok::<_, Failure>(())
        });
        let client = |request: String, pace: Pace| {
            let address = server.address.clone();
            threads.spawn(move || ask(&address, &request, pace, begin, end))
        };
        let health = client(request("GET", "/health", ""), Pace::Each(HEALTH_EVERY));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| client(request("POST", "/series/new", "1 2 3"), Pace::After(PAUSE)))
            .collect();
        let readers: Vec<_> =
            (0..READERS).map(|_| client(request("GET", "/series/long", ""), Pace::After(PAUSE))).collect();
        let join = |clients: Vec<thread::ScopedJoinHandle<'_, Result<Vec<Duration>, Failure>>>| {
            let each = clients.into_iter().map(|client| client.join().expect("a client does not panic"));
            each.collect::<Result<Vec<_>, _>>().map(|latencies| latencies.concat())
        };
        let latencies = [join(vec![health]), join(writers), join(readers)];
        is_over.store(true, Ordering::Relaxed);
        locker.join().expect("the locker does not panic")?;
        let [health, record, percentiles] = latencies;
        Ok([health?, record?, percentiles?])
    })
}

/// When a client sends its next request.
#[derive(Clone, Copy)]
enum Pace {
    /// So long after the answer to the last.
    After(Duration),
    /// At set times, whether the last has been answered or not: one that has not makes the next late.
    Each(Duration),
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The latencies of the requests that were due between `begin` and `end`.
fn ask(
    address: &str,
    request: &str,
    pace: Pace,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut latencies = Vec::new();
    let mut due = Instant::now();
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.get_mut().write_all(request.as_bytes())?;
        let status = answered(&mut stream)?;
        if status != 200 {
            return Err(format!("{status} to {request}").into());
        }
        let now = Instant::now();
        if due >= begin {
            latencies.push(now - due);
        }
        due = match pace {
            Pace::After(pause) => now + pause,
            Pace::Each(time) => due + time,
        };
    }
    Ok(latencies)
}

/// Reads an answer to its end, and says its status.
fn answered(stream: &mut BufReader<TcpStream>) -> io::Result<u16> {
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        }
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().map_err(io::Error::other)?;
        }
    }
    io::copy(&mut stream.take(length), &mut io::sink())?;
    status.ok_or_else(|| io::Error::other("an answer without a status"))
}

/// A program that is killed when this is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &str, arguments: &[&str], database: &Path) -> Result<Server, Failure> {
        let mut child = Command::new(beside(program)?)
            .arg("127.0.0.1:0")
            .arg(database)
            .args(["--patience", "60000"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let read = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line);
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let server = Server { child, address };
        read?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An example in the folder that this one is in.
fn beside(program: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(format!("{program}{}", env::consts::EXE_SUFFIX)))
}

/// Builds the programs as this one was built: `cargo run` builds no other example.
fn build() -> Result<(), Failure> {
    // target/PROFILE/examples/this-one
    let this = env::current_exe()?;
    let profile = this.ancestors().nth(2).and_then(Path::file_name).and_then(|name| name.to_str());
    let profile = match profile.ok_or("not in a folder of cargo's")? {
        "debug" => "dev",
        name => name,
    };
    let names = PROGRAMS.iter().flat_map(|(program, _, _)| ["--example", program]);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--profile", profile]).args(names);
    if !cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success() {
        return Err("the programs do not build".into());
    }
    Ok(())
}

/// In milliseconds, in the format of the book's figures: a series for each kind of request, with the programs side by side.
fn json(all: &Latencies) -> String {
    let series = KINDS.iter().enumerate().map(|(kind, name)| {
        let points: Vec<String> = [50, 99]
            .into_iter()
            .flat_map(|percent| {
                iter::zip(PROGRAMS, all).map(move |((_, name, _), kinds)| point(name, percent, &kinds[kind]))
            })
            .collect();
        format!("    {{ \"name\": \"{name}\", \"points\": [\n      {}\n    ] }}", points.join(",\n      "))
    });
    let series: Vec<String> = series.collect();
    format!(
        "{{\n  \"title\": \"Latency of three kinds of requests, on four programs\",\n  \"unit\": \"ms\",\n  \
         \"x\": \"\",\n  \"series\": [\n{}\n  ]\n}}",
        series.join(",\n")
    )
}

/// A percentile of each run.
fn point(name: &str, percent: usize, runs: &[Vec<Duration>]) -> String {
    let samples: Vec<String> = runs
        .iter()
        .map(|run| {
            let mut run = run.clone();
            run.sort_unstable();
            let at = run.get((run.len().max(1) - 1) * percent / 100).copied().unwrap_or_default();
            format!("{:.3}", at.as_secs_f64() * 1e3)
        })
        .collect();
    format!("{{ \"label\": \"p{percent}: {name}\", \"samples\": [{}] }}", samples.join(", "))
}
