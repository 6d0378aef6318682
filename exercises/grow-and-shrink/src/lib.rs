//! Chapter 11, exercise `grow-and-shrink`: how many threads should there be?
//!
//! Write [`Crew`], which decides when a thread is started, which one gets the next task, and which ones end. It has no
//! clock and starts nothing by itself: the time is a parameter, and so is the starter, which may refuse. A thread is a
//! number here.
//!
//! Grade it with `cargo test -p grow-and-shrink`.

use std::{io, marker::PhantomData, time::Duration};

/// Who comes for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This thread, which rested.
    Rested(usize),
    /// This thread, which was started for it.
    Started(usize),
    /// Nobody as yet. The task waits behind those that wait already.
    Waits,
}

/// What a thread does after its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It polls the task that has waited longest.
    Task,
    /// It rests.
    Rest,
}

/// What a look has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The threads that were told to end, in any order.
    pub ended: Vec<usize>,
    /// The threads that were started for tasks that waited, each with one of them.
    pub started: Vec<usize>,
}

/// Threads for tasks that may block. It promises that
///
/// - a task goes to a thread that rests, if there is one; otherwise one is started, and there are never more than
///   `max_threads`,
/// - a thread that has rested for `keep_alive` ends at the next look; one that ended is not used any more,
/// - the thread that has rested least gets the next task, so that the others may end, and
/// - a refusal is an event like any other: the task waits until a thread is done, or until a look finds one for it.
///   Between two looks the system is not asked again after it has refused.
pub struct Crew<S>(PhantomData<S>);

impl<S: FnMut(usize) -> io::Result<()>> Crew<S> {
    /// A crew without threads. `start(number)` starts the thread of that number, or says why it cannot; a number that
    /// was started is not used again.
    pub fn new(max_threads: usize, keep_alive: Duration, start: S) -> Crew<S> {
        let _ = (max_threads, keep_alive, start);
        todo!("nobody yet")
    }

    /// A task is there to be polled.
    pub fn call(&mut self) -> Answer {
        todo!("find a thread, or start one")
    }

    /// A thread has polled its task, at the time `now`.
    pub fn done(&mut self, thread: usize, now: Duration) -> Next {
        todo!("what thread {thread} does next, at {now:?}")
    }

    /// What the monitor does from time to time: ends those that have rested for long, and starts threads for tasks that
    /// wait, as many as may be.
    pub fn look(&mut self, now: Duration) -> Look {
        todo!("who ends, and who is started, at {now:?}")
    }

    /// The threads that were started and have not ended.
    pub fn threads(&self) -> usize {
        todo!("count them")
    }
}
