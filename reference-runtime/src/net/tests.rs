//! The same traffic with and without edges. The public tests of the crate run in the mode of the platform.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use futures::{
    StreamExt,
    channel::oneshot,
    future::{join, join_all},
    io::{AsyncReadExt, AsyncWriteExt},
};

use super::*;
use crate::reactor::Reactor;

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs `future` on this thread, whatever reactor it has.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        thread::park();
    }
}

/// Runs `future` on a thread of its own with this thread's reactor.
fn spawn<F>(future: F) -> oneshot::Receiver<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let reactor = Reactor::current().expect("the test runs on a reactor");
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let _entered = reactor.enter();
        let _ = sender.send(block_on(future));
    });
    receiver
}

/// Ends the attending thread when dropped, be it by a failure.
struct Ends<'a>(&'a AtomicBool, &'a Reactor);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        self.1.notify();
    }
}

/// Runs `test` in both modes, each time beside a thread that attends the reactor.
fn in_both_modes<F: Future<Output = io::Result<()>>>(test: impl Fn() -> F) {
    for reactor in [Reactor::new().unwrap(), Reactor::new_oneshot().unwrap()] {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    reactor.try_attend().expect("nobody else attends").wait(None).0.wake();
                }
            });
            let _ends = Ends(&is_over, &reactor);
            let _entered = reactor.enter();
            block_on(test()).unwrap();
        });
    }
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    Ok((client, listener.accept().await?.0))
}

#[test]
fn many_connections_echo() {
    const CONNECTIONS: usize = 100;
    in_both_modes(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let servers = listener.incoming().take(CONNECTIONS).for_each_concurrent(None, |stream| async {
            let stream = stream.unwrap();
            futures::io::copy(&stream, &mut &stream).await.unwrap();
            (&stream).close().await.unwrap();
        });
        let clients = (0..CONNECTIONS).map(|name| async move {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            for round in 0..10 {
                let message = format!("{name} in {round}");
                stream.write_all(message.as_bytes()).await.unwrap();
                let mut echo = vec![0; message.len()];
                stream.read_exact(&mut echo).await.unwrap();
                assert_eq!(echo, message.as_bytes());
            }
            stream.close().await.unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        });
        join(servers, join_all(clients)).await;
        Ok(())
    });
}

#[test]
fn much_goes_both_ways_at_once() {
    const BYTES: usize = 16 << 20;
    async fn send(mut stream: TcpStream) {
        let block: Vec<u8> = (0..=250).collect();
        for _ in 0..BYTES / block.len() {
            stream.write_all(&block).await.unwrap();
        }
        stream.close().await.unwrap();
    }
    async fn receive(mut stream: TcpStream) {
        let mut block = vec![0; 4093];
        let mut position = 0;
        loop {
            let count = stream.read(&mut block).await.unwrap();
            if count == 0 {
                break;
            }
            for (offset, &byte) in block[..count].iter().enumerate() {
                assert_eq!(usize::from(byte), (position + offset) % 251);
            }
            position += count;
        }
        assert_eq!(position, BYTES / 251 * 251);
    }
    in_both_modes(|| async {
        let (client, server) = pair().await?;
        let tasks = [spawn(send(client.clone())), spawn(send(server.clone()))];
        join(receive(client), receive(server)).await;
        for result in join_all(tasks).await {
            result.unwrap();
        }
        Ok(())
    });
}

#[test]
fn a_reader_and_a_writer_wait_at_the_same_time() {
    in_both_modes(|| async {
        let (client, server) = pair().await?;
        let mut reader = &client;
        let mut writer = &client;
        let mut byte = [0];
        let mut read = reader.read(&mut byte);
        assert!(futures::poll!(&mut read).is_pending());
        let block = vec![0; 1 << 16];
        let mut written = 0;
        while let Poll::Ready(count) = futures::poll!(writer.write(&block)) {
            written += count?;
        }
        // The writer waits, and so does the reader: first one goes on, then the other.
        let mut rest = spawn({
            let mut server = server.clone();
            async move {
                let mut buf = vec![0; written];
                server.read_exact(&mut buf).await.unwrap();
            }
        });
        writer.write_all(&block).await?;
        assert!(futures::poll!(&mut read).is_pending());
        (&server).write_all(b"x").await?;
        assert_eq!(read.await?, 1);
        (&mut rest).await.unwrap();
        Ok(())
    });
}

#[test]
fn several_accept_on_one_listener() {
    in_both_modes(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        for _ in 0..100 {
            let accepted = join_all([listener.accept(), listener.accept(), listener.accept()]);
            let connected = join_all((0..3).map(|_| TcpStream::connect(addr)));
            let (accepted, connected) = join(accepted, connected).await;
            for result in accepted {
                result?;
            }
            for result in connected {
                result?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_refused_connection_is_an_error() {
    in_both_modes(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        drop(listener);
        let error = TcpStream::connect(addr).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn reused_descriptors_get_their_own_events() {
    in_both_modes(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        for round in 0..300u32 {
            let (client, server) = join(TcpStream::connect(addr), listener.accept()).await;
            let (mut client, (mut server, _)) = (client?, server?);
            let mut buf = [0; 4];
            assert!(futures::poll!(server.read(&mut buf)).is_pending());
            if round % 3 > 0 {
                client.write_all(&round.to_le_bytes()).await?;
                server.read_exact(&mut buf).await?;
                assert_eq!(buf, round.to_le_bytes());
            }
        }
        Ok(())
    });
}

#[test]
fn closing_the_reactor_ends_every_wait_with_an_error() {
    for reactor in [Reactor::new().unwrap(), Reactor::new_oneshot().unwrap()] {
        let _entered = reactor.enter();
        let mut accept = Box::pin(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            listener.accept().await.map(|_| ())
        });
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        assert!(accept.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        reactor.close();
        let error = block_on(accept).unwrap_err();
        assert!(error.to_string().contains("shut down"), "{error}");
    }
}
