//! UDP, over loopback.

#![cfg(not(reference_runtime_loom))]

use std::{future::Future, io, net::Ipv4Addr, sync::Arc, time::Duration};

use futures::{channel::mpsc, stream::StreamExt};
use reference_runtime::{block_on, net::UdpSocket, task, time::timeout};

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(120);

/// Runs `test`, and fails instead of hanging.
fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    block_on(async { timeout(LONG, test).await.expect("it hangs").expect("no error") })
}

#[test]
fn datagrams_go_to_and_fro() {
    run(async {
        let server = UdpSocket::bind(LOOPBACK).await?;
        let addr = server.local_addr()?;
        let echo = task::spawn(async move {
            let mut buf = [0; 64];
            for _ in 0..100 {
                let (count, from) = server.recv_from(&mut buf).await?;
                server.send_to(&buf[..count], from).await?;
            }
            io::Result::Ok(())
        });
        let client = UdpSocket::bind(LOOPBACK).await?;
        client.connect(addr).await?;
        let mut buf = [0; 64];
        for round in 0..100u8 {
            client.send(&[round; 7]).await?;
            assert_eq!(client.recv(&mut buf).await?, 7);
            assert_eq!(buf[..7], [round; 7]);
        }
        echo.await
    })
}

#[test]
fn a_cancelled_receive_loses_no_datagram() {
    run(async {
        let server = UdpSocket::bind(LOOPBACK).await?;
        let client = UdpSocket::bind(LOOPBACK).await?;
        client.connect(server.local_addr()?).await?;
        let mut buf = [0; 8];
        for round in 0..100u8 {
            let mut receive = Box::pin(server.recv(&mut buf));
            assert!(futures::poll!(receive.as_mut()).is_pending());
            client.send(&[round]).await?;
            drop(receive);
            assert_eq!(server.recv(&mut buf).await?, 1);
            assert_eq!(buf[0], round);
        }
        Ok(())
    })
}

#[test]
fn several_tasks_receive_on_one_socket() {
    const RECEIVERS: usize = 4;
    const DATAGRAMS: usize = 100;
    run(async {
        let server = Arc::new(UdpSocket::bind(LOOPBACK).await?);
        let client = UdpSocket::bind(LOOPBACK).await?;
        client.connect(server.local_addr()?).await?;
        let (sender, mut receiver) = mpsc::unbounded();
        for _ in 0..RECEIVERS {
            let (server, sender) = (server.clone(), sender.clone());
            drop(task::spawn(async move {
                let mut buf = [0; 1];
                while server.recv(&mut buf).await.is_ok() && sender.unbounded_send(buf[0]).is_ok() {}
            }));
        }
        for round in 0..DATAGRAMS as u8 {
            client.send(&[round]).await?;
            assert_eq!(receiver.next().await, Some(round));
        }
        Ok(())
    })
}

#[test]
fn a_peek_leaves_the_datagram_there() {
    run(async {
        let server = UdpSocket::bind(LOOPBACK).await?;
        let client = UdpSocket::bind(LOOPBACK).await?;
        client.send_to(b"abc", server.local_addr()?).await?;
        let from = client.local_addr()?;
        let mut buf = [0; 8];
        assert_eq!(server.peek_from(&mut buf).await?, (3, from));
        assert_eq!(server.peek(&mut buf).await?, 3);
        assert_eq!(server.recv_from(&mut buf).await?, (3, from));
        Ok(())
    })
}
