//! A minimal HTTP/1.1 server with connections that are kept alive, under a load generator in a process of its own.
//!
//! Every connection is a task that reads a request to its empty line and writes the same small answer. The generator (see
//! `load.rs`; wrk where it is installed) compares each answer with what it must be, byte by byte, so a server that drops or
//! repeats one fails. Measures requests per second and latency as the client sees it, and the server's processor time
//! per request. Client and server share the machine's cores, on every runtime alike.
//!
//! In the variants one request in ten, by a count over all connections, sleeps for 10 ms before it is answered: right in
//! its task, as if a library blocked there, or through `spawn_blocking`.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use futures::channel::oneshot;

use super::{Better, Handler, Load, Metric, check};
use crate::{
    child::Plan,
    counters::{self, Usage},
    load,
    runtimes::{Listener, Runtime, Stream},
};

const PAUSE: Duration = Duration::from_millis(10);

/// How many requests were answered; says as well which ones sleep.
static REQUESTS: AtomicU64 = AtomicU64::new(0);

pub(super) fn run<R: Runtime>(
    runtime: &R,
    plan: &Plan,
    load: Load,
    handler: Handler,
) -> Result<Vec<Metric>, String> {
    let time = plan.scale.of(Duration::from_secs(3), Duration::from_secs(1), Duration::from_millis(100));
    let load =
        if plan.scale.is_tiny() { Load { threads: load.threads.min(2), connections: 4 } } else { load };
    let (finished, measured) = oneshot::channel();
    let measured = runtime.block_on(async {
        let serving = R::spawn(async move {
            let (listener, address) = R::Listener::bind_any_port().await?;
            R::detach(accept::<R>(listener, handler));
            Ok::<SocketAddr, io::Error>(address)
        });
        let address = serving.await.map_err(|error| format!("cannot listen on 127.0.0.1: {error}"))?;
        // A thread of its own: the runtime may need this one to run its tasks.
        thread::spawn(move || {
            let before = Usage::now();
            let requests = REQUESTS.load(Ordering::Relaxed);
            let measured = load::in_a_process(address, load, time);
            let used = before.and_then(Usage::since);
            let requests = REQUESTS.load(Ordering::Relaxed) - requests;
            // Nobody waits any more only if the process is about to end.
            let _ = finished.send(measured.and_then(|measured| Ok((measured, used?, requests))));
        });
        measured.await.map_err(|_| "the thread that waits for the load generator has panicked".to_owned())?
    });
    let (measured, used, requests) = measured?;
    check(measured.failures == 0, || {
        format!("{} connections failed or got a wrong answer", measured.failures)
    })?;
    check(measured.requests > 0 && requests >= measured.requests, || {
        format!("the client counts {} answers, the server {requests}", measured.requests)
    })?;
    let per_request = used.cpu.as_secs_f64() * 1e6 / requests as f64;
    let mut metrics = vec![
        Metric::one("requests", "1/s", Better::More, measured.requests as f64 / measured.seconds),
        Metric::one("latency p99", "µs", Better::Less, measured.p99),
        Metric::one("latency p50", "µs", Better::Less, measured.p50),
        Metric::one("server's CPU", "µs/request", Better::Less, per_request),
    ];
    let threads = runtime.peak_threads().or_else(counters::threads);
    metrics.extend(threads.map(|threads| Metric::one("threads", "threads", Better::Neither, threads as f64)));
    Ok(metrics)
}

/// Serves each connection in a task of its own.
async fn accept<R: Runtime>(listener: R::Listener, handler: Handler) {
    while let Ok(stream) = listener.accept().await {
        R::detach(async move {
            // A client that goes away ends its task; what it missed, it counts itself.
            let _ = serve::<R>(stream, handler).await;
        });
    }
}

async fn serve<R: Runtime>(
    mut stream: <R::Listener as Listener>::Stream,
    handler: Handler,
) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        while let Some(end) = end_of_head(&buffer[..filled]) {
            buffer.copy_within(end..filled, 0);
            filled -= end;
            let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
            match handler {
                Handler::Sleeps if request.is_multiple_of(10) => thread::sleep(PAUSE),
                Handler::SleepsOffloaded if request.is_multiple_of(10) => {
                    R::spawn_blocking(|| thread::sleep(PAUSE)).await;
                }
                _ => {}
            }
            stream.write_all(load::ANSWER).await?;
        }
    }
}

/// Where the head of a request ends, if all of it is there.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}
