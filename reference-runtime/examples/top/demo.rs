//! A service under load, to have something to look at: clients that ping over the loopback interface, reports that block,
//! a thumbnail that computes, and a closure that goes to `spawn_blocking`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::{Builder, Runtime, task, time};

use crate::serve::{Socket, serve_metrics};

const CLIENTS: usize = 40;

/// Starts the service, and serves its metrics in the folder for temporary files.
pub(crate) fn start() -> io::Result<(Socket, Runtime)> {
    let runtime = Builder::new().thread_name("demo").build()?;
    let path = std::env::temp_dir().join(format!("reference-runtime-top-{}.sock", std::process::id()));
    // First, so that the threads' first events are there.
    let socket = serve_metrics(runtime.handle().clone(), "reference-runtime top: demo", path)?;
    runtime.spawn(async {
        if let Err(error) = service().await {
            eprintln!("the demo ends: {error}");
        }
    });
    Ok((socket, runtime))
}

async fn service() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    named("reports", reports())?;
    named("thumbnails", thumbnails())?;
    named("backups", backups())?;
    for number in 0..CLIENTS {
        named(&format!("client {number}"), async move {
            let stream = TcpStream::connect(address).await?;
            ping(stream, Duration::from_millis(1 + number as u64)).await
        })?;
    }
    for number in 0.. {
        let (stream, _) = listener.accept().await?;
        named(&format!("connection {number}"), echo(stream))?;
    }
    Ok(())
}

#[track_caller]
fn named<T: Send + 'static>(name: &str, future: impl Future<Output = T> + Send + 'static) -> io::Result<()> {
    task::Builder::new().name(name.to_owned()).spawn(future).map(drop)
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut byte = [0];
    while stream.read(&mut byte).await? == 1 {
        stream.write_all(&byte).await?;
    }
    Ok(())
}

async fn ping(mut stream: TcpStream, pause: Duration) -> io::Result<()> {
    let mut byte = [0];
    loop {
        stream.write_all(b"?").await?;
        stream.read_exact(&mut byte).await?;
        time::sleep(pause).await;
    }
}

/// Blocks, as a client of a database would.
async fn reports() {
    loop {
        time::sleep(Duration::from_millis(300)).await;
        thread::sleep(Duration::from_millis(40));
    }
}

/// Computes.
async fn thumbnails() {
    loop {
        time::sleep(Duration::from_millis(500)).await;
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(15) {
            std::hint::spin_loop();
        }
    }
}

async fn backups() {
    loop {
        time::sleep(Duration::from_millis(700)).await;
        task::spawn_blocking(|| thread::sleep(Duration::from_millis(200))).await;
    }
}
