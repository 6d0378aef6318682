//! A client on hyper 1: fetches a page, like `curl -i`.
//!
//! ```text
//! cargo run --example hyper_client -- http://127.0.0.1:8080/hello
//! ```

use std::io::{self, Write};
use std::{env, error::Error};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use reference_runtime::hyper::Io;
use reference_runtime::{block_on, net::TcpStream, task};

async fn fetch(url: Uri) -> Result<(), Box<dyn Error>> {
    if url.scheme_str() != Some("http") {
        return Err(format!("{url} is no http:// address: give one").into());
    }
    let host = url.host().ok_or("the address names no host")?;
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(Io::new(stream)).await?;
    // The connection is driven by a task of its own. It ends when `sender` and the body are gone.
    let connection = task::spawn(connection);

    let authority = url.authority().ok_or("the address names no host")?.as_str();
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(header::HOST, authority).body(Empty::<Bytes>::new())?;
    let mut response = sender.send_request(request).await?;
    println!("{:?} {}", response.version(), response.status());
    for (name, value) in response.headers() {
        println!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    println!();
    // The body comes in pieces, and each is printed as it comes. A full pipe behind the output may block this task.
    while let Some(frame) = response.frame().await {
        if let Some(piece) = frame?.data_ref() {
            io::stdout().write_all(piece)?;
        }
    }
    drop(sender);
    connection.await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("give the address to fetch, such as http://127.0.0.1:8080/hello")?;
    block_on(fetch(url.parse()?))
}
