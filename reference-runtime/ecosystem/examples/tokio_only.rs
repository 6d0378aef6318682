//! A crate that works on tokio alone, in tasks of this runtime: hyper-util's client with its pool of connections.
//!
//! ```text
//! cargo run --example tokio_only
//! ```
//!
//! Its sockets and timers ask for a runtime of tokio on the thread that polls them, and panic without one. Two ways give
//! them one. Either way a thread of tokio's drives its sockets; a task of ours that waits for them is woken from there.

use std::error::Error;
use std::net::SocketAddr;

use async_compat::Compat;
use futures::channel::oneshot;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reference_runtime::net::TcpListener;
use reference_runtime::{block_on, task};
use reference_runtime_ecosystem::serve;

type Failure = Box<dyn Error + Send + Sync>;
type TokioClient = Client<HttpConnector, Empty<Bytes>>;

async fn fetch(client: TokioClient, url: Uri) -> Result<String, Failure> {
    let answer = client.get(url).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

// ANCHOR: adapter
/// A task of ours. Each poll enters a runtime of tokio, which the adapter starts at first use, with one thread.
async fn through_the_adapter(client: TokioClient, url: Uri) -> Result<String, Failure> {
    task::spawn(Compat::new(fetch(client, url))).await
}
// ANCHOR_END: adapter

// ANCHOR: beside
/// A task of tokio's, on a runtime that the program has set up as it likes. Its handle can be awaited anywhere.
async fn beside(tokio: &tokio::runtime::Handle, client: TokioClient, url: Uri) -> Result<String, Failure> {
    let answer = tokio.spawn(fetch(client, url)).await??;
    // Back in a task of ours, where a call may block.
    Ok(answer)
}
// ANCHOR_END: beside

async fn answer(request: Request<Incoming>) -> Result<Response<String>, std::convert::Infallible> {
    Ok(Response::new(format!("this is {}", request.uri().path())))
}

async fn demo(server: SocketAddr) -> Result<(), Failure> {
    let client: TokioClient = Client::builder(TokioExecutor::new()).build_http();
    let url = |path: &str| format!("http://{server}/{path}").parse::<Uri>();
    println!("{}", through_the_adapter(client, url("adapted")?).await?);

    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client: TokioClient = Client::builder(TokioExecutor::new()).build_http();
    println!("{}", beside(tokio.handle(), client, url("beside")?).await?);
    tokio.shutdown_background();

    // Spawned from tokio's threads, tasks of ours run on our default runtime.
    let tokio = tokio::runtime::Builder::new_current_thread().build()?;
    let sum = task::block_in_place(|| tokio.block_on(async { task::spawn(async { 1 + 2 }).await }));
    println!("and {sum} from a task of ours, awaited in tokio");
    Ok(())
}

fn main() -> Result<(), Failure> {
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = block_on(TcpListener::bind("127.0.0.1:0"))?;
    let server = listener.local_addr()?;
    let serving = task::spawn(serve(listener, tower::service_fn(answer), async {
        let _ = stopped.await;
    }));
    block_on(demo(server))?;
    drop(stop);
    block_on(serving);
    Ok(())
}
