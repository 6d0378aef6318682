//! hyper 1 on tokio's sockets: what `serve` of the package's library is for ours.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::routes::Shared;
use super::settings::Settings;

/// As after an `accept` that failed in ours.
const BREATHER: Duration = Duration::from_millis(20);

/// Runs the service until the process is ended from outside.
pub(crate) fn run(router: impl FnOnce(Shared) -> Router) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_arguments()?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = settings.workers {
        builder.worker_threads(workers);
    }
    let router = router(settings.service()?);
    builder.enable_all().max_blocking_threads(settings.max_threads).build()?.block_on(async {
        let listener = TcpListener::bind(&settings.address).await?;
        println!("http://{}/", listener.local_addr()?);
        serve(listener, router).await
    })
}

async fn serve(listener: TcpListener, router: Router) -> Result<(), Box<dyn std::error::Error>> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(_) => {
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        // A peer that has gone already makes this fail; the first read will say so.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        tokio::spawn(connection);
    }
}
