//! A command-line program that is synchronous but for one step: it fetches its configuration over HTTP.
//!
//! ```text
//! cargo run --example configured_over_http
//! ```
//!
//! `main` and what it calls are ordinary functions; `block_on` at the edge runs the one that is async. The server it
//! asks is its own. The configuration comes in two parts: one is fetched by surf, which is async, the other by attohttpc,
//! which blocks, both at the same time and in the same way.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;

use futures::channel::oneshot;
use hyper::{Request, Response, StatusCode, body::Incoming};
use reference_runtime::net::TcpListener;
use reference_runtime::{block_on, surf, task};
use reference_runtime_ecosystem::serve;

type Settings = BTreeMap<String, String>;
type Failure = Box<dyn Error + Send + Sync>;

/// The synchronous face of it all: what a caller that knows nothing of async sees.
fn load_settings(server: SocketAddr) -> Result<Settings, Failure> {
    block_on(async move {
        // Two tasks, so that the one that blocks does not hold the other up.
        let general = task::spawn(fetch(format!("http://{server}/general.conf")));
        let local = task::spawn(fetch_blocking(format!("http://{server}/local.conf")));
        let mut settings = parse(&general.await?)?;
        settings.extend(parse(&local.await?)?);
        Ok(settings)
    })
}

async fn fetch(url: String) -> Result<String, Failure> {
    let mut answer = surf::client().get(&url).send().await?;
    if !answer.status().is_success() {
        return Err(format!("{url}: {}", answer.status()).into());
    }
    Ok(answer.body_string().await?)
}

async fn fetch_blocking(url: String) -> Result<String, Failure> {
    let answer = attohttpc::get(&url).send()?;
    if !answer.is_success() {
        return Err(format!("{url}: {}", answer.status()).into());
    }
    Ok(answer.text()?)
}

/// Lines of the form `name = value`.
fn parse(text: &str) -> Result<Settings, Failure> {
    let setting = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("no `=` in {line:?}"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.lines().map(setting).collect()
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, std::convert::Infallible> {
    let text = match request.uri().path() {
        "/general.conf" => "greeting = Hello\nname = somebody\nrepeat = 1\n",
        "/local.conf" => "name = world\nrepeat = 2\n",
        _ => "",
    };
    let mut response = Response::new(text.to_owned());
    if text.is_empty() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

fn main() -> Result<(), Failure> {
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = block_on(TcpListener::bind("127.0.0.1:0"))?;
    let server = listener.local_addr()?;
    let serving = task::spawn(serve(listener, tower::service_fn(answer), async {
        let _ = stopped.await;
    }));

    let settings = load_settings(server)?;
    let setting = |name: &str| settings.get(name).ok_or_else(|| format!("the configuration lacks {name:?}"));
    for _ in 0..setting("repeat")?.parse()? {
        println!("{}, {}!", setting("greeting")?, setting("name")?);
    }
    drop(stop);
    block_on(serving);
    Ok(())
}
