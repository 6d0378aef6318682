//! The thread pool of the crate futures, which has tasks and nothing else.

use std::{
    future::{Future, poll_fn},
    io,
    sync::OnceLock,
    task::Poll,
    time::Duration,
};

use futures::{
    executor::{ThreadPool, block_on},
    future::RemoteHandle,
    task::SpawnExt,
};

use super::{Contender, NoSockets, Runtime};
use crate::primitives::{AsyncChannel, FuturesChannel, FuturesOneshot};

/// A clone in every task would be paid for in every row.
static POOL: OnceLock<ThreadPool> = OnceLock::new();

fn pool() -> &'static ThreadPool {
    POOL.get().expect("the pool is started before the workload")
}

pub(crate) struct FuturesPool;

impl Runtime for FuturesPool {
    type Task<T: Send + 'static> = RemoteHandle<T>;
    type Mutex = futures::lock::Mutex<u64>;
    type Channel = FuturesChannel;
    type Shared = AsyncChannel;
    type Oneshot = FuturesOneshot;
    type Listener = NoSockets;

    fn start(_: &Contender, workers: usize) -> io::Result<Self> {
        let started = POOL.set(ThreadPool::builder().pool_size(workers).create()?);
        started.map_err(|_| io::Error::other("a process runs one pool"))?;
        Ok(FuturesPool)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        pool().spawn_ok(future);
    }

    fn spawn<F>(future: F) -> RemoteHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        pool().spawn_with_handle(future).expect("the pool runs as long as the process")
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        pool().spawn_ok(future);
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // It has none, and this is what its users write.
        let mut has_yielded = false;
        poll_fn(move |context| {
            if has_yielded {
                return Poll::Ready(());
            }
            has_yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    async fn sleep(_: Duration) {
        unreachable!("the pool has no timers, and no row asks it for one");
    }

    async fn spawn_blocking<T: Send + 'static>(closure: impl FnOnce() -> T + Send + 'static) -> T {
        // It has none, so no row asks for it.
        closure()
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        // It has none, so no row asks for it.
        closure()
    }
}
