//! surf on this runtime's sockets. Like `forty_pages`, not for loom and the sanitizers.
#![cfg(all(unix, not(any(reference_runtime_loom, reference_runtime_asan))))]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use common::run;
use reference_runtime::surf::{client, client_with};
use reference_runtime::time::Elapsed;
use reference_runtime::{Builder, Runtime, task};
use surf::StatusCode;

fn runtime() -> Runtime {
    Builder::new().worker_threads(2).thread_name("ours").build().expect("a runtime starts")
}

/// The address of a server that answers what `answer` makes of the head and the body of a request.
fn server(answer: impl Fn(&str, &str) -> String + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let one = move |stream: TcpStream| {
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).expect("a line") > 0, "a whole head");
        }
        let head = head.to_lowercase();
        let length = head.split_once("content-length: ").map(|(_, rest)| rest.split("\r\n").next());
        let length = length.flatten().map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a whole body");
        let answer = answer(&head, &String::from_utf8(body).expect("UTF-8"));
        (&stream).write_all(answer.as_bytes()).expect("the client reads");
    };
    let accept = move || {
        for stream in listener.incoming() {
            let (one, stream) = (one.clone(), stream.expect("a client"));
            thread::Builder::new().name("server".into()).spawn(move || one(stream)).expect("a thread");
        }
    };
    thread::Builder::new().name("server".into()).spawn(accept).expect("a thread");
    format!("http://{address}/")
}

#[test]
fn it_fetches_pages_and_sends_bodies() {
    let url = server(|head, body| {
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        match head.split(' ').next() {
            Some("get") => {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n6\r\npieces\r\n0\r\n\r\n"
                    .to_owned()
            }
            Some("post") => format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            _ => "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".to_owned(),
        }
    });
    run(&runtime(), async {
        let client = client();
        assert_eq!(client.get(&url).recv_string().await.expect("a page"), "in pieces");
        let body = "x".repeat(1 << 20);
        let mut answer = client.post(&url).body_string(body.clone()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::Created);
        assert!(answer.body_string().await.expect("a body") == body);
        assert_eq!(client.put(&url).send().await.expect("an answer").status(), StatusCode::MethodNotAllowed);
    });
}

#[test]
fn it_says_what_is_wrong() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    run(&runtime(), async {
        let error = client().get("https://127.0.0.1/").send().await.expect_err("there is no TLS");
        assert!(error.to_string().contains("is not an http:// address"), "{error}");
        let error = client().get(format!("http://{closed}/")).send().await.expect_err("nobody listens");
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        assert_eq!(kind, Some(std::io::ErrorKind::ConnectionRefused), "{error}");
    });
}

#[test]
fn it_heeds_the_time_limit() {
    // Connections wait here, and are never accepted.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it has an address"));
    let limited = client_with(surf::Config::new().set_timeout(Some(Duration::from_millis(10))));
    let error = run(&runtime(), async { limited.get(url).send().await }).expect_err("there is no answer");
    assert!(error.downcast_ref::<Elapsed>().is_some(), "{error}");
}

/// In a child, where nobody else starts threads.
#[test]
#[cfg(target_os = "linux")]
fn it_starts_no_thread_of_another_runtime() {
    common::in_children("it_starts_no_thread_of_another_runtime", ["alone"], |_| {
        let before = common::threads().len();
        let (arrived, arrivals) = std::sync::mpsc::channel();
        let url = server(move |_, _| {
            arrived.send(()).expect("the test waits");
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned()
        });
        let runtime = runtime();
        let pages: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                runtime.spawn(async move {
                    let page = client().get(url).recv_string().await;
                    task::yield_now().await;
                    page.expect("a page")
                })
            })
            .collect();
        for page in pages {
            assert_eq!(runtime.block_on(page), "ok");
        }
        assert_eq!(arrivals.try_iter().count(), 8);
        let others = common::threads().into_iter().skip(before).filter(|(_, name)| {
            !name.starts_with("server") && !name.starts_with("ours") && !name.starts_with("reference-runti")
        });
        assert_eq!(others.collect::<Vec<_>>(), []);
    });
}
