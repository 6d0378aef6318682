//! One memory for each worker, and a question only where it is worth its price.
//!
//! The rule that carries the rest: **the same tick at two looks is the same poll.** The tick belongs to the poll, not to
//! the task and not to the worker's queue, and it is written by the worker alone. A monitor that compares tasks takes a
//! task that is polled a thousand times between two looks for one that is stuck. One that compares ticks and nothing
//! else takes a worker that rests for a stuck one, since a tick that does not grow is all that rest and block have in
//! common. So what is compared is the whole [`Trace`], and rest is left out before that.
//!
//! Everything that is remembered hangs on that comparison. [`Watched`] is replaced as a whole when the poll is another
//! one: time, and processor time, of an older poll cannot leak into the next, for there is no field that would survive.
//! The option not taken is a field at the monitor for each kind of evidence, each with a place where it is reset. The
//! mutant `keeps_the_processor_time` has forgotten one of those places.
//!
//! Then the letter, before any time. A thread that does not advance has one of two reasons, and they call for opposite
//! reactions: it sleeps, so a core is free and another thread should have it; or it has no core, so one more thread
//! would take yet another share. The prototype of 2019 had only the clock (`goes_by_the_clock`), and it is wrong exactly
//! on the machine that can least afford it.

use std::time::Duration;

/// What a worker leaves to be seen: two numbers that it stores before each poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The polls that it has begun so far.
    pub tick: u64,
    /// The task that it polls; `None` while it rests, for want of one. A task may be polled many times.
    pub task: Option<u64>,
}

/// What the kernel says about the thread of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// `S` and `D`: it sleeps. `R`: it runs, or could run if it had a core.
    pub letter: char,
    /// The time that it has been on a core since it started. It has polled other tasks before this one.
    pub used: Duration,
}

/// What is to be made of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It sleeps in its poll.
    Blocked,
    /// Its poll has used the processor for long.
    Computing,
    /// It could run, and has hardly been given a core.
    Starved,
    /// It has been in its poll for long, and the kernel does not say why.
    Unknown,
}

/// One poll, from the first look that found a worker in it.
#[derive(Debug, Clone, Copy)]
struct Watched {
    trace: Trace,
    since: Duration,
    /// When the kernel was first asked about this poll and did not say that it sleeps, and what the thread had used.
    first: Option<(Duration, Duration)>,
}

/// Judges workers.
#[derive(Debug)]
pub struct Monitor {
    /// By worker; `None` if it rested at the last look.
    watched: Vec<Option<Watched>>,
    long: Duration,
}

impl Monitor {
    /// A monitor of so many workers, that has not looked yet.
    pub fn new(workers: usize, long: Duration) -> Monitor {
        Monitor { watched: vec![None; workers], long }
    }

    /// Looks at all workers, at the time `now`, and returns its verdict on each of them, if it has one.
    pub fn look(
        &mut self,
        now: Duration,
        work_waits: bool,
        workers: &[Trace],
        ask: &mut dyn FnMut(usize) -> Option<Thread>,
    ) -> Vec<Option<Verdict>> {
        let long = self.long;
        let seats = self.watched.iter_mut().zip(workers).enumerate();
        seats
            .map(|(worker, (watched, trace))| {
                let suspect = find_suspect(watched, *trace, now)?;
                // Also when work begins to wait later: the poll has been watched since it was first seen.
                if work_waits { suspect.judge(now, long, ask(worker)) } else { None }
            })
            .collect()
    }
}

/// Notes what a worker does. It is a suspect if the last look found it in the same poll.
fn find_suspect(watched: &mut Option<Watched>, trace: Trace, now: Duration) -> Option<&mut Watched> {
    if trace.task.is_none() {
        *watched = None;
        return None;
    }
    if watched.is_none_or(|before| before.trace != trace) {
        *watched = Some(Watched { trace, since: now, first: None });
        return None;
    }
    watched.as_mut()
}

impl Watched {
    fn judge(&mut self, now: Duration, long: Duration, answer: Option<Thread>) -> Option<Verdict> {
        let Some(thread) = answer else {
            return (now - self.since >= long).then_some(Verdict::Unknown);
        };
        if matches!(thread.letter, 'S' | 'D') {
            return Some(Verdict::Blocked);
        }
        // From here on it could run. Its processor time is counted from the first question: what the thread used
        // before may belong to older polls.
        let (asked, used) = *self.first.get_or_insert((now, thread.used));
        if thread.used - used >= long {
            Some(Verdict::Computing)
        } else {
            (now - asked >= 2 * long).then_some(Verdict::Starved)
        }
    }
}
