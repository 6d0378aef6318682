//! Chapter 12, exercise `make-it-worse`: for which programs is the adaptive scheduler the wrong one?
//!
//! Write two workloads that are worse off on stage 7 than on stage 5, and name the part of stage 7 that is to blame.
//! It is found out as in the chapter: the workload is run without that part, and without each of the others.
//!
//! Nothing is measured with a clock. `model.rs`, beside this folder, plays both stages on two cores with two workers;
//! its header has the rules.
//!
//! Grade it with `cargo test -p make-it-worse`.

/// What a task does. Times are in microseconds, and rounded up to the model's steps of 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It needs a core for so long.
    Compute(u64),
    /// It sleeps in the kernel for so long.
    Block(u64),
    /// It takes the one lock that there is, sleeps in the kernel for so long while it holds it, and releases it. Whoever
    /// wants the lock meanwhile sleeps as well, in order of arrival.
    Lock(u64),
    /// Its poll ends, and another one begins when its turn comes.
    Yield,
}

/// A task, which is spawned at the start with all the others, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The type of its future. What is learned about one task holds for all of its type.
    pub kind: u8,
    /// What it does, one after the other.
    pub steps: Vec<Step>,
}

/// A part of stage 7 that stage 5 does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A worker that sleeps in a poll loses its processor to another thread.
    HandOff,
    /// If every worker computes for long, one of them loses its processor.
    Relief,
    /// Tasks of a type that was found asleep are polled beside the workers, each by a thread of its own.
    Learning,
}

/// A workload, and why it is worse off.
#[derive(Debug)]
pub struct Claim {
    /// At most 64 tasks; all their steps together take at most half a second, and each takes time, but for a yield.
    pub tasks: Vec<Task>,
    /// Without this part, stage 7 is not worse; without another one, it still is.
    pub because: Part,
}

/// On stage 7 it needs at least twenty threads more than on stage 5, and gets nothing for them: at no time are more of
/// its tasks done.
pub fn threads_for_nothing() -> Claim {
    todo!("tasks that get a thread each, and have no use for it")
}

/// On stage 7 its tasks are done later than on stage 5: on average by a quarter. None of them ever sleeps.
pub fn later_on_average() -> Claim {
    todo!("tasks that do not sleep, and lose by sharing the cores")
}
