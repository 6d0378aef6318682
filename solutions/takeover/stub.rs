//! Chapter 11, exercise `takeover`: what becomes of the tasks of a worker that blocks?
//!
//! Write [`Worker`]: a thread with a queue, whose processor may be taken over while it polls, with all that is queued.
//! Tasks are numbers here, and so are processors; nothing but your care keeps a number from being in two places. One
//! lock is enough, as long as nobody holds it while a task is polled.
//!
//! Grade it with `cargo test -p takeover`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// The queue from which every worker takes tasks, once its own is empty.
pub type Injector = Mutex<VecDeque<u32>>;

/// A worker as all threads see it. It promises that
///
/// - a task that was queued is polled once, by somebody who holds a processor,
/// - what is queued at a worker, or pushed to it, never waits for a poll that has lost its processor, and
/// - a processor is held by one worker at a time: who lost it polls nothing more.
#[derive(Debug)]
pub struct Worker {}

impl Worker {
    /// A worker with an empty queue, that does not run.
    pub fn new(injector: Arc<Injector>) -> Worker {
        let _ = injector;
        todo!("a worker that holds no processor")
    }

    /// Queues a task: at this worker if that runs and holds a processor, and in the injector if not. It may be called by
    /// the task that this worker polls.
    pub fn push(&self, task: u32) {
        todo!("queue task {task}")
    }

    /// The number of the poll that this worker is in, if it is in one. Each of its polls has a number of its own,
    /// however often it runs.
    pub fn polling(&self) -> Option<u64> {
        todo!("the number of the poll")
    }

    /// Takes the processor from this worker if it holds one and is still in the poll of that number, and moves what it
    /// has queued to the back of the injector, in order. `None`: it is too late, and nothing has changed.
    pub fn take_over(&self, poll: u64) -> Option<u32> {
        todo!("take the processor if it is still in poll {poll}")
    }

    /// Runs with this processor until there is no task in the own queue, which goes first, and none in the injector.
    /// Returns the processor then. `None`: it was taken over, and nothing was polled since.
    ///
    /// The worker's own thread calls it, and may call it again afterwards. `poll` polls a task, which may take long.
    pub fn run(&self, processor: u32, poll: impl FnMut(u32)) -> Option<u32> {
        let _ = (processor, poll);
        todo!("find a task, poll it, and look whether the processor is still there")
    }
}
