//! The threads of a stage: how they start, and how a shutdown waits for them.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::time::Instant;

use crossbeam::channel::{self, Receiver, RecvTimeoutError, Sender};

use super::{Stage, no_reactor};
use crate::primitive::{Mutex, lock, thread};

thread_local! {
    static WORKS_FOR: Cell<Option<Stage>> = const { Cell::new(None) };
}

/// The stage whose tasks the calling thread polls, if it is a worker of stages 2 to 5.
pub(super) fn works_for() -> Option<Stage> {
    WORKS_FOR.get()
}

/// The workers' threads. Nothing is ever sent: each thread holds a sender, and the last one to end closes the
/// channel.
pub(super) struct Threads {
    handles: Mutex<Vec<thread::JoinHandle<()>>>,
    /// `None` once [`Threads::join`] waits.
    is_running: Mutex<Option<Sender<Infallible>>>,
    // Guards itself:
    ended: Receiver<Infallible>,
}

impl Threads {
    pub(super) fn new() -> Threads {
        let (is_running, ended) = channel::unbounded();
        Threads { handles: Mutex::new(Vec::new()), is_running: Mutex::new(Some(is_running)), ended }
    }

    /// Starts a thread that polls the tasks of `stage`.
    pub(super) fn start(&self, stage: Stage, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let is_running = lock(&self.is_running).clone();
        let handle = thread::Builder::new().name(stage.name().to_owned()).spawn(move || {
            WORKS_FOR.set(Some(stage));
            // The stages that have a reactor enter their own.
            let _entered = no_reactor().enter();
            work();
            drop(is_running);
        })?;
        lock(&self.handles).push(handle);
        Ok(())
    }

    /// Waits until every thread has ended. False: the deadline came first, or this is one of the threads,
    /// which would wait for itself.
    pub(super) fn join(&self, deadline: Option<Instant>) -> bool {
        drop(lock(&self.is_running).take());
        let here = thread::current().id();
        if lock(&self.handles).iter().any(|handle| handle.thread().id() == here) {
            return false;
        }
        let ended = match deadline {
            Some(deadline) => self.ended.recv_deadline(deadline),
            None => self.ended.recv().map_err(RecvTimeoutError::from),
        };
        if ended == Err(RecvTimeoutError::Timeout) {
            return false;
        }
        let handles = std::mem::take(&mut *lock(&self.handles));
        for handle in handles {
            // The panics of tasks are caught and belong to their handles.
            let _ = handle.join();
        }
        true
    }
}
