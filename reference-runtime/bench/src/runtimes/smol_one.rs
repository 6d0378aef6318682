//! smol on one thread, as its users write it: an executor that runs on the thread that calls `block_on`, while it does.

use std::{future::Future, io, time::Duration};

use smol::{Executor, Task, net::TcpListener};

use super::{Contender, Runtime, smol::Smol};
use crate::primitives::{AsyncChannel, FuturesOneshot};

static EXECUTOR: Executor<'static> = Executor::new();

pub(crate) struct SmolOne;

impl Runtime for SmolOne {
    type Task<T: Send + 'static> = Task<T>;
    type Mutex = smol::lock::Mutex<u64>;
    type Channel = AsyncChannel;
    type Shared = AsyncChannel;
    type Oneshot = FuturesOneshot;
    type Listener = TcpListener;

    fn start(_: &Contender, _: usize) -> io::Result<Self> {
        Ok(SmolOne)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(EXECUTOR.run(future))
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        EXECUTOR.spawn(future).detach();
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        EXECUTOR.spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Smol::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        Smol::sleep(duration)
    }

    fn spawn_blocking<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        Smol::spawn_blocking(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        // smol has no such thing, so no row asks for it.
        closure()
    }
}
