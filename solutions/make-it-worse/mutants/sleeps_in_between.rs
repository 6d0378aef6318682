//! Equal jobs that also sleep for a moment, so that not all of the delay is of their own making.

pub const FAILS: &[&str] = &["though_nobody_sleeps"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Compute(u64),
    Block(u64),
    Lock(u64),
    Yield,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub kind: u8,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    HandOff,
    Relief,
    Learning,
}

#[derive(Debug)]
pub struct Claim {
    pub tasks: Vec<Task>,
    pub because: Part,
}

fn alike(tasks: usize, steps: &[Step]) -> Vec<Task> {
    vec![Task { kind: 1, steps: steps.to_vec() }; tasks]
}

pub fn threads_for_nothing() -> Claim {
    Claim { tasks: alike(40, &[Step::Lock(2_000)]), because: Part::HandOff }
}

pub fn later_on_average() -> Claim {
    Claim { tasks: alike(6, &[Step::Compute(80_000), Step::Block(100)]), because: Part::Relief }
}
