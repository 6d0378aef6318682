//! Stage 5. Can we move the blocking call away?
//!
//! The classic design: stage 4, with a [`Pool`] of threads beside it for closures that block.
//!
//! Still missing: whoever forgets `spawn_blocking` blocks a worker as before; a closure cannot borrow from
//! its task; and each call costs a trip to another thread and back, short as it may be.

use std::io;
use std::panic::Location;
use std::time::Instant;

use super::{Stage, s4_reactor};
use crate::blocking::{KEEP_ALIVE, MAX_THREADS, Pool};
use crate::primitive::Arc;
use crate::runnable::JoinHandle;

/// Stage 4 and a pool.
pub(super) struct Scheduler {
    pub(super) workers: Arc<s4_reactor::Scheduler>,
    pub(super) pool: Arc<Pool>,
}

impl Scheduler {
    /// Starts the workers, and the pool with its first thread.
    pub(super) fn start(workers: usize) -> io::Result<Scheduler> {
        let pool = Pool::start(MAX_THREADS, KEEP_ALIVE)?;
        let workers =
            s4_reactor::Scheduler::start(Stage::S5SpawnBlocking, workers).inspect_err(|_| pool.close())?;
        Ok(Scheduler { workers, pool })
    }

    // ANCHOR: spawn_blocking
    /// Runs `closure` on a thread of the pool, where sockets and timers belong to this stage.
    pub(super) fn spawn_blocking<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
        location: &'static Location<'static>,
    ) -> JoinHandle<T> {
        let reactor = Arc::clone(&self.workers.reactor);
        let closure = move || {
            let _entered = reactor.enter();
            closure()
        };
        self.pool.spawn(closure, location)
    }
    // ANCHOR_END: spawn_blocking

    /// Cancels tasks and closures that wait, before it waits for those that run: they may wait for each
    /// other.
    pub(super) fn close(&self, deadline: Option<Instant>) -> bool {
        self.pool.close();
        let have_workers_ended = self.workers.close(deadline);
        self.pool.join(deadline) && have_workers_ended
    }

    /// Where the tasks and closures that run were spawned.
    pub(super) fn stuck(&self) -> Vec<&'static Location<'static>> {
        [self.workers.stuck(), self.pool.running()].concat()
    }
}
