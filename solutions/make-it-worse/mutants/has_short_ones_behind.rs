//! Two long jobs and many short ones behind them: this is what relief is for, and stage 7 is far ahead.

pub const FAILS: &[&str] = &["stage_7_is_later_on_average", "the_part_that_delays_them_is_named"];

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
    let mut tasks = alike(2, &[Step::Compute(100_000)]);
    tasks.extend(alike(20, &[Step::Compute(1_000)]));
    Claim { tasks, because: Part::Relief }
}
