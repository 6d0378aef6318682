//! A server for any `tower` service, axum's router among them, on hyper 1 and our sockets.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use reference_runtime::hyper::{Io, Timer};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::{task, time};
use tower::Service;

/// How long to wait after an `accept` that failed for want of something, such as descriptors.
const BREATHER: Duration = Duration::from_millis(20);

/// Serves connections until `stop` is over. Then those that wait for a request are closed, those that answer one finish
/// it, and when the last is closed this returns.
///
/// Each connection is a task. What the service's future does happens in it, so a handler that blocks holds up its own
/// connection and no other.
///
/// A connection that fails ends alone: hyper has answered a malformed request with 400 and a head that is too large
/// with 431, and of a client that went away there is nobody to tell.
pub async fn serve<S, B>(listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = match select(pin!(listener.accept()), stop.as_mut()).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = http1::Builder::new()
                    .timer(Timer)
                    .serve_connection(without_delay(stream), TowerToHyperService::new(service.clone()));
                task::spawn(connections.watch(connection));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => time::sleep(BREATHER).await,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Answers are whole when they are written, so there is nothing to wait for before they are sent.
fn without_delay(stream: TcpStream) -> Io<TcpStream> {
    // A peer that has gone already makes this fail; the first read will say so.
    let _ = stream.set_nodelay(true);
    Io::new(stream)
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
