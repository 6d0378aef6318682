//! hyper's other ways: HTTP/2, which spawns, a connection that becomes another protocol, and limits of time.

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::Client;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, client, header, server};
use reference_runtime::hyper::{Executor, Io, Timer};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::{Builder, block_on, task};

#[test]
fn http2_answers_many_requests_at_once_on_one_connection_though_each_blocks() {
    const STREAMS: usize = 16;
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
    let barrier = Arc::new(std::sync::Barrier::new(STREAMS));
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let server = task::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client comes");
            let service = service_fn(move |request: Request<Incoming>| {
                let barrier = Arc::clone(&barrier);
                async move {
                    // Blocks its thread until all are here: each stream is a task of its own.
                    barrier.wait();
                    let body = request.into_body().collect().await.expect("a body").to_bytes();
                    Ok::<_, Infallible>(Response::new(Full::new(body)))
                }
            });
            server::conn::http2::Builder::new(Executor)
                .timer(Timer)
                .keep_alive_interval(Duration::from_secs(10))
                .serve_connection(Io::new(stream), service)
                .await
        });
        let stream = Io::new(TcpStream::connect(address).await.expect("it listens"));
        let (sender, connection) = client::conn::http2::Builder::new(Executor)
            .timer(Timer)
            .handshake(stream)
            .await
            .expect("a handshake");
        let connection = task::spawn(connection);
        let answers: Vec<_> = (0..STREAMS)
            .map(|number| {
                let mut sender = sender.clone();
                task::spawn(async move {
                    let body = Full::new(Bytes::from(number.to_string()));
                    let request = Request::post("http://test/").body(body).expect("a request");
                    let response = sender.send_request(request).await.expect("an answer");
                    response.into_body().collect().await.expect("a body").to_bytes()
                })
            })
            .collect();
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await, number.to_string());
        }
        drop(sender);
        connection.await.expect("the client's side ends well");
        server.await.expect("the server's side ends well");
    });
}

#[test]
fn a_connection_becomes_a_stream_of_bytes() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let server = task::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client comes");
            let service = service_fn(|request: Request<Incoming>| async move {
                task::spawn(async move {
                    let upgraded = hyper::upgrade::on(request).await.expect("an upgrade");
                    // Back to a stream of the futures crate.
                    let (reader, mut writer) = Io::new(upgraded).split();
                    futures::io::copy(reader, &mut writer).await.expect("an echo");
                    writer.close().await.expect("no error");
                });
                let response = Response::builder()
                    .status(StatusCode::SWITCHING_PROTOCOLS)
                    .header(header::UPGRADE, "echo")
                    .header(header::CONNECTION, "upgrade");
                response.body(Empty::<Bytes>::new())
            });
            let connection = server::conn::http1::Builder::new().serve_connection(Io::new(stream), service);
            connection.with_upgrades().await
        });

        let stream = Io::new(TcpStream::connect(address).await.expect("it listens"));
        let (mut sender, connection) = client::conn::http1::handshake(stream).await.expect("a handshake");
        task::spawn(connection.with_upgrades());
        let request = Request::get("/")
            .header(header::UPGRADE, "echo")
            .header(header::CONNECTION, "upgrade")
            .body(Empty::<Bytes>::new())
            .expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut echo = Io::new(hyper::upgrade::on(response).await.expect("an upgrade"));
        for text in ["one", "two", "three"] {
            echo.write_all(text.as_bytes()).await.expect("no error");
            let mut back = vec![0; text.len()];
            echo.read_exact(&mut back).await.expect("no error");
            assert_eq!(back, text.as_bytes());
        }
        echo.close().await.expect("no error");
        assert_eq!(echo.read(&mut [0]).await.expect("no error"), 0);
        server.await.expect("the server's side ends well");
    });
}

#[test]
fn a_client_that_never_ends_its_head_is_given_up() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let served = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&served);
        let server = task::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client comes");
            let service = service_fn(move |_: Request<Incoming>| {
                counter.fetch_add(1, Ordering::SeqCst);
                async { Ok::<_, Infallible>(Response::new(String::new())) }
            });
            server::conn::http1::Builder::new()
                .timer(Timer)
                .header_read_timeout(Duration::from_millis(20))
                .serve_connection(Io::new(stream), service)
                .await
        });
        let client = task::spawn_blocking(move || {
            let mut client = Client::connect(address);
            client.send("GET / HTTP/1.1\r\n");
            client.is_at_end()
        });
        let error = server.await.expect_err("it is given up");
        assert!(error.is_timeout(), "{error}");
        assert!(client.await);
        assert_eq!(served.load(Ordering::SeqCst), 0);
    });
}
