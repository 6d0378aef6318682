//! The service of `samples`, asked to write by more clients than it may have threads, while another program has locked
//! its database. Somebody else asks how it is. Once with no limit to the requests in hand, and once with one.
//!
//! ```text
//! cargo run --release --example samples_full
//! ```

#[path = "samples/mod.rs"]
mod samples;

use std::error::Error;
use std::future::pending;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use reference_runtime::Builder;
use reference_runtime::net::TcpListener;
use reference_runtime_ecosystem::serve;
use samples::routes::router;
use samples::settings::Settings;
use samples::store::{Failure, Store};

const CLIENTS: usize = 48;
const MOST_THREADS: usize = 32;
const MOST_IN_HAND: usize = 16;
/// How long a probe waits for an answer before it takes the service for dead.
const PROBE: Duration = Duration::from_secs(1);
/// Longer than this program takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    println!("{CLIENTS} clients write to a locked database, and there may be {MOST_THREADS} threads\n");
    let folder = env::temp_dir().join(format!("samples-full-{}", process::id()));
    fs::create_dir(&folder)?;
    let limits =
        [("no limit".to_owned(), CLIENTS), (format!("at most {MOST_IN_HAND} in hand"), MOST_IN_HAND)];
    let result = limits.iter().try_for_each(|(name, limit)| {
        let seen = flood(&folder.join(format!("{limit}.sqlite")), *limit)?;
        let health = match seen.health {
            Some(after) => format!("answered after {:.1} ms", after.as_secs_f64() * 1e3),
            None => format!("no answer within {} s", PROBE.as_secs()),
        };
        println!(
            "{name:<18}  health: {health:<24} written: {:>2}  refused: {:>2}",
            seen.written, seen.refused
        );
        Ok(())
    });
    fs::remove_dir_all(&folder)?;
    result
}

struct Seen {
    /// How long the probe waited for its answer, if it did not give up.
    health: Option<Duration>,
    written: usize,
    refused: usize,
}

fn flood(database: &Path, limit: usize) -> Result<Seen, Box<dyn Error>> {
    let settings = Settings { in_hand: limit, patience: PATIENCE, ..Settings::new("127.0.0.1:0", database) };
    let runtime = Builder::new().worker_threads(2).max_threads(MOST_THREADS).build()?;
    let service = settings.service()?;
    let listener = runtime.block_on(TcpListener::bind(&*settings.address))?;
    let address = listener.local_addr()?;
    runtime.spawn(serve(listener, router(service.clone()), pending())).detach();

    let locked = Locked::new(database)?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let body = "1";
        let head =
            format!("POST /series/full HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n", body.len());
        clients.push(send(address, &(head + body))?);
    }
    let everybody = limit.min(MOST_THREADS);
    while service.admission.in_hand() < everybody || service.admission.refused() < CLIENTS - limit {
        thread::yield_now();
    }

    let asked = Instant::now();
    let mut probe = send(address, "GET /health HTTP/1.1\r\nHost: here\r\n\r\n")?;
    let health = match status(&mut probe, Some(PROBE)) {
        Ok(_) => Some(asked.elapsed()),
        Err(error) if [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind()) => None,
        Err(error) => return Err(error.into()),
    };
    locked.release();
    let statuses = clients.iter_mut().map(|client| status(client, None));
    let statuses = statuses.collect::<io::Result<Vec<_>>>()?;
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    Ok(Seen { health, written: count(200), refused: count(503) })
}

fn send(address: SocketAddr, request: &str) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    Ok(BufReader::new(stream))
}

/// The number in the first line of an answer.
fn status(stream: &mut BufReader<TcpStream>, patience: Option<Duration>) -> io::Result<u16> {
    stream.get_ref().set_read_timeout(patience)?;
    let mut line = String::new();
    stream.by_ref().read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other(format!("no status in {line:?}")))
}

/// A transaction of another program that stays open.
struct Locked {
    release: mpsc::Sender<()>,
    holder: thread::JoinHandle<Result<(), Failure>>,
}

impl Locked {
    fn new(database: &Path) -> Result<Locked, Box<dyn Error>> {
        let store = Store::open(database, PATIENCE)?;
        let (tell, is_locked) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let holder = thread::spawn(move || {
            store.write(|_| {
                let _ = tell.send(());
                let _ = released.recv();
                Ok(())
            })
        });
        is_locked.recv()?;
        Ok(Locked { release, holder })
    }

    fn release(self) {
        let _ = self.release.send(());
        let _ = self.holder.join();
    }
}
