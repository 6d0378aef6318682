//! Sockets among people who do not behave.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::io::Write;
use std::net::{Ipv4Addr, Shutdown};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{descriptors, echo, in_children, pair, round_trips, run};
use futures::StreamExt;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket, UnixListener, UnixStream};
use reference_runtime::{Runtime, task, time};

fn runtime() -> Runtime {
    Runtime::builder().worker_threads(2).build().expect("a runtime starts")
}

#[test]
fn clients_that_send_a_byte_now_and_then_hold_up_nobody() {
    let runtime = runtime();
    let listener = run(&runtime, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback works");
    let addr = listener.local_addr().expect("it has one");
    let serving = runtime.spawn(async move {
        let mut incoming = listener.into_incoming();
        while let Some(stream) = incoming.next().await {
            task::spawn(async move {
                let mut stream = stream.expect("no error");
                let mut request = [0; 16];
                // Those who never finish are cut off with the runtime.
                while stream.read_exact(&mut request).await.is_ok() {
                    stream.write_all(&request).await.expect("the client reads");
                }
            });
        }
    });
    let is_over = Arc::new(AtomicBool::new(false));
    let dripping: Vec<_> = (0..200)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            runtime.spawn(async move {
                let mut stream = TcpStream::connect(addr).await.expect("it listens");
                for _ in 0..15 {
                    stream.write_all(b"x").await.expect("it reads");
                    time::sleep(Duration::from_millis(1)).await;
                }
                while !is_over.load(Ordering::Relaxed) {
                    time::sleep(Duration::from_millis(1)).await;
                }
            })
        })
        .collect();
    run(&runtime, async {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(addr).await.expect("it listens");
            for _ in 0..20 {
                stream.write_all(&[7; 16]).await.expect("it reads");
                let mut answer = [0; 16];
                stream.read_exact(&mut answer).await.expect("it answers");
                assert_eq!(answer, [7; 16]);
            }
        }
    });
    is_over.store(true, Ordering::Relaxed);
    for client in dripping {
        run(&runtime, client);
    }
    serving.abort();
}

#[test]
fn ten_thousand_short_connections_leave_no_descriptor_behind() {
    in_children(
        "ten_thousand_short_connections_leave_no_descriptor_behind",
        ["closed", "reset"],
        |scenario| {
            let runtime = runtime();
            // So that what the runtime itself opens on demand is open.
            run(&runtime, async { drop(pair().await.expect("loopback works")) });
            let before = descriptors();
            // Ports are taken for a minute after a close, so most of them are connections that a reset ends, or none.
            let count = if scenario == "reset" { 10_000 } else { 1_000 };
            let listener =
                run(&runtime, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback works");
            let addr = listener.local_addr().expect("it has one");
            let is_reset = scenario == "reset";
            let connecting = runtime.spawn(async move {
                for _ in 0..count {
                    let stream = TcpStream::connect(addr).await.expect("it listens");
                    if is_reset {
                        socket2::SockRef::from(&stream)
                            .set_linger(Some(Duration::ZERO))
                            .expect("an option of TCP");
                    }
                }
            });
            run(&runtime, async {
                for _ in 0..count {
                    let (mut stream, _) = listener.accept().await.expect("one is coming");
                    let end = stream.read(&mut [0]).await;
                    assert!(matches!(end, Ok(0)) || is_reset && end.is_err(), "{end:?}");
                }
            });
            run(&runtime, connecting);
            drop(listener);
            // The monitor may have opened two files for each worker that it looked at meanwhile.
            assert!(descriptors() <= before + 16, "{} descriptors, {before} before", descriptors());
        },
    );
}

#[test]
fn what_is_dropped_in_the_middle_leaves_nothing_registered() {
    in_children("what_is_dropped_in_the_middle_leaves_nothing_registered", ["dropped"], |_| {
        let runtime = runtime();
        run(&runtime, async { drop(pair().await.expect("loopback works")) });
        let before = descriptors();
        run(&runtime, async {
            for _ in 0..200 {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback works");
                let addr = listener.local_addr().expect("it has one");
                assert!(time::timeout(Duration::ZERO, listener.accept()).await.is_err());
                // Whether it is connected by the first poll is up to the system.
                let _ = time::timeout(Duration::ZERO, TcpStream::connect(addr)).await;
                let (stream, peer) = pair().await.expect("loopback works");
                assert!(time::timeout(Duration::ZERO, stream.peek(&mut [0])).await.is_err());
                drop(peer);
            }
        });
        assert!(descriptors() <= before + 16, "{} descriptors, {before} before", descriptors());
    });
}

#[test]
fn a_peer_that_stops_writing_is_still_written_to() {
    let runtime = runtime();
    run(&runtime, async {
        let (mut client, mut server) = pair().await.expect("loopback works");
        client.write_all(b"request").await.expect("it reads");
        client.shutdown(Shutdown::Write).expect("it is connected");
        let mut request = String::new();
        server.read_to_string(&mut request).await.expect("it ends");
        server.write_all(&[7; 1 << 20]).await.expect("the other direction is open");
        drop(server);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("it ends");
        assert_eq!((&request[..], answer.len()), ("request", 1 << 20));
    });
}

#[test]
fn sockets_come_from_descriptors_and_become_some() {
    let runtime = runtime();
    run(&runtime, async {
        let (client, server) = pair().await.expect("loopback works");
        let clone = client.clone();
        let client = TcpStream::try_from(OwnedFd::try_from(client).expect("there is a descriptor left"));
        let echo = task::spawn(echo(server));
        round_trips(&mut client.expect("it is a socket"), 3).await;
        round_trips(&mut clone.clone(), 3).await;
        drop(clone);
        echo.await;

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback works");
        let addr = listener.local_addr().expect("it has one");
        let listener = TcpListener::try_from(OwnedFd::from(listener)).expect("it is a socket");
        let (connected, accepted) = futures::join!(TcpStream::connect(addr), listener.accept());
        assert_eq!(connected.unwrap().local_addr().unwrap(), accepted.unwrap().1);

        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback works");
        let addr = socket.local_addr().expect("it has one");
        let socket = UdpSocket::try_from(OwnedFd::from(socket)).expect("it is a socket");
        socket.send_to(b"me", addr).await.expect("to itself");
        assert_eq!(socket.recv_from(&mut [0; 8]).await.expect("from itself"), (2, addr));
    });
}

#[test]
fn an_abstract_address_and_the_credentials_of_a_peer_come_from_std_and_socket2() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener as StdListener, UnixStream as StdStream};

    let runtime = runtime();
    run(&runtime, async {
        let name = format!("reference-runtime-{}", std::process::id());
        let addr = SocketAddr::from_abstract_name(name).expect("it is short");
        let listener = UnixListener::try_from(StdListener::bind_addr(&addr).expect("nobody has it")).unwrap();
        let mut client = UnixStream::try_from(StdStream::connect_addr(&addr).expect("it listens")).unwrap();
        let (mut server, _) = listener.accept().await.expect("it is there");
        client.write_all(b"x").await.expect("it reads");
        server.read_exact(&mut [0]).await.expect("it writes");
        let credentials = rustix::net::sockopt::socket_peercred(&server);
        assert_eq!(credentials.unwrap().pid.as_raw_nonzero().get().unsigned_abs(), std::process::id());
    });
}

#[test]
fn names_are_looked_up_in_place_and_bad_ones_are_errors() {
    let runtime = runtime();
    run(&runtime, async {
        let local: Vec<_> = "localhost:80".to_socket_addrs().await.expect("it is known").collect();
        assert!(!local.is_empty());
        assert!("no port".to_socket_addrs().await.is_err());
        assert!(TcpStream::connect(&[][..] as &[std::net::SocketAddr]).await.is_err());
    });
}

#[test]
fn a_reset_is_an_error_and_no_end() {
    let runtime = runtime();
    run(&runtime, async {
        let (mut client, server) = pair().await.expect("loopback works");
        let mut server = server.into_std().expect("it has no clones");
        server.write_all(b"x").expect("there is room");
        socket2::SockRef::from(&server).set_linger(Some(Duration::ZERO)).expect("an option of TCP");
        drop(server);
        // What came before may be read or lost.
        let mut all = Vec::new();
        let error = client.read_to_end(&mut all).await.expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let error = loop {
            if let Err(error) = client.write_all(&[0; 1000]).await {
                break error;
            }
        };
        assert!(matches!(error.kind(), std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset));
    });
}
