//! axum's router on hyper 1, on this runtime: what its clients may do.

mod common;

use std::net::TcpStream;
use std::sync::atomic::Ordering::SeqCst;

use common::served::{LARGE, Served};
use common::{Client, until};

/// A client that does nothing special is answered, whatever the others do.
fn others_are_served(served: &Served) {
    let mut client = Client::connect(served.address);
    for number in 0..20 {
        assert_eq!(client.get(&format!("/number/{number}")).text(), number.to_string());
    }
}

#[test]
fn a_connection_is_kept_for_many_requests() {
    let served = Served::start();
    let mut client = Client::connect(served.address);
    for number in 0..100 {
        let answer = client.get(&format!("/number/{number}"));
        assert_eq!((answer.status, answer.text()), (200, &*number.to_string()));
    }
    assert_eq!(client.get("/nowhere").status, 404);
    assert_eq!(client.get("/").text(), "hello");
    assert_eq!(served.connections(), 1);
}

#[test]
fn a_connection_is_closed_where_the_client_says_so() {
    let served = Served::start();
    let mut client = Client::connect(served.address);
    client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert_eq!(client.answer().header("connection"), Some("close"));
    assert!(client.is_at_end());
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let served = Served::start();
    let mut client = Client::connect(served.address);
    let requests = (0..50).map(|number| format!("GET /number/{number} HTTP/1.1\r\nHost: test\r\n\r\n"));
    client.send(requests.collect::<String>());
    for number in 0..50 {
        assert_eq!(client.answer().text(), number.to_string());
    }
}

#[test]
fn a_client_may_leave_in_the_middle_of_its_request() {
    let served = Served::start();
    let mut in_its_head = Client::connect(served.address);
    in_its_head.send("GET / HTTP/1.1\r\nHo");
    let mut in_its_body = Client::connect(served.address);
    in_its_body.send("POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nbegun");
    until("both are there", || served.connections() == 2 && served.seen.bodies_begun.load(SeqCst) == 1);
    drop((in_its_head, in_its_body));
    until("both are gone", || served.connections() == 0);
    assert_eq!(served.seen.bodies_broken.load(SeqCst), 1);
    assert_eq!(served.seen.bodies_whole.load(SeqCst), 0);
    others_are_served(&served);
}

#[test]
fn a_client_may_leave_in_the_middle_of_the_response() {
    let served = Served::start();
    let mut leaving = Client::connect(served.address);
    leaving.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(leaving.head().0, 200);
    leaving.read_some(1000);
    drop(leaving);
    until("it is gone", || served.connections() == 0);
    others_are_served(&served);
}

#[test]
fn a_head_that_is_too_large_is_answered_with_431() {
    let served = Served::start();
    let many = (0..200).map(|number| format!("X-{number}: x\r\n")).collect::<String>();
    let long = format!("X: {}\r\n", "x".repeat(1 << 20));
    for headers in [many, long] {
        let mut client = Client::connect(served.address);
        client.send_in_vain(format!("GET / HTTP/1.1\r\nHost: test\r\n{headers}\r\n"));
        assert_eq!(client.head().0, 431);
        assert!(client.is_at_end());
    }
    others_are_served(&served);
}

#[test]
fn a_malformed_request_is_answered_with_400() {
    let served = Served::start();
    for request in [
        "what is this?\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    ] {
        let mut client = Client::connect(served.address);
        client.send(request);
        assert_eq!(client.head().0, 400, "{request:?}");
        assert!(client.is_at_end());
    }
    others_are_served(&served);
}

#[test]
fn a_client_that_sends_slowly_holds_nobody_up() {
    let served = Served::start();
    let mut slow = Client::connect(served.address);
    for byte in b"GET /number/7 HTTP/1.1\r\nHost: test\r\n\r\n" {
        slow.send([*byte]);
        others_are_served(&served);
    }
    assert_eq!(slow.answer().text(), "7");
}

#[test]
fn a_client_that_does_not_read_holds_nobody_up() {
    let served = Served::start();
    let mut idle = Client::connect(served.address);
    idle.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    others_are_served(&served);
    assert_eq!(idle.answer().body.len(), LARGE);
}

#[test]
fn handlers_that_block_hold_nobody_up() {
    let served = Served::start();
    // Four times as many as there are workers.
    let mut blocked: Vec<_> = (0..8).map(|_| Client::connect(served.address)).collect();
    for client in &mut blocked {
        client.send("GET /gate HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    until("all of them block", || served.seen.begun.load(SeqCst) == 8);
    others_are_served(&served);
    served.seen.open_gate();
    for client in &mut blocked {
        assert_eq!(client.answer().text(), "passed");
    }
}

#[test]
fn a_shutdown_lets_answers_finish_and_closes_the_rest() {
    let mut served = Served::start();
    let mut idle = Client::connect(served.address);
    assert_eq!(idle.get("/").text(), "hello");
    let mut answering = Client::connect(served.address);
    answering.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n");
    until("the handler waits", || served.seen.begun.load(SeqCst) == 1);

    served.stop();
    assert!(idle.is_at_end(), "it waited for nothing");
    until("nobody listens", || TcpStream::connect(served.address).is_err());
    until("one connection is left", || served.connections() == 1);
    served.seen.release();
    let answer = answering.answer();
    assert_eq!((answer.text(), answer.header("connection")), ("released", Some("close")));
    assert!(answering.is_at_end());
    served.join();
}
