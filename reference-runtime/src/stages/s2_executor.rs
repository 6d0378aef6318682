//! Stage 2. What is a task, and who polls it?
//!
//! A task is a future with its state; a [`Runnable`] is the right to poll it once. One queue holds them, and
//! one thread takes them out. A waker does no more than put its task back into the queue.
//!
//! Still missing: the other cores. And whoever blocks this thread blocks every task.

use std::future::Future;
use std::io;
use std::num::NonZeroU32;
use std::panic::Location;
use std::time::Instant;

use crossbeam::channel::{self, Receiver, Sender};

use super::Stage;
use super::threads::Threads;
use crate::primitive::{Arc, AtomicBool, Mutex, Ordering, lock};
use crate::runnable::{JoinHandle, Runnable, Schedule, SpawnedAt, TaskRef, Wake, task};
use crate::tasks::Tasks;

/// One thread, one queue.
pub(super) struct Scheduler {
    // Each guards itself:
    threads: Threads,
    /// Those that sleep.
    tasks: Tasks,
    /// Where tasks wait to be polled; `None` once closed, for then nobody takes them out.
    queue: Mutex<Option<Sender<Runnable>>>,
    /// Where the task that is being polled was spawned, for the report of a shutdown.
    polled: SpawnedAt,
    /// Set once, by [`Scheduler::close`].
    is_closing: AtomicBool,
}

/// A task's way back to its scheduler.
#[derive(Clone)]
struct Origin(Arc<Scheduler>);

impl Schedule for Origin {
    fn schedule(&self, runnable: Runnable, _: Wake) {
        self.0.schedule(runnable);
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        self.0.tasks.insert(0, task)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        self.0.tasks.remove(place?)
    }
}

impl Scheduler {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Arc<Self>> {
        let (push, queue) = channel::unbounded();
        let scheduler = Arc::new(Scheduler {
            threads: Threads::new(),
            tasks: Tasks::new(1),
            queue: Mutex::new(Some(push)),
            polled: SpawnedAt::nowhere(),
            is_closing: AtomicBool::new(false),
        });
        let context = Context { scheduler: Arc::clone(&scheduler), queue };
        scheduler.threads.start(Stage::S2Executor, move || context.work())?;
        Ok(scheduler)
    }

    /// Makes a task of `future` and queues it.
    pub(super) fn spawn<F>(
        self: &Arc<Self>,
        future: F,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, handle) = task(future, Origin(Arc::clone(self)), 0, location);
        // After the close this drops the runnable, which cancels the task.
        self.schedule(runnable);
        handle
    }

    /// Queues a task.
    fn schedule(&self, runnable: Runnable) {
        let refused = match &*lock(&self.queue) {
            Some(queue) => queue.send(runnable).err().map(|error| error.0),
            None => Some(runnable),
        };
        // Cancels the task, whose future is code of the user: not under our lock.
        drop(refused);
    }

    /// Cancels every task, waits until the one that is polled comes back, and ends the thread. False: it did
    /// not come back in time, or this is that thread.
    pub(super) fn close(&self, deadline: Option<Instant>) -> bool {
        // Relaxed: a task that is polled once more ends all the same, for it can neither come back to the queue
        // nor go to sleep, or else is on the list below.
        self.is_closing.store(true, Ordering::Relaxed);
        drop(lock(&self.queue).take());
        for task in self.tasks.close() {
            task.abort();
        }
        self.threads.join(deadline)
    }

    /// Where the task that is being polled was spawned.
    pub(super) fn stuck(&self) -> Vec<&'static Location<'static>> {
        self.polled.get().into_iter().collect()
    }
}

/// What the worker's thread alone may touch.
struct Context {
    scheduler: Arc<Scheduler>,
    queue: Receiver<Runnable>,
}

impl Context {
    // ANCHOR: work
    /// Polls tasks until the scheduler is closed and the queue is empty.
    fn work(&self) {
        while let Some(runnable) = self.next_runnable() {
            self.poll(runnable);
        }
    }

    /// The next task, waiting for one if need be. `None`: the scheduler is closed, and those that waited are
    /// gone.
    fn next_runnable(&self) -> Option<Runnable> {
        self.queue.recv().ok()
    }

    /// One poll. The panic of a task ends in its handle.
    fn poll(&self, runnable: Runnable) {
        if self.scheduler.is_closing.load(Ordering::Relaxed) {
            return drop(runnable);
        }
        self.scheduler.polled.set(Some(runnable.location()));
        runnable.run();
        self.scheduler.polled.set(None);
    }
    // ANCHOR_END: work
}
