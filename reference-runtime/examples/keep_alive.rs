//! Eight clients that keep their connections, and two workers: who waits for the sockets?
//!
//! ```text
//! cargo run --release --example keep_alive
//! cargo run --release --example keep_alive -- --json    # the samples, for a figure
//! ```
//!
//! The same little HTTP server three times. On stage 3 its tasks wait in the socket; on stage 3 again they ask the socket
//! over and over; on stage 4 they wait in the reactor. Each client sends one request. If all are answered, the clients send
//! many, one after the other on each connection, and then nothing for a while.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::yield_now;
use serde_json::{Value, json};

const WORKERS: usize = 2;
const CLIENTS: usize = 8;
/// How long a client waits for its first answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// One of so many requests is kept by its time.
const TIMED: u32 = 200;
/// How long nobody sends anything.
const SILENCE: Duration = Duration::from_millis(500);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// How the tasks of the server wait for their sockets.
#[derive(Clone, Copy)]
enum Way {
    Blocked,
    Asking,
    Reactor,
}

// ANCHOR: blocked
/// Waits in the socket.
async fn serve_blocked(mut stream: TcpStream) -> io::Result<()> {
    let mut request = [0; REQUEST.len()];
    while stream.read_exact(&mut request).is_ok() {
        stream.write_all(ANSWER)?;
    }
    Ok(())
}
// ANCHOR_END: blocked

// ANCHOR: asking
/// Asks the socket, and lets the other tasks go first if there is nothing.
async fn serve_asking(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let mut request = [0; REQUEST.len()];
    loop {
        match stream.read(&mut request) {
            Ok(0) => return Ok(()),
            Ok(_) => stream.write_all(ANSWER)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => yield_now().await,
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: asking

// ANCHOR: reactor
/// Is woken when there is something.
async fn serve_woken(stream: TcpStream) -> io::Result<()> {
    let mut stream = net::TcpStream::try_from(stream)?;
    let mut request = [0; REQUEST.len()];
    while stream.read_exact(&mut request).await.is_ok() {
        stream.write_all(ANSWER).await?;
    }
    Ok(())
}
// ANCHOR_END: reactor

/// What a server did.
struct Outcome {
    /// Clients whose first request was answered in time.
    answered: usize,
    /// Of many requests, if all clients were answered.
    per_second: Option<f64>,
    /// Processor time per time while nobody sent anything, likewise.
    cores_in_silence: Option<f64>,
    /// How long some of the many requests took.
    latencies: Vec<Duration>,
}

fn measure(stage: Stage, way: Way, requests: u32) -> Result<Outcome, Box<dyn Error>> {
    let front = Front::new(stage, WORKERS)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(address)).collect::<io::Result<_>>()?;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            Ok(match way {
                Way::Blocked => front.spawn(serve_blocked(stream)),
                Way::Asking => front.spawn(serve_asking(stream)),
                Way::Reactor => front.spawn(serve_woken(stream)),
            })
        })
        .collect::<io::Result<_>>()?;
    let outcome = be_the_clients(clients, requests)?;
    // The clients have closed their connections, so the tasks come to their ends.
    for task in tasks {
        front.block_on(task)?;
    }
    Ok(outcome)
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn be_the_clients(clients: Vec<TcpStream>, requests: u32) -> Result<Outcome, Box<dyn Error>> {
    let first =
        |mut client: TcpStream| thread::spawn(move || exchange(&mut client).is_ok().then_some(client));
    let clients: Vec<_> = clients.into_iter().map(first).collect();
    let clients = clients.into_iter().map(|client| client.join().expect("a client does not panic"));
    // All of them keep their connections until the last has had its time.
    let clients: Vec<Option<TcpStream>> = clients.collect();
    let answered = clients.iter().flatten().count();
    if answered < CLIENTS {
        return Ok(Outcome { answered, per_second: None, cores_in_silence: None, latencies: Vec::new() });
    }
    let (start, end) = (Barrier::new(CLIENTS + 1), Barrier::new(CLIENTS + 1));
    let (mut took, mut computed) = (Duration::ZERO, Duration::ZERO);
    let latencies = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for mut client in clients.into_iter().flatten() {
            let (start, end, latencies) = (&start, &end, &latencies);
            scope.spawn(move || {
                client.set_read_timeout(None).expect("a socket has this option");
                start.wait();
                let mut timed = Vec::new();
                for request in 0..requests {
                    let sent = Instant::now();
                    exchange(&mut client).expect("the server goes on");
                    if request % TIMED == 0 {
                        timed.push(sent.elapsed());
                    }
                }
                end.wait();
                latencies.lock().expect("nobody panics").extend(timed);
                // The silence.
                start.wait();
            });
        }
        start.wait();
        let began = Instant::now();
        end.wait();
        took = began.elapsed();
        let before = processor_time();
        thread::sleep(SILENCE);
        computed = processor_time() - before;
        start.wait();
    });
    Ok(Outcome {
        answered,
        per_second: Some(f64::from(requests) * CLIENTS as f64 / took.as_secs_f64()),
        cores_in_silence: Some(computed.as_secs_f64() / SILENCE.as_secs_f64()),
        latencies: latencies.into_inner().expect("nobody panics"),
    })
}

/// One request and its answer.
fn exchange(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(REQUEST)?;
    let mut answer = [0; ANSWER.len()];
    client.read_exact(&mut answer)?;
    if answer == ANSWER { Ok(()) } else { Err(io::Error::other("not what the server sends")) }
}

/// Of all threads of this process.
fn processor_time() -> Duration {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("every system tells");
        let microseconds = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        let all = microseconds(usage.user_time()) + microseconds(usage.system_time());
        Duration::from_micros(all.unsigned_abs())
    }
    #[cfg(not(unix))]
    Duration::ZERO
}

const WAYS: [(Stage, Way, &str); 3] = [
    (Stage::S3Stealing, Way::Blocked, "wait in the socket"),
    (Stage::S3Stealing, Way::Asking, "ask the socket"),
    (Stage::S4Reactor, Way::Reactor, "are woken"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let has = |option: &str| env::args().any(|argument| argument == option);
    let requests = if has("--quick") { 20 } else { 5_000 };
    if has("--json") {
        println!("{}", data(requests)?);
        return Ok(());
    }
    println!("{CLIENTS} clients that keep their connections, {WORKERS} workers\n");
    println!(
        "the server's tasks                      answered   requests/s   cores in use when nobody sends"
    );
    for (stage, way, name) in WAYS {
        let outcome = measure(stage, way, requests)?;
        let or_dash = |figure: Option<String>| figure.unwrap_or_else(|| "-".into());
        println!(
            "{stage:<13} {name:<22} {:>6} of {CLIENTS}   {:>10}   {:>30}",
            outcome.answered,
            or_dash(outcome.per_second.map(|rate| format!("{rate:.0}"))),
            or_dash(outcome.cores_in_silence.map(|cores| format!("{cores:.2}"))),
        );
    }
    Ok(())
}

fn data(requests: u32) -> Result<Value, Box<dyn Error>> {
    let mut points: [Vec<Value>; 4] = Default::default();
    for (stage, way, name) in WAYS {
        let outcome = measure(stage, way, requests)?;
        let label = format!("{stage}: tasks {name}");
        let microseconds =
            outcome.latencies.iter().map(|time| (time.as_secs_f64() * 1e7).round() / 10.0).collect();
        let figures: [Vec<f64>; 4] = [
            vec![outcome.answered as f64],
            outcome.per_second.map(f64::round).into_iter().collect(),
            microseconds,
            outcome.cores_in_silence.into_iter().collect(),
        ];
        for (points, samples) in points.iter_mut().zip(figures) {
            if !samples.is_empty() {
                points.push(json!({ "label": label, "samples": samples }));
            }
        }
    }
    let [answered, rate, latency, cores] = points;
    Ok(json!({
        "title": "Eight clients that keep their connections, and a server with two workers",
        "unit": "",
        "x": "",
        "series": [
            { "name": "clients that got their first answer", "unit": "of 8", "points": answered },
            { "name": "throughput", "unit": "requests/s", "points": rate },
            { "name": "latency of a request", "unit": "µs", "points": latency },
            { "name": "processor in use while nobody sends", "unit": "cores", "points": cores },
        ],
    }))
}
