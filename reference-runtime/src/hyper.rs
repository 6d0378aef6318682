//! hyper 1 on this runtime: its server and its client on our sockets, tasks and timers.
//!
//! hyper brings no runtime of its own; it asks for these, which are what
//! [`hyper::rt`] has traits for:
//!
//! | hyper asks for | here | why |
//! |---|---|---|
//! | [`Read`](::hyper::rt::Read), [`Write`](::hyper::rt::Write) | [`Io`] around a stream | every connection |
//! | [`Timer`](::hyper::rt::Timer) | [`Timer`] | limits of time: without one a client may take for ever to send its headers |
//! | [`Executor`](::hyper::rt::Executor) | [`Executor`] | HTTP/2, and pools of connections |
//!
//! The names are those of `hyper_util::rt::TokioIo` and its neighbours, without the prefix. The cargo feature `hyper`
//! turns no feature of hyper on: name `http1`, `server` and what else you need in your own `Cargo.toml`.
//!
//! A handler may block: call a database, `std::fs` or a library that computes for long right in the service function.
//! hyper polls the handler within the task of its connection, so only that connection waits.
//!
//! # Examples
//!
//! A server that answers one connection, and its client:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use hyper::{Request, Response, body::Incoming, client, server, service::service_fn};
//! use reference_runtime::hyper::{Io, Timer};
//! use reference_runtime::{net::{TcpListener, TcpStream}, task};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # reference_runtime::block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = task::spawn(async move {
//!     let (stream, _) = listener.accept().await?;
//!     let service = service_fn(|request: Request<Incoming>| async move {
//!         Ok::<_, Infallible>(Response::new(format!("you asked for {}", request.uri().path())))
//!     });
//!     let connection = server::conn::http1::Builder::new()
//!         .timer(Timer)
//!         .serve_connection(Io::new(stream), service);
//!     connection.await.map_err(std::io::Error::other)
//! });
//!
//! let stream = Io::new(TcpStream::connect(address).await?);
//! let (mut sender, connection) = client::conn::http1::handshake(stream).await?;
//! task::spawn(connection);
//! let response = sender.send_request(Request::get("/page").body(String::new())?).await?;
//! assert_eq!(response.headers()["content-length"], "19");
//! drop((sender, response));
//! server.await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Ending a server
//!
//! `Connection::graceful_shutdown` lets the request that is being answered finish and closes the connection after it.
//! Race the connection against your signal to stop, and call it when that comes; the example `hyper_server` of this
//! repository does so for any number of connections.

mod executor;
mod io;
mod timer;

pub use self::executor::Executor;
pub use self::io::Io;
pub use self::timer::Timer;
