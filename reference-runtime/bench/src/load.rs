//! The load generator: as many requests as so many connections can carry, one at a time on each.
//!
//! In the manner of wrk: threads with an event loop each share the connections evenly, a connection sends its next
//! request when it has the whole answer, and nothing is counted before all are connected and warm. It runs in a process
//! of its own. Where wrk itself is installed it is used instead; a row's results say which.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde::{Deserialize, Serialize};

use crate::{stats::percentile, workloads::Load};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What the server answers to everything.
pub(crate) const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

/// What the client saw.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// In microseconds.
    pub(crate) p50: f64,
    /// In microseconds.
    pub(crate) p99: f64,
    pub(crate) failures: u64,
}

/// The hidden first argument that makes a process this.
pub(crate) const ARGUMENT: &str = "--load";

/// Which generator this machine has.
pub(crate) fn generator() -> &'static str {
    // Without arguments it prints its usage and fails; all that matters is that it starts.
    let started = Command::new("wrk")
        .arg("-v")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if started.is_ok() { "wrk" } else { "own" }
}

/// Puts the load on the server at `address`, from another process, and waits for it.
pub(crate) fn in_a_process(address: SocketAddr, load: Load, time: Duration) -> Result<Measured, String> {
    if generator() == "wrk" && time >= Duration::from_secs(1) {
        return wrk(address, load, time);
    }
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find this program's file: {error}"))?;
    let output = Command::new(program)
        .arg(ARGUMENT)
        .arg(address.to_string())
        .args([load.threads.to_string(), load.connections.to_string(), time.as_millis().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start the load generator: {error}"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the load generator gave no figures: {error}"))
}

/// Is the load generator. `arguments` are those of [`in_a_process`] after [`ARGUMENT`].
pub(crate) fn run(arguments: &[String]) -> Result<Measured, String> {
    let [address, threads, connections, millis] = arguments else {
        return Err("the load generator takes an address, threads, connections and milliseconds".to_owned());
    };
    let wrong = |what: &str| format!("{what:?} is no argument for the load generator");
    let address: SocketAddr = address.parse().map_err(|_| wrong(address))?;
    let threads: usize = threads.parse().map_err(|_| wrong(threads))?;
    let connections: usize = connections.parse().map_err(|_| wrong(connections))?;
    let time = Duration::from_millis(millis.parse().map_err(|_| wrong(millis))?);

    let start = Barrier::new(threads);
    let seen: Vec<io::Result<Seen>> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|index| {
                let share = connections / threads + usize::from(index < connections % threads);
                let start = &start;
                scope.spawn(move || client(address, share, time, start))
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("a client thread does not panic")).collect()
    });
    let mut latencies = Vec::new();
    let mut failures = 0;
    for seen in seen {
        let seen = seen.map_err(|error| format!("the load generator cannot reach the server: {error}"))?;
        latencies.extend(seen.latencies.iter().map(|&nanos| f64::from(nanos) / 1e3));
        failures += seen.failures;
    }
    latencies.sort_by(f64::total_cmp);
    if latencies.is_empty() {
        return Err("not one request was answered within the time".to_owned());
    }
    Ok(Measured {
        requests: latencies.len() as u64,
        seconds: time.as_secs_f64(),
        p50: percentile(&latencies, 50.0),
        p99: percentile(&latencies, 99.0),
        failures,
    })
}

/// What one thread saw.
struct Seen {
    /// In nanoseconds; four seconds are more than any request may take.
    latencies: Vec<u32>,
    failures: u64,
}

struct Connection {
    stream: TcpStream,
    sent: Instant,
    /// How much of [`ANSWER`] has come.
    received: usize,
}

/// One thread's event loop, over `share` connections.
fn client(address: SocketAddr, share: usize, time: Duration, start: &Barrier) -> io::Result<Seen> {
    let opened = open(address, share);
    // Every thread comes here, or the others would wait for ever.
    start.wait();
    let (mut poll, mut connections) = opened?;
    let mut events = Events::with_capacity(1024);
    let mut seen = Seen { latencies: Vec::new(), failures: 0 };
    // A fifth of the time warms up.
    let counts_from = Instant::now() + time / 5;
    let end = counts_from + time;
    for connection in &mut connections {
        connection.send()?;
    }
    loop {
        let now = Instant::now();
        if now >= end {
            return Ok(seen);
        }
        match poll.poll(&mut events, Some(end - now)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            let connection = &mut connections[event.token().0];
            match connection.receive() {
                Ok(false) => {}
                Ok(true) => {
                    let now = Instant::now();
                    if now >= counts_from && now < end {
                        let nanos = now.duration_since(connection.sent).as_nanos();
                        seen.latencies.push(u32::try_from(nanos).unwrap_or(u32::MAX));
                    }
                    connection.send()?;
                }
                Err(_) => {
                    seen.failures += 1;
                    poll.registry().deregister(&mut connection.stream)?;
                }
            }
        }
    }
}

fn open(address: SocketAddr, share: usize) -> io::Result<(Poll, Vec<Connection>)> {
    let poll = Poll::new()?;
    let mut connections = Vec::with_capacity(share);
    for index in 0..share {
        // Connected the blocking way, so that no request waits for a connection.
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        connections.push(Connection { stream, sent: Instant::now(), received: 0 });
    }
    Ok((poll, connections))
}

impl Connection {
    /// Sends a request. One is so small that a connection on which nothing is under way takes it whole.
    fn send(&mut self) -> io::Result<()> {
        self.sent = Instant::now();
        self.received = 0;
        self.stream.write_all(REQUEST)
    }

    /// Reads what there is, and says whether the answer is complete.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 512];
        loop {
            let read = match self.stream.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = self.received + read;
            if ANSWER.get(self.received..end) != Some(&buffer[..read]) {
                return Err(ErrorKind::InvalidData.into());
            }
            self.received = end;
            if end == ANSWER.len() {
                // The next answer comes only after the next request, so there is nothing more to read.
                return Ok(true);
            }
        }
    }
}

/// Puts the load with wrk, and reads what it prints.
fn wrk(address: SocketAddr, load: Load, time: Duration) -> Result<Measured, String> {
    let output = Command::new("wrk")
        .arg(format!("-t{}", load.threads))
        .arg(format!("-c{}", load.connections))
        .arg(format!("-d{}s", time.as_secs()))
        .arg("--latency")
        .arg(format!("http://{address}/"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start wrk: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_wrk(&text, time).ok_or_else(|| format!("cannot read what wrk printed: {text}"))
}

fn parse_wrk(text: &str, time: Duration) -> Option<Measured> {
    let after = |start: &str| text.lines().find_map(|line| line.trim().strip_prefix(start)).map(str::trim);
    let rate: f64 = after("Requests/sec:")?.parse().ok()?;
    let errors = after("Socket errors:")
        .map_or(0, |errors| errors.split([' ', ',']).filter_map(|word| word.parse::<u64>().ok()).sum());
    let wrong: u64 = after("Non-2xx or 3xx responses:").map_or(Some(0), |count| count.parse().ok())?;
    Some(Measured {
        requests: (rate * time.as_secs_f64()) as u64,
        seconds: time.as_secs_f64(),
        p50: micros(after("50%")?)?,
        p99: micros(after("99%")?)?,
        failures: errors + wrong,
    })
}

/// A time as wrk prints it, such as `666.00us`, `1.70ms` or `2.01s`.
fn micros(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let text = "Running 1s test\n  Thread Stats   Avg      Stdev\n  Latency Distribution\n     50%  401.00us\n     \
                    75%  500.00us\n     90%    1.00ms\n     99%    1.50ms\n  12345 requests in 1.00s\n  Socket errors: \
                    connect 0, read 2, write 0, timeout 1\nRequests/sec: 12300.50\nTransfer/sec: 1.0MB\n";
        let measured = parse_wrk(text, Duration::from_secs(2)).unwrap();
        assert_eq!(measured.requests, 24_601);
        assert_eq!((measured.p50, measured.p99, measured.failures), (401.0, 1500.0, 3));
        assert!(parse_wrk("unable to connect", Duration::from_secs(2)).is_none());
    }
}
