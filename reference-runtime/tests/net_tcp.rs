//! TCP, over loopback.

#![cfg(not(reference_runtime_loom))]

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
    future::{join, join_all, poll_fn},
    io::{AsyncReadExt, AsyncWriteExt},
    pin_mut,
};
use reference_runtime::{
    block_on,
    net::{Shutdown, TcpListener, TcpStream},
    task,
    time::timeout,
};

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(120);

/// Runs `test`, and fails instead of hanging.
fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    block_on(async { timeout(LONG, test).await.expect("it hangs").expect("no error") })
}

async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(LOOPBACK).await?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let (listener, addr) = listen().await?;
    let client = TcpStream::connect(addr).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

/// Polls `future`, which has to wait, and drops it.
async fn poll_once_and_drop<T>(future: impl Future<Output = T>) {
    pin_mut!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[test]
fn one_task_reads_while_another_writes() {
    const ROUNDS: u64 = 1000;
    run(async {
        let (client, server) = pair().await?;
        let echo = task::spawn(async move {
            futures::io::copy(&server, &mut &server).await?;
            (&server).close().await
        });
        let reader = task::spawn({
            let mut client = client.clone();
            async move {
                let mut all = Vec::new();
                client.read_to_end(&mut all).await.map(|_| all)
            }
        });
        for round in 0..ROUNDS {
            (&client).write_all(&round.to_le_bytes()).await?;
        }
        (&client).close().await?;
        let expected: Vec<u8> = (0..ROUNDS).flat_map(u64::to_le_bytes).collect();
        assert_eq!(reader.await?, expected);
        echo.await
    })
}

#[test]
fn what_came_before_the_first_read_is_read() {
    run(async {
        let (mut client, mut server) = pair().await?;
        client.write_all(b"early").await?;
        // It has come when peek shows it; the event may be handled before or after the read.
        while server.peek(&mut [0; 5]).await? < 5 {}
        let mut buf = [0; 5];
        server.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"early");
        Ok(())
    })
}

#[test]
fn several_tasks_accept_on_one_listener() {
    const ACCEPTERS: usize = 8;
    const CONNECTIONS: usize = 200;
    run(async {
        let (listener, addr) = listen().await?;
        let listener = Arc::new(listener);
        let (sender, receiver) = mpsc::unbounded();
        for _ in 0..ACCEPTERS {
            let (listener, sender) = (listener.clone(), sender.clone());
            drop(task::spawn(async move {
                loop {
                    let (stream, peer) = listener.accept().await.expect("no error");
                    if sender.unbounded_send((stream, peer)).is_err() {
                        return;
                    }
                }
            }));
        }
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(TcpStream::connect(addr).await?);
        }
        let peers = receiver.take(CONNECTIONS).map(|(_, peer)| peer);
        let mut accepted: Vec<SocketAddr> = peers.collect().await;
        let mut connected = Vec::new();
        for client in &clients {
            connected.push(client.local_addr()?);
        }
        accepted.sort();
        connected.sort();
        assert_eq!(accepted, connected);
        Ok(())
    })
}

#[test]
fn a_cancelled_accept_loses_no_connection() {
    run(async {
        let (listener, addr) = listen().await?;
        poll_once_and_drop(listener.accept()).await;
        let client = TcpStream::connect(addr).await?;
        let (_, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    })
}

#[test]
fn a_cancelled_accept_does_not_take_the_wake_up_of_another() {
    run(async {
        let (listener, addr) = listen().await?;
        for _ in 0..100 {
            let second = listener.accept();
            pin_mut!(second);
            let mut first = Box::pin(listener.accept());
            assert!(futures::poll!(first.as_mut()).is_pending());
            assert!(futures::poll!(second.as_mut()).is_pending());
            drop(first);
            let (client, accepted) = join(TcpStream::connect(addr), second).await;
            assert_eq!(client?.local_addr()?, accepted?.1);
        }
        Ok(())
    })
}

#[test]
fn a_cancelled_read_loses_no_bytes() {
    run(async {
        let (mut client, mut server) = pair().await?;
        let mut buf = [0; 4];
        for _ in 0..100 {
            poll_once_and_drop(server.read(&mut buf)).await;
            poll_once_and_drop(server.peek(&mut buf)).await;
            client.write_all(b"data").await?;
            server.read_exact(&mut buf).await?;
            assert_eq!(&buf, b"data");
        }
        Ok(())
    })
}

#[test]
fn a_reset_ends_a_write_that_waits() {
    run(async {
        let (client, mut server) = pair().await?;
        // Unread bytes make the closing a reset.
        server.write_all(b"unread").await?;
        let mut peeked = [0; 6];
        client.peek(&mut peeked).await?;
        let block = vec![0; 1 << 16];
        let mut write = Box::pin(async {
            loop {
                if let Err(error) = server.write_all(&block).await {
                    return error;
                }
            }
        });
        // The peer does not read, so this has to wait some time.
        assert!(futures::poll!(write.as_mut()).is_pending());
        drop(client);
        let error = write.await;
        let kinds = [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
        assert!(kinds.contains(&error.kind()), "{error}");
        Ok(())
    })
}

#[test]
fn a_half_closed_connection_still_carries_the_other_direction() {
    run(async {
        let (mut client, mut server) = pair().await?;
        client.close().await?;
        assert_eq!(server.read(&mut [0]).await?, 0);
        server.write_all(b"still here").await?;
        server.close().await?;
        let mut rest = String::new();
        client.read_to_string(&mut rest).await?;
        assert_eq!(rest, "still here");
        assert!(client.write(b"x").await.is_err());
        Ok(())
    })
}

#[test]
fn shutting_down_wakes_the_reader_of_a_clone() {
    run(async {
        let (client, _server) = pair().await?;
        let (sender, receiver) = oneshot::channel();
        let reader = task::spawn({
            let mut client = client.clone();
            async move {
                let mut buf = [0];
                let mut read = client.read(&mut buf);
                assert!(futures::poll!(&mut read).is_pending());
                sender.send(()).expect("it is awaited");
                read.await
            }
        });
        receiver.await.expect("it is sent");
        client.shutdown(Shutdown::Both)?;
        assert_eq!(reader.await?, 0);
        Ok(())
    })
}

#[test]
fn a_thousand_connections_echo() {
    const CONNECTIONS: usize = 1000;
    run(async {
        let (listener, addr) = listen().await?;
        let servers = task::spawn(async move {
            let incoming = listener.incoming().take(CONNECTIONS);
            let echoes = incoming.for_each_concurrent(None, |stream| async {
                let stream = stream.expect("no error");
                futures::io::copy(&stream, &mut &stream).await.expect("no error");
                (&stream).close().await.expect("no error");
            });
            echoes.await;
        });
        let clients = (0..CONNECTIONS).map(|name| async move {
            let mut stream = TcpStream::connect(addr).await?;
            let message = format!("connection {name}");
            for _ in 0..3 {
                stream.write_all(message.as_bytes()).await?;
                let mut echo = vec![0; message.len()];
                stream.read_exact(&mut echo).await?;
                assert_eq!(echo, message.as_bytes());
            }
            stream.close().await?;
            assert_eq!(stream.read(&mut [0]).await?, 0);
            io::Result::Ok(())
        });
        for result in join_all(clients).await {
            result?;
        }
        servers.await;
        Ok(())
    })
}

/// Bytes that tell where in the stream they are.
fn pattern(position: usize) -> u8 {
    (position ^ (position >> 8) ^ (position >> 16)) as u8
}

const MUCH: usize = 64 << 20;

async fn send_much(mut stream: TcpStream) -> io::Result<()> {
    // A size that lines up with nobody's buffer.
    let mut block = vec![0; 7919];
    let mut position = 0;
    while position < MUCH {
        let length = block.len().min(MUCH - position);
        for (offset, byte) in block[..length].iter_mut().enumerate() {
            *byte = pattern(position + offset);
        }
        stream.write_all(&block[..length]).await?;
        position += length;
    }
    stream.close().await
}

async fn receive_much(mut stream: TcpStream) -> io::Result<()> {
    let mut block = vec![0; 4093];
    let mut position = 0;
    loop {
        let length = stream.read(&mut block).await?;
        if length == 0 {
            assert_eq!(position, MUCH);
            return Ok(());
        }
        for (offset, &byte) in block[..length].iter().enumerate() {
            assert_eq!(byte, pattern(position + offset));
        }
        position += length;
    }
}

#[test]
fn much_goes_both_ways_at_once_through_small_buffers() {
    run(async {
        let (client, server) = pair().await?;
        let senders = [client.clone(), server.clone()].map(|stream| task::spawn(send_much(stream)));
        let receivers = [client, server].map(|stream| task::spawn(receive_much(stream)));
        for result in join_all(senders).await {
            result?;
        }
        for result in join_all(receivers).await {
            result?;
        }
        Ok(())
    })
}

#[test]
fn the_halves_of_a_split_stream_belong_together() {
    run(async {
        let (client, mut server) = pair().await?;
        let (mut reader, mut writer) = client.split();
        writer.write_all(b"abc").await?;
        server.read_exact(&mut [0; 3]).await?;
        server.write_all(b"defg").await?;
        let mut buf = [0; 4];
        reader.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"defg");
        Ok(())
    })
}

#[test]
fn vectored_reads_and_writes_keep_the_order() {
    run(async {
        let (mut client, mut server) = pair().await?;
        let parts = [io::IoSlice::new(b"one "), io::IoSlice::new(b"two")];
        assert_eq!(client.write_vectored(&parts).await?, 7);
        let (mut first, mut second) = ([0; 2], [0; 5]);
        let mut parts = [io::IoSliceMut::new(&mut first), io::IoSliceMut::new(&mut second)];
        assert_eq!(server.read_vectored(&mut parts).await?, 7);
        assert_eq!((&first, &second), (b"on", b"e two"));
        Ok(())
    })
}

#[test]
fn connecting_to_nobody_is_refused() {
    run(async {
        let (listener, addr) = listen().await?;
        drop(listener);
        let error = TcpStream::connect(addr).await.expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    })
}

#[test]
fn connecting_tries_one_address_after_the_other() {
    run(async {
        let (gone, refused) = listen().await?;
        drop(gone);
        let (_listener, addr) = listen().await?;
        let stream = TcpStream::connect(&[refused, addr][..]).await?;
        assert_eq!(stream.peer_addr()?, addr);
        let no_addrs: &[SocketAddr] = &[];
        let error = TcpStream::connect(no_addrs).await.expect_err("no address");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        Ok(())
    })
}

#[test]
fn a_stream_somebody_waited_for_can_be_dropped() {
    run(async {
        for _ in 0..100 {
            let (mut client, server) = pair().await?;
            poll_once_and_drop(client.read(&mut [0; 1])).await;
            poll_once_and_drop(client.peek(&mut [0; 1])).await;
            drop(server);
            drop(client);
        }
        Ok(())
    })
}

#[test]
fn reused_descriptors_get_their_own_events() {
    const TASKS: usize = 8;
    const ROUNDS: usize = 200;
    run(async {
        let (listener, addr) = listen().await?;
        let server = task::spawn(async move {
            for _ in 0..TASKS * ROUNDS {
                let (mut stream, _) = listener.accept().await.expect("no error");
                let mut byte = [0];
                // Some clients leave without a word.
                if stream.read_exact(&mut byte).await.is_ok() {
                    let _ = stream.write_all(&byte).await;
                }
            }
        });
        let clients = (0..TASKS).map(|name| {
            task::spawn(async move {
                for round in 0..ROUNDS {
                    let mut stream = TcpStream::connect(addr).await?;
                    if round % 3 == 0 {
                        poll_once_and_drop(stream.read(&mut [0])).await;
                        continue;
                    }
                    let sent = [(name * ROUNDS + round) as u8];
                    stream.write_all(&sent).await?;
                    let mut echo = [0];
                    stream.read_exact(&mut echo).await?;
                    assert_eq!(echo, sent);
                }
                io::Result::Ok(())
            })
        });
        for result in join_all(clients).await {
            result?;
        }
        server.await;
        Ok(())
    })
}

#[test]
fn a_stream_goes_to_std_and_back() {
    use std::io::{Read, Write};
    run(async {
        let (client, mut server) = pair().await?;
        let clone = client.clone();
        drop(client.into_std()?);
        let mut alone = clone.into_std()?;
        alone.set_nonblocking(false)?;
        Write::write_all(&mut alone, b"std")?;
        server.read_exact(&mut [0; 3]).await?;
        server.write_all(b"back").await?;
        let mut buf = [0; 4];
        Read::read_exact(&mut alone, &mut buf)?;
        assert_eq!(&buf, b"back");

        let mut again = TcpStream::try_from(alone)?;
        poll_once_and_drop(again.read(&mut buf)).await;
        server.write_all(b"more").await?;
        again.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"more");
        Ok(())
    })
}
