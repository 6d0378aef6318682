//! hyper-util's client, which keeps connections for later requests, on our sockets and without tokio's.
//!
//! ```text
//! cargo run --example pooled_client
//! ```
//!
//! The client asks for a *connector*: a service that makes connections. Ours is some thirty lines, of which most hand
//! through what [`Io`] does.
//!
//! A connection comes back to the pool in a task of its own, so now and then the next request is earlier, and makes
//! another.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::channel::oneshot;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use reference_runtime::hyper::{Executor, Io, Timer};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::task;
use reference_runtime_ecosystem::serve;

const PAGES: usize = 100;

/// Makes connections, and counts them.
#[derive(Clone, Default)]
struct Connector {
    made: Arc<AtomicUsize>,
}

impl tower::Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let made = Arc::clone(&self.made);
        Box::pin(async move {
            let host = url.host().ok_or_else(|| io::Error::other("the address names no host"))?;
            let port = url.port_u16().unwrap_or(80);
            let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
            stream.set_nodelay(true)?;
            made.fetch_add(1, Ordering::Relaxed);
            Ok(Stream(Io::new(stream)))
        })
    }
}

/// A connection that can say whether it is one to a proxy, or speaks HTTP/2: neither.
struct Stream(Io<TcpStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Write::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_shutdown(Pin::new(&mut self.0), cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write_vectored(Pin::new(&mut self.0), cx, bufs)
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(format!("this is {}", request.uri().path())))
}

#[reference_runtime::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = task::spawn(serve(listener, tower::service_fn(answer), async {
        let _ = stopped.await;
    }));

    let connector = Connector::default();
    let client: Client<Connector, Empty<Bytes>> =
        Client::builder(Executor).timer(Timer).pool_timer(Timer).build(connector.clone());
    let mut last = Bytes::new();
    for page in 1..=PAGES {
        let answer = client.get(format!("http://{server}/page/{page}").parse()?).await?;
        last = answer.into_body().collect().await?.to_bytes();
    }
    println!("{}", String::from_utf8_lossy(&last));
    println!("{PAGES} pages, connections made: {}", connector.made.load(Ordering::Relaxed));
    drop((client, stop));
    serving.await;
    Ok(())
}
