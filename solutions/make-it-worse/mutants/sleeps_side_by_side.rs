//! Forty tasks that sleep get a thread each and use it well: all of them are done after the time of one.

pub const FAILS: &[&str] = &["and_gets_nothing_for_them"];

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
    Claim { tasks: alike(40, &[Step::Block(10_000)]), because: Part::HandOff }
}

pub fn later_on_average() -> Claim {
    Claim { tasks: alike(6, &[Step::Compute(80_000)]), because: Part::Relief }
}
