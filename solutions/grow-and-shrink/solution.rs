//! A stack of threads that rest, a count of tasks that wait, and one place where threads are started.
//!
//! The invariant: **a task waits only if no thread rests.** [`Crew::call`] looks at the stack first, [`Crew::done`] at
//! the line first, so the two are never both there. It makes the rest a matter of counting.
//!
//! *Newest first.* The stack decides how the crew shrinks. A queue would be fairer to the threads, and that is the
//! fault: one task each second would go around among eight threads, none would ever rest for ten seconds, and a storm
//! of a moment would be paid for as long as there is any load at all (`wakes_the_oldest`). With a stack the load sorts
//! the threads: those that are needed stay on top, those that are not sink and end. The newest also has the warmest
//! cache.
//!
//! *A start may fail.* `ulimit -u`, a control group and a machine out of memory all say no, and they say it when there
//! are most threads, so in the storm for which the crew exists. The prototype of 2019 panicked. Here a refusal is an
//! answer: the task is counted as one that waits, which it would be at the limit, too. Whoever is done next takes it.
//! But perhaps there is nobody who could be done, so a look has to try again; and it must be the look, which comes at
//! its own pace, and not each call, for in a storm a refused system call for each task makes things worse for
//! everybody. The option not taken is to lower the limit to what there is: simple, and one bad moment would then be
//! remembered for ever.
//!
//! *Two times.* A second after a storm all threads are there, since storms come in groups; after the keep-alive only
//! those that had something to do. Both follow from one number, and no thread needs a timer for it.

use std::{io, time::Duration};

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

/// Threads for tasks that may block.
pub struct Crew<S> {
    max_threads: usize,
    keep_alive: Duration,
    start: S,
    /// The number of the next thread.
    next: usize,
    threads: usize,
    /// Those without a task, and since when: the last one has rested least.
    resting: Vec<(usize, Duration)>,
    /// Tasks without a thread. None while a thread rests.
    waiting: usize,
    /// The system has refused a thread since the last look.
    is_refused: bool,
}

impl<S: FnMut(usize) -> io::Result<()>> Crew<S> {
    /// A crew without threads.
    pub fn new(max_threads: usize, keep_alive: Duration, start: S) -> Crew<S> {
        let resting = Vec::new();
        Crew { max_threads, keep_alive, start, next: 0, threads: 0, resting, waiting: 0, is_refused: false }
    }

    /// A task is there to be polled.
    pub fn call(&mut self) -> Answer {
        if let Some((thread, _)) = self.resting.pop() {
            return Answer::Rested(thread);
        }
        if let Some(thread) = self.start_one() {
            return Answer::Started(thread);
        }
        self.waiting += 1;
        Answer::Waits
    }

    /// A thread has polled its task, at the time `now`.
    pub fn done(&mut self, thread: usize, now: Duration) -> Next {
        if self.waiting > 0 {
            self.waiting -= 1;
            return Next::Task;
        }
        self.resting.push((thread, now));
        Next::Rest
    }

    /// Ends those that have rested for long, and starts threads for tasks that wait.
    pub fn look(&mut self, now: Duration) -> Look {
        let mut look = Look::default();
        self.resting.retain(|(thread, since)| {
            let stays = now - *since < self.keep_alive;
            if !stays {
                look.ended.push(*thread);
            }
            stays
        });
        self.threads -= look.ended.len();
        self.is_refused = false;
        while self.waiting > 0 {
            let Some(thread) = self.start_one() else { break };
            self.waiting -= 1;
            look.started.push(thread);
        }
        look
    }

    /// The threads that were started and have not ended.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// `None` at the limit, or if the system refuses now or has refused since the last look.
    fn start_one(&mut self) -> Option<usize> {
        if self.threads >= self.max_threads || self.is_refused {
            return None;
        }
        let thread = self.next;
        if (self.start)(thread).is_err() {
            self.is_refused = true;
            return None;
        }
        // Only now: what was refused is no thread.
        self.next += 1;
        self.threads += 1;
        Some(thread)
    }
}
