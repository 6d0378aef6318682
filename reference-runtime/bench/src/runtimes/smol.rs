//! smol's global executor, whose number of threads comes from `SMOL_THREADS`.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use smol::{
    Task, Timer,
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Contender, Listener, Runtime, Stream};
use crate::primitives::{AsyncChannel, FuturesOneshot};

pub(crate) struct Smol;

impl Runtime for Smol {
    type Task<T: Send + 'static> = Task<T>;
    type Mutex = smol::lock::Mutex<u64>;
    type Channel = AsyncChannel;
    type Shared = AsyncChannel;
    type Oneshot = FuturesOneshot;
    type Listener = TcpListener;

    fn start(_: &Contender, _: usize) -> io::Result<Self> {
        Ok(Smol)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        smol::spawn(future).detach();
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        smol::spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        smol::spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        smol::unblock(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        // smol has no such thing, so no row asks for it.
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
        AsyncReadExt::read(self, buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }
}
