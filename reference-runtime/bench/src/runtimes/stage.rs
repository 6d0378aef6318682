//! Stages 3 to 6 of reference-runtime, through the front that the book uses.

use std::{future::Future, io, sync::OnceLock, time::Duration};

use reference_runtime::{
    net::TcpListener,
    stages::{Front, Stage},
    task::{self, JoinHandle},
    time,
};

use super::{Contender, Kind, Runtime};
use crate::primitives::{OneshotCrate, OurChannel};

/// A clone in every task would be paid for in every row.
static FRONT: OnceLock<Front> = OnceLock::new();

fn front() -> &'static Front {
    FRONT.get().expect("the stage is started before the workload")
}

pub(crate) struct OnStage;

impl Runtime for OnStage {
    type Task<T: Send + 'static> = JoinHandle<T>;
    type Mutex = reference_runtime::sync::Mutex<u64>;
    type Channel = OurChannel;
    type Shared = OurChannel;
    type Oneshot = OneshotCrate;
    type Listener = TcpListener;

    fn start(contender: &Contender, workers: usize) -> io::Result<Self> {
        let stage = match contender.kind {
            Kind::Stage(3) => Stage::S3Stealing,
            Kind::Stage(4) => Stage::S4Reactor,
            Kind::Stage(5) => Stage::S5SpawnBlocking,
            Kind::Stage(6) => Stage::S6BlockInPlace,
            _ => return Err(io::Error::other(format!("{} is not a stage", contender.name))),
        };
        let started = FRONT.set(Front::new(stage, workers)?);
        started.map_err(|_| io::Error::other("a process runs one stage"))?;
        Ok(OnStage)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        front().block_on(future)
    }

    fn detach_from_outside<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        front().spawn(future);
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        front().spawn(future)
    }

    fn detach<F: Future<Output = ()> + Send + 'static>(future: F) {
        front().spawn(future);
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
        front().spawn_blocking(closure)
    }

    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T {
        front().block_in_place(closure)
    }

    fn peak_threads(&self) -> Option<usize> {
        Some(front().peak_threads())
    }
}
