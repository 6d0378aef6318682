//! The metrics of a runtime for Prometheus, served by the runtime itself.
//!
//! ```console
//! $ cargo run --release -p reference-runtime --example metrics -- 127.0.0.1:9900 &
//! $ curl http://127.0.0.1:9900/metrics
//! ```
//!
//! Without an address it takes any port, says which, and serves until its input ends. `/` shows the same as a table.

use std::fmt::Write;
use std::io::{self, Read};
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::{Builder, Handle, Histogram, Metrics, task};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let runtime = Builder::new().measure_polls(true).build()?;
    let bind = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"));
    let listener = runtime.block_on(bind)?;
    println!("listening on http://{}/metrics", listener.local_addr()?);
    let server = runtime.spawn(serve(listener, runtime.handle().clone()));
    if address.is_some() {
        return runtime.block_on(server);
    }
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

async fn serve(listener: TcpListener, runtime: Handle) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let runtime = runtime.clone();
        task::spawn(async move {
            // A client that goes away in between is no concern of the others.
            let _ = answer(stream, &runtime).await;
        })
        .detach();
    }
}

/// Reads a request up to its empty line and answers it. A request of more than 4 KiB is not from Prometheus.
async fn answer(mut stream: TcpStream, runtime: &Handle) -> io::Result<()> {
    let (mut request, mut read) = ([0; 4096], 0);
    while !request[..read].windows(4).any(|end| end == b"\r\n\r\n") {
        let more = stream.read(&mut request[read..]).await?;
        if more == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read += more;
    }
    let (status, kind, body) = match request[..read].split(|byte| *byte == b' ').nth(1) {
        Some(b"/metrics") => ("200 OK", "text/plain; version=0.0.4", prometheus(&runtime.metrics())),
        Some(b"/") => ("200 OK", "text/plain; charset=utf-8", format!("{}\n", runtime.metrics())),
        _ => ("404 Not Found", "text/plain", "there is /metrics\n".to_owned()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.close().await
}

/// The text that Prometheus reads. Names end with their units, and counters with `_total`, as its manual asks for.
fn prometheus(metrics: &Metrics) -> String {
    let mut text = String::new();
    for (name, value, help) in [
        ("workers", metrics.workers() as u64, "Threads that may poll tasks at once."),
        ("tasks", metrics.tasks(), "Tasks that have not finished."),
        ("threads", metrics.threads() as u64, "Threads now."),
        ("threads_spare", metrics.spare_threads() as u64, "Threads without work."),
        ("threads_blocked", metrics.blocked_threads() as u64, "Threads stuck in a poll."),
        ("threads_peak", metrics.peak_threads() as u64, "The most threads there were."),
        ("injector_depth", metrics.injector_depth() as u64, "Tasks that wait for any worker."),
        ("blocking_lane_depth", metrics.blocking_lane_depth() as u64, "Tasks that wait to block."),
        ("computing_lane_depth", metrics.computing_lane_depth() as u64, "Tasks that wait to compute."),
    ] {
        family(&mut text, name, "gauge", help);
        let _ = writeln!(text, "runtime_{name} {value}");
    }
    family(&mut text, "worker_depth", "gauge", "Tasks that wait for this worker.");
    for (worker, depth) in metrics.worker_depths().iter().enumerate() {
        let _ = writeln!(text, "runtime_worker_depth{{worker=\"{worker}\"}} {depth}");
    }
    family(&mut text, "stuck_polls_total", "counter", "Polls found stuck, by what they did.");
    for (verdict, polls) in [
        ("blocked", metrics.blocked_polls()),
        ("computing", metrics.computing_polls()),
        ("starved", metrics.starved_polls()),
        ("unknown", metrics.unknown_polls()),
    ] {
        let _ = writeln!(text, "runtime_stuck_polls_total{{verdict=\"{verdict}\"}} {polls}");
    }
    family(&mut text, "hand_offs_total", "counter", "Processors given to another thread.");
    let _ = writeln!(text, "runtime_hand_offs_total {}", metrics.hand_offs());
    let unattended = metrics.reactor_unattended().as_secs_f64();
    family(&mut text, "unattended_seconds_total", "counter", "Time that events waited for a worker.");
    let _ = writeln!(text, "runtime_unattended_seconds_total {unattended}");
    histogram(&mut text, "poll_seconds", "How long polls took.", &metrics.poll_times());
    let latencies = metrics.schedule_latencies();
    histogram(&mut text, "schedule_latency_seconds", "How long tasks waited to be polled.", &latencies);
    let rescues = metrics.rescue_latencies();
    histogram(
        &mut text,
        "rescue_seconds",
        "From a stuck poll to another thread with its processor.",
        &rescues,
    );
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    // A `String` takes everything.
    let _ = writeln!(text, "# HELP runtime_{name} {help}\n# TYPE runtime_{name} {kind}");
}

/// With bounds that stay the same, as Prometheus needs: 1 µs, and each four times the last.
fn histogram(text: &mut String, name: &str, help: &str, times: &Histogram) {
    family(text, name, "histogram", help);
    let mut bound = Duration::from_micros(1);
    for _ in 0..12 {
        let within = times.buckets().take_while(|(longest, _)| *longest <= bound);
        let within: u64 = within.map(|(_, count)| count).sum();
        let _ = writeln!(text, "runtime_{name}_bucket{{le=\"{}\"}} {within}", bound.as_secs_f64());
        bound *= 4;
    }
    let count = times.count();
    let _ = writeln!(text, "runtime_{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "runtime_{name}_sum {}", times.sum().as_secs_f64());
    let _ = writeln!(text, "runtime_{name}_count {count}");
}
