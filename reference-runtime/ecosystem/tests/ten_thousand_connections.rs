//! Ten thousand connections at once, each kept and used twice.
//!
//! The clients are a process of their own, so that neither needs more than ten thousand descriptors and a few: this test
//! once more, told by a variable of the environment. They connect to four loopback addresses, each of which has all the
//! ports of the system for itself.
#![cfg(target_os = "linux")]

mod common;

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use common::served::Served;
use futures::StreamExt;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use reference_runtime::net::TcpStream;
use reference_runtime::{Builder, task};

const CONNECTIONS: usize = 10_000;
const ADDRESSES: [&str; 4] = ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0", "127.0.0.4:0"];
/// So many are being made at once: fewer than a listener lets wait.
const AT_ONCE: usize = 250;
/// The port that the clients are to connect to; its presence makes this process that of the clients.
const PORT: &str = "REFERENCE_RUNTIME_TEST_PORT";

/// Asks the system for enough descriptors, and says whether it gives them.
fn raise_the_limit() -> bool {
    let needed = CONNECTIONS as u64 + 500;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit can be read");
    if soft >= needed {
        return true;
    }
    if hard < needed {
        println!("skipped: this process may open {hard} files, and needs {needed}; raise `ulimit -Hn`");
        return false;
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the soft limit may be raised to the hard one");
    true
}

#[test]
fn ten_thousand_connections_are_served_at_once() {
    if !raise_the_limit() {
        return;
    }
    if let Ok(port) = std::env::var(PORT) {
        return clients(port.parse().expect("a port"));
    }
    let served = Served::at(&ADDRESSES);
    let mut child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["ten_thousand_connections_are_served_at_once", "--exact", "--nocapture"])
        .env(PORT, served.address.port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test binary starts once more");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut wait_for = |what: &str| {
        let found = lines.by_ref().map(|line| line.expect("text")).any(|line| line.ends_with(what));
        assert!(found, "the clients end before they say {what:?}");
    };
    wait_for("all are connected");
    assert_eq!(served.connections(), CONNECTIONS);
    let threads = served.runtime.metrics().threads();
    assert!(threads < 100, "{threads} threads for {CONNECTIONS} connections");
    drop(child.stdin.take());
    wait_for("all are answered again");
    assert!(child.wait().expect("the child is ours").success());
    common::until("all are gone", || served.connections() == 0);
}

fn clients(port: u16) {
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
    let connect = |number: usize| {
        let mut address: SocketAddr = ADDRESSES[number % ADDRESSES.len()].parse().expect("an address");
        address.set_port(port);
        async move { ask(TcpStream::connect(address).await?, number).await }
    };
    let streams: Vec<TcpStream> = runtime.block_on(async {
        let connecting = (0..CONNECTIONS).map(|number| task::spawn(connect(number)));
        let connected = futures::stream::iter(connecting).buffer_unordered(AT_ONCE);
        connected.map(|stream| stream.expect("an answer")).collect().await
    });
    println!("all are connected");
    io::stdin().read_to_end(&mut Vec::new()).expect("the parent closes it");
    let again: Vec<_> =
        streams.into_iter().enumerate().map(|(number, stream)| runtime.spawn(ask(stream, number))).collect();
    for answered in again {
        runtime.block_on(answered).expect("an answer");
    }
    println!("all are answered again");
}

/// Asks for a page of its own, and checks that it is the one which comes back.
async fn ask(mut stream: TcpStream, number: usize) -> io::Result<TcpStream> {
    stream.write_all(format!("GET /number/{number} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes()).await?;
    let (mut answer, end) = (Vec::new(), format!("\r\n\r\n{number}"));
    let mut buffer = [0; 512];
    while !answer.ends_with(end.as_bytes()) {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::Error::other(format!("no answer: {:?}", String::from_utf8_lossy(&answer))));
        }
        answer.extend_from_slice(&buffer[..count]);
    }
    Ok(stream)
}
