//! tokio's current-thread runtime: tasks run on the thread that calls `block_on`, while it does.

use std::{future::Future, io, time::Duration};

use tokio::net::TcpListener;

use super::{
    Contender, Runtime,
    tokio::{Joined, Tokio},
};
use crate::primitives::{AsyncChannel, TokioChannel, TokioOneshot};

pub(crate) struct TokioCurrent(tokio::runtime::Runtime);

impl Runtime for TokioCurrent {
    type Task<T: Send + 'static> = Joined<T>;
    type Mutex = tokio::sync::Mutex<u64>;
    type Channel = TokioChannel;
    type Shared = AsyncChannel;
    type Oneshot = TokioOneshot;
    type Listener = TcpListener;

    fn start(_: &Contender, _: usize) -> io::Result<Self> {
        Ok(TokioCurrent(tokio::runtime::Builder::new_current_thread().enable_all().build()?))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }

    fn spawn<F>(future: F) -> Joined<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Tokio::spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        Tokio::detach(future);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Tokio::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        Tokio::sleep(duration)
    }

    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        Tokio::spawn_blocking(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        // tokio refuses it on this flavour, so no row asks for it.
        closure()
    }
}
