//! reference-runtime through its public face, as its documentation shows it.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::{
    Builder,
    net::{TcpListener, TcpStream},
    task::{self, JoinHandle},
    time,
};

use super::{Contender, Kind, Listener, Runtime, Stream};
use crate::primitives::{OneshotCrate, OurChannel};

pub(crate) struct Ours(reference_runtime::Runtime);

impl Runtime for Ours {
    type Task<T: Send + 'static> = JoinHandle<T>;
    type Mutex = reference_runtime::sync::Mutex<u64>;
    type Channel = OurChannel;
    type Shared = OurChannel;
    type Oneshot = OneshotCrate;
    type Listener = TcpListener;

    fn start(contender: &Contender, workers: usize) -> io::Result<Self> {
        let (detects, learns) = match contender.kind {
            Kind::Ours { detects, learns } => (detects, learns),
            #[cfg(feature = "trace")]
            Kind::OursTraced => (true, true),
            #[cfg(feature = "ablation")]
            Kind::OursWithout(_) | Kind::OursUnasked => (true, true),
            Kind::OursMeasured => (true, true),
            Kind::OursReporting => (true, false),
            _ => return Err(io::Error::other(format!("{} is not ours", contender.name))),
        };
        let mut builder = Builder::new();
        // By this name the rows find the threads of the monitor and of the hooks.
        builder.worker_threads(workers).learn(learns).thread_name("ours");
        #[cfg(feature = "ablation")]
        if let Kind::OursWithout(part) = contender.kind {
            builder.without(part);
        }
        #[cfg(feature = "ablation")]
        builder.ask_the_kernel(contender.kind != Kind::OursUnasked);
        builder.measure_polls(contender.kind == Kind::OursMeasured);
        if contender.kind == Kind::OursReporting {
            builder.backtrace(true);
            builder.on_blocked(|poll| _ = std::hint::black_box(poll.lasts()));
            builder.on_returned(|poll| _ = std::hint::black_box(poll.lasted()));
        }
        if !detects {
            builder.handoff_after(None);
        }
        Ok(Ours(builder.build()?))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
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
        time::sleep(duration)
    }

    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        task::spawn_blocking(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        task::block_in_place(closure)
    }

    fn peak_threads(&self) -> Option<usize> {
        Some(self.0.metrics().peak_threads())
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
