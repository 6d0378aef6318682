//! Sockets of the Unix domain.

#![cfg(all(unix, not(reference_runtime_loom)))]

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{
    future::join_all,
    io::{AsyncReadExt, AsyncWriteExt},
};
use reference_runtime::{
    block_on,
    net::{UnixDatagram, UnixListener, UnixStream},
    task,
    time::timeout,
};
use socket2::{Domain, SockAddr, Socket, Type};

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(120);

/// Runs `test`, and fails instead of hanging.
fn run<T>(test: impl Future<Output = io::Result<T>>) -> T {
    block_on(async { timeout(LONG, test).await.expect("it hangs").expect("no error") })
}

/// A path of its own, removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Place(std::env::temp_dir().join(format!("reference-runtime-unix-{}-{count}", std::process::id())))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn one_task_reads_while_another_writes() {
    const BYTES: usize = 8 << 20;
    run(async {
        let (left, mut right) = UnixStream::pair()?;
        let reader = task::spawn(async move {
            let mut all = Vec::new();
            right.read_to_end(&mut all).await?;
            io::Result::Ok(all)
        });
        let sent: Vec<u8> = (0..BYTES).map(|position| (position ^ (position >> 8)) as u8).collect();
        (&left).write_all(&sent).await?;
        left.shutdown(reference_runtime::net::Shutdown::Write)?;
        assert!(reader.await? == sent);
        Ok(())
    })
}

#[test]
fn a_listener_accepts() {
    run(async {
        let place = Place::new();
        let listener = UnixListener::bind(place.path()).await?;
        let server = task::spawn(async move {
            let (stream, _) = listener.accept().await?;
            futures::io::copy(&stream, &mut &stream).await
        });
        let mut client = UnixStream::connect(place.path()).await?;
        client.write_all(b"hello").await?;
        client.close().await?;
        let mut echo = String::new();
        client.read_to_string(&mut echo).await?;
        assert_eq!(echo, "hello");
        assert_eq!(server.await?, 5);
        Ok(())
    })
}

#[test]
fn connecting_waits_while_the_queue_is_full() {
    const CLIENTS: usize = 100;
    run(async {
        let place = Place::new();
        // With std, the queue is as long as the system permits.
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(place.path())?)?;
        socket.listen(1)?;
        let listener = std::os::unix::net::UnixListener::from(std::os::fd::OwnedFd::from(socket));
        let listener = UnixListener::try_from(listener)?;

        let mut clients = Box::pin(join_all((0..CLIENTS).map(|_| UnixStream::connect(place.path()))));
        assert!(futures::poll!(clients.as_mut()).is_pending());
        let server = task::spawn(async move {
            for _ in 0..CLIENTS {
                listener.accept().await?;
            }
            io::Result::Ok(())
        });
        for client in clients.await {
            client?;
        }
        server.await
    })
}

#[test]
fn connecting_to_nobody_fails() {
    run(async {
        let place = Place::new();
        let error = UnixStream::connect(place.path()).await.expect_err("there is nothing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        drop(UnixListener::bind(place.path()).await?);
        let error = UnixStream::connect(place.path()).await.expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    })
}

#[test]
fn a_sender_waits_for_a_slow_receiver_it_is_connected_to() {
    const DATAGRAMS: usize = 10_000;
    run(async {
        let (sender, receiver) = UnixDatagram::pair()?;
        let sending = task::spawn(async move {
            for number in 0..DATAGRAMS {
                sender.send(&number.to_le_bytes()).await?;
            }
            io::Result::Ok(())
        });
        for number in 0..DATAGRAMS {
            let mut buf = [0; 8];
            assert_eq!(receiver.recv(&mut buf).await?, 8);
            assert_eq!(buf, number.to_le_bytes());
        }
        sending.await
    })
}

#[test]
fn a_sender_waits_for_a_slow_receiver_it_only_knows_by_path() {
    // More than the queue holds.
    const DATAGRAMS: usize = 2000;
    run(async {
        let place = Place::new();
        let receiver = UnixDatagram::bind(place.path()).await?;
        let sender = UnixDatagram::unbound()?;
        let mut sending = Box::pin(async {
            for number in 0..DATAGRAMS {
                sender.send_to(&number.to_le_bytes(), place.path()).await?;
            }
            io::Result::Ok(())
        });
        assert!(futures::poll!(sending.as_mut()).is_pending());
        let receiving = async {
            for number in 0..DATAGRAMS {
                let mut buf = [0; 8];
                assert_eq!(receiver.recv(&mut buf).await?, 8);
                assert_eq!(buf, number.to_le_bytes());
            }
            io::Result::Ok(())
        };
        let (sent, received) = futures::future::join(sending, receiving).await;
        sent.and(received)
    })
}
