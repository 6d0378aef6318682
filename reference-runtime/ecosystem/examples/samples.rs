//! A web service on diesel, SQLite and rayon that keeps measurements, without `spawn_blocking` anywhere.
//!
//! ```text
//! cargo run --example samples -- 127.0.0.1:8080 samples.sqlite
//! curl -d '1.5 2 3' http://127.0.0.1:8080/series/kettle
//! curl http://127.0.0.1:8080/series/kettle
//! ```
//!
//! It ends with SIGTERM or Ctrl-C. `samples_tokio_direct` is the same service on tokio, `samples_tokio_moved` is that with
//! the calls moved to tokio's pool, and `samples_load` measures all three.

#[path = "samples/mod.rs"]
mod samples;

use std::error::Error;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::routing::get;
use futures::FutureExt;
use futures::future::select;
use reference_runtime::net::TcpListener;
use reference_runtime::sync::oneshot;
use reference_runtime::{Builder, Handle, signal, task, time};
use reference_runtime_ecosystem::serve;
use samples::routes::router;
use samples::settings::Settings;

/// The requests in hand have had their time already when the runtime ends.
const LAST_POLLS: Duration = Duration::from_millis(100);

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_arguments()?;
    let mut builder = Builder::new();
    // What is learnt is learnt of a type, and each connection, quick or slow, is of the same one.
    builder.thread_name("samples").max_threads(settings.max_threads).learn(settings.learns);
    if let Some(workers) = settings.workers {
        builder.worker_threads(workers);
    }
    let runtime = builder.build()?;
    let ended = runtime.block_on(service(&settings));
    // A poll that is blocked now stays so. It is named, and left behind.
    if let Err(stuck) = runtime.shutdown_timeout(LAST_POLLS) {
        eprintln!("samples: {stuck}");
    }
    ended
}

async fn service(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let service = settings.service()?;
    let router =
        router(service.clone()).route("/runtime", get(|| async { Handle::current().metrics().to_string() }));
    let told_to_end = told_to_end()?;
    let listener = TcpListener::bind(&*settings.address).await?;
    println!("http://{}/", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = task::spawn(serve(listener, router, stopped.map(drop)));
    told_to_end.await;
    drop(stop); // no more connections; those with a request in hand finish it
    if time::timeout(settings.grace, serving).await.is_err() {
        eprintln!("samples: {} requests were not answered in time", service.admission.in_hand());
    }
    Ok(())
}
// ANCHOR_END: main

/// Over with SIGTERM or Ctrl-C, neither of which ends the process by itself from this call on.
#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let [mut terminate, mut interrupt] = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    Ok(async move {
        select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
    })
}

#[cfg(not(unix))]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(signal::ctrl_c().map(drop))
}
