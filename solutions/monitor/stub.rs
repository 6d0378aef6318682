//! Chapter 11, exercise `monitor`: what is to be made of a worker that stays in one poll?
//!
//! Write [`Monitor`]. It has no thread and no clock of its own: whoever owns it says what time it is, what the workers
//! have left to be seen, and how the kernel is asked. So the same looks lead to the same verdicts every time.
//!
//! Grade it with `cargo test -p monitor`.

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

/// Judges workers. It promises that
///
/// - a worker is a *suspect* if two looks in a row find it in the same poll, and at no other time,
/// - the kernel is asked about suspects only, once at each look, and only if work waits, which is when somebody would
///   gain from a verdict; nobody else is judged,
/// - a suspect that sleeps is `Blocked` at once,
/// - one that does not is `Computing` when it has used the processor for `long` since the kernel was first asked about
///   this poll, or else `Starved` when twice as much time has passed since then, and
/// - one about which the kernel is silent is `Unknown` when `long` has passed since a look first found it in this poll.
///
/// As long as a suspect is the same, it is judged anew at each look.
#[derive(Debug)]
pub struct Monitor {}

impl Monitor {
    /// A monitor of so many workers, that has not looked yet.
    pub fn new(workers: usize, long: Duration) -> Monitor {
        let _ = (workers, long);
        todo!("remember what each worker was last seen doing")
    }

    /// Looks at all workers, at the time `now`, and returns its verdict on each of them, if it has one.
    ///
    /// `ask(worker)` asks the kernel about the thread of that worker; `None` if it does not answer.
    pub fn look(
        &mut self,
        now: Duration,
        work_waits: bool,
        workers: &[Trace],
        ask: &mut dyn FnMut(usize) -> Option<Thread>,
    ) -> Vec<Option<Verdict>> {
        let _ = (now, work_waits, workers, ask);
        todo!("compare with the last look, ask about the suspects, and judge")
    }
}
