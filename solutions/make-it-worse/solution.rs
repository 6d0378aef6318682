//! A lock that everybody needs, and jobs of equal length.
//!
//! Both workloads take something from stage 7 that it gives in exchange for what it costs.
//!
//! *Threads for nothing.* A thread for a task that sleeps buys the time of those who wait behind it. Here nobody has a
//! use for that time: whoever gets a thread waits for the same lock. On stage 5 two threads stand in that line, and on
//! stage 7 forty do, and the line moves as fast as its holder. No monitor can see it. A thread that waits for a lock
//! sleeps, like one that waits for a disk, and to the kernel they are alike. [`Part::HandOff`] is to blame and not
//! [`Part::Learning`], though most of the threads are started for what was learned: without learning the monitor finds
//! the same tasks one after the other (the mutant `blames_what_was_learned`). In a program it is a connection pool of
//! one, a log file behind a mutex, or a cache that is filled by whoever comes first.
//!
//! *Later on average.* Two jobs at a time, one after the other, is the best order for jobs of equal length: the first
//! are done early, the last no later than they must. To share the cores among more of them makes the first later, and
//! no one earlier. [`Part::Relief`] does that, for the case that short tasks wait behind long ones. It has to guess,
//! as every scheduler has that does not know how long a job will be; the mutant `has_short_ones_behind` is the case in
//! which it guesses right. In a program it is a batch: thumbnails of one size, pages of one length.
//!
//! The remedies are not in the scheduler. A lock that is held for long belongs to one task, with a channel in front. A
//! batch belongs on as many threads as there are cores, by `rayon` or a pool of one's own.

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It needs a core for so long.
    Compute(u64),
    /// It sleeps in the kernel for so long.
    Block(u64),
    /// It takes the one lock that there is, sleeps in the kernel for so long while it holds it, and releases it.
    Lock(u64),
    /// Its poll ends, and another one begins when its turn comes.
    Yield,
}

/// A task, which is spawned at the start with all the others, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The type of its future.
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
    /// All that is spawned.
    pub tasks: Vec<Task>,
    /// Without this part, stage 7 is not worse; without another one, it still is.
    pub because: Part,
}

/// So many tasks of one type that do this.
fn alike(tasks: usize, steps: &[Step]) -> Vec<Task> {
    vec![Task { kind: 1, steps: steps.to_vec() }; tasks]
}

/// Everybody needs the lock.
pub fn threads_for_nothing() -> Claim {
    Claim { tasks: alike(40, &[Step::Lock(2_000)]), because: Part::HandOff }
}

/// Jobs of equal length.
pub fn later_on_average() -> Claim {
    Claim { tasks: alike(6, &[Step::Compute(80_000)]), because: Part::Relief }
}
