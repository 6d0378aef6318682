//! async-std's global runtime, whose number of threads comes from `ASYNC_STD_THREAD_COUNT`.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use async_std::{
    io::{ReadExt, WriteExt},
    net::{TcpListener, TcpStream},
    task::{self, JoinHandle},
};

use super::{Contender, Listener, Runtime, Stream};
use crate::primitives::{AsyncChannel, FuturesOneshot};

pub(crate) struct AsyncStd;

impl Runtime for AsyncStd {
    type Task<T: Send + 'static> = JoinHandle<T>;
    type Mutex = async_lock::Mutex<u64>;
    type Channel = AsyncChannel;
    type Shared = AsyncChannel;
    type Oneshot = FuturesOneshot;
    type Listener = TcpListener;

    fn start(_: &Contender, _: usize) -> io::Result<Self> {
        Ok(AsyncStd)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        task::block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        task::spawn(future);
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        task::spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        task::spawn(future);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        task::sleep(duration)
    }

    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        task::spawn_blocking(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        // async-std has no such thing, so no row asks for it.
        closure()
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn bind_any_port() -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Stream for TcpStream {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        ReadExt::read(self, buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        WriteExt::write_all(self, bytes).await
    }
}
