//! axum's router with something of everything, served within the test.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use futures::channel::oneshot;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use reference_runtime::net::TcpListener;
use reference_runtime::task::JoinHandle;
use reference_runtime::{Builder, Runtime};
use reference_runtime_ecosystem::serve;
use tower::Service;

/// The size of `/large`: more than both sockets hold.
pub(crate) const LARGE: usize = 16 << 20;

/// What the handlers share with the test.
#[derive(Default)]
pub(crate) struct Seen {
    /// Handlers of `/gate` and `/held` that have begun.
    pub(crate) begun: AtomicUsize,
    /// Bodies sent to `/count` whose first piece has come, those that came whole, and those that broke off.
    pub(crate) bodies_begun: AtomicUsize,
    pub(crate) bodies_whole: AtomicUsize,
    pub(crate) bodies_broken: AtomicUsize,
    gate: Mutex<bool>,
    opened: Condvar,
    /// Ends the wait of `/held`.
    releases: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Seen {
    pub(crate) fn open_gate(&self) {
        *self.gate.lock().expect("nobody panics") = true;
        self.opened.notify_all();
    }

    pub(crate) fn release(&self) {
        for release in self.releases.lock().expect("nobody panics").drain(..) {
            release.send(()).expect("the handler waits for this");
        }
    }
}

/// Blocks its thread.
async fn gate(State(seen): State<Arc<Seen>>) -> &'static str {
    seen.begun.fetch_add(1, Ordering::SeqCst);
    let mut is_open = seen.gate.lock().expect("nobody panics");
    while !*is_open {
        is_open = seen.opened.wait(is_open).expect("nobody panics");
    }
    "passed"
}

/// Waits without blocking.
async fn held(State(seen): State<Arc<Seen>>) -> &'static str {
    let (release, released) = oneshot::channel();
    seen.releases.lock().expect("nobody panics").push(release);
    seen.begun.fetch_add(1, Ordering::SeqCst);
    released.await.expect("the test releases it");
    "released"
}

async fn count(State(seen): State<Arc<Seen>>, request: Request) -> String {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            seen.bodies_broken.fetch_add(1, Ordering::SeqCst);
            return "broken".to_owned();
        };
        if length == 0 {
            seen.bodies_begun.fetch_add(1, Ordering::SeqCst);
        }
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    seen.bodies_whole.fetch_add(1, Ordering::SeqCst);
    length.to_string()
}

fn router(seen: &Arc<Seen>) -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/number/{number}", get(|path: axum::extract::Path<u32>| async move { path.0.to_string() }))
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/count", post(count))
        .route("/gate", get(gate))
        .route("/held", get(held))
        .with_state(Arc::clone(seen))
}

/// A service that tells how many of it there are: one for each connection, and one for each server.
#[derive(Clone)]
struct Counted {
    router: Router,
    _alive: Arc<()>,
}

impl Service<hyper::Request<Incoming>> for Counted {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<Incoming>) -> Self::Future {
        Box::pin(self.router.call(request))
    }
}

/// What stops it, and its end.
type Server = (Option<oneshot::Sender<()>>, JoinHandle<()>);

pub(crate) struct Served {
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    alive: Arc<()>,
    servers: Vec<Server>,
}

impl Served {
    /// With two workers, whatever the machine has.
    pub(crate) fn start() -> Served {
        Served::at(&["127.0.0.1:0"])
    }

    /// A server at each address. All take the port of the first.
    pub(crate) fn at(addresses: &[&str]) -> Served {
        let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
        let seen = Arc::new(Seen::default());
        let alive = Arc::new(());
        let mut first: Option<SocketAddr> = None;
        let mut servers = Vec::new();
        for address in addresses {
            let mut address: SocketAddr = address.parse().expect("an address");
            address.set_port(first.map_or(0, |first| first.port()));
            let listener = runtime.block_on(TcpListener::bind(address)).expect("the address is free");
            first.get_or_insert(listener.local_addr().expect("it has an address"));
            let service = Counted { router: router(&seen), _alive: Arc::clone(&alive) };
            let (stop, stopped) = oneshot::channel();
            let server = runtime.spawn(async move {
                serve(listener, service, async {
                    let _ = stopped.await;
                })
                .await;
            });
            servers.push((Some(stop), server));
        }
        Served { runtime, address: first.expect("an address at least"), seen, alive, servers }
    }

    pub(crate) fn connections(&self) -> usize {
        // One here, and one in each server until it ends.
        Arc::strong_count(&self.alive) - 1 - self.servers.len()
    }

    pub(crate) fn stop(&mut self) {
        for (stop, _) in &mut self.servers {
            stop.take().expect("it is stopped once").send(()).expect("the server runs");
        }
    }

    pub(crate) fn join(self) {
        for (_, server) in self.servers {
            self.runtime.block_on(server);
        }
    }
}
