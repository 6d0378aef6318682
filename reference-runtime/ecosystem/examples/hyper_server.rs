//! A server on hyper 1.
//!
//! ```text
//! cargo run --example hyper_server
//! curl http://127.0.0.1:8080/hello
//! ```
//!
//! It tells each client what it asked for, and ends with the end of its input (Ctrl-D): after the answers that are on
//! their way.

use std::convert::Infallible;
use std::{env, io, process};

use hyper::{Request, Response, body::Incoming};
use reference_runtime::{block_on, net::TcpListener, task};
use reference_runtime_ecosystem::{serve, until_end_of_input};

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(format!("{} {}\n", request.method(), request.uri().path())))
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    block_on(async {
        let listener = TcpListener::bind(&*address).await?;
        println!("http://{}/", listener.local_addr()?);
        // A task of its own, because the read blocks: in this one it would hold up the accepts.
        let ended = task::spawn(until_end_of_input());
        serve(listener, tower::service_fn(answer), async {
            if let Err(error) = ended.await {
                eprintln!("the input cannot be read: {error}");
                process::exit(1);
            }
        })
        .await;
        Ok(())
    })
}
