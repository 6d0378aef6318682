//! Stages 5 and 7 in steps of 20 µs, on two cores with two workers.
//!
//! *Both stages.* A worker takes the first task of the one queue, polls it until it yields or is done, and takes the
//! next. A task that has yielded goes to the back. Threads that compute share the cores evenly.
//!
//! *Stage 7.* A monitor looks each 200 µs. If a task waits in the queue, it judges the workers that two looks in a row
//! found in the same poll:
//!
//! - one that sleeps loses its processor to another thread, a spare one if there is one ([`Part::HandOff`]), and the
//!   type of its task gets 8 points, up to 16 ([`Part::Learning`]),
//! - if all of them have computed for 10 ms in this poll, one loses its processor ([`Part::Relief`]), unless four have
//!   lost it in this way and are not back.
//!
//! What is learned is learned at a hand-off, so without the one there is not the other. Who lost its processor ends
//! its poll and is a spare thread then. A task of a type with points is not polled by a worker, but by a spare or new
//! thread beside them, as many as there may be. If it sleeps in that poll its type gets 2 points, and otherwise it
//! loses one. To wake or start a thread takes 20 µs.
//!
//! Left out are the ramp, the reactor, the lane of those that compute, and what a switch between threads costs. So the
//! numbers are not those of a real run. What is worse here is worse there as well.

use super::super::answer::{Part, Step, Task};
use std::collections::{BTreeMap, VecDeque};

/// Microseconds.
const STEP: u64 = 20;
const CORES: usize = 2;
const WORKERS: usize = 2;
/// In steps, as everything below.
const LOOK: u64 = 200 / STEP;
const LONG: u64 = 10_000 / STEP;
const WAKE: u64 = 1;
const VERDICT: u32 = 8;
const MOST_POINTS: u32 = 16;
const CONFIRMED: u32 = 2;
const MOST_RELIEVED: usize = 2 * WORKERS;
const MOST_TASKS: usize = 64;
const MOST_TIME: u64 = 500_000;

/// How a workload fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fared {
    /// When tasks were done, in µs, from the first to the last.
    pub done: Vec<u64>,
    /// Threads that were started.
    pub threads: usize,
}

impl Fared {
    /// The time at which a task was done, on average.
    pub fn mean(&self) -> u64 {
        self.done.iter().sum::<u64>() / self.done.len() as u64
    }
}

/// Runs it on a scheduler with these parts. Stage 5 has none of them.
pub fn run(tasks: &[Task], parts: &[Part]) -> Fared {
    check(tasks);
    let mut model = Model {
        parts: parts.to_vec(),
        now: 0,
        tasks: tasks.iter().map(Left::new).collect(),
        queue: (0..tasks.len()).collect(),
        threads: (0..WORKERS).map(|_| Thread::new(true, 0)).collect(),
        lock: VecDeque::new(),
        points: BTreeMap::new(),
        done: Vec::new(),
    };
    while model.done.len() < tasks.len() {
        model.step();
    }
    Fared { done: model.done, threads: model.threads.len() }
}

fn check(tasks: &[Task]) {
    let time = |step: &Step| match *step {
        Step::Compute(time) | Step::Block(time) | Step::Lock(time) => {
            assert!(time > 0, "a step takes time");
            time
        }
        Step::Yield => 0,
    };
    assert!((1..=MOST_TASKS).contains(&tasks.len()), "1 to {MOST_TASKS} tasks, and not {}", tasks.len());
    let total: u64 = tasks.iter().flat_map(|task| &task.steps).map(time).sum();
    assert!(total <= MOST_TIME, "{MOST_TIME} µs together, and not {total}");
    let polls = tasks.iter().flat_map(|task| &task.steps).filter(|step| **step == Step::Yield).count();
    assert!(polls <= 10_000, "10,000 yields together, and not {polls}");
}

/// What a task has left to do, in steps of the model.
struct Left {
    kind: u8,
    steps: VecDeque<Step>,
    /// It holds the lock, or waits for it.
    is_in_line: bool,
}

impl Left {
    fn new(task: &Task) -> Left {
        let in_steps = |step: &Step| match *step {
            Step::Compute(time) => Step::Compute(time.div_ceil(STEP)),
            Step::Block(time) => Step::Block(time.div_ceil(STEP)),
            Step::Lock(time) => Step::Lock(time.div_ceil(STEP)),
            Step::Yield => Step::Yield,
        };
        Left { kind: task.kind, steps: task.steps.iter().map(in_steps).collect(), is_in_line: false }
    }
}

struct Thread {
    /// Holds one of the processors: it is a worker.
    is_worker: bool,
    lost_it_to_relieve: bool,
    task: Option<usize>,
    /// When it is awake.
    from: u64,
    /// It has been in this poll at the last look.
    is_suspect: bool,
    has_slept: bool,
    /// Steps on a core in this poll.
    used: u64,
}

impl Thread {
    fn new(is_worker: bool, from: u64) -> Thread {
        let (lost_it_to_relieve, is_suspect, has_slept) = (false, false, false);
        Thread { is_worker, lost_it_to_relieve, task: None, from, is_suspect, has_slept, used: 0 }
    }

    fn begin(&mut self, task: usize) {
        self.task = Some(task);
        (self.is_suspect, self.has_slept, self.used) = (false, false, 0);
    }
}

struct Model {
    parts: Vec<Part>,
    now: u64,
    tasks: Vec<Left>,
    queue: VecDeque<usize>,
    threads: Vec<Thread>,
    /// The tasks that hold or want the lock; the first one holds it.
    lock: VecDeque<usize>,
    points: BTreeMap<u8, u32>,
    done: Vec<u64>,
}

impl Model {
    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn step(&mut self) {
        self.begin_polls();
        if self.now % LOOK == 0 && !self.parts.is_empty() {
            self.look();
        }
        self.share_the_cores();
        self.sleep();
        self.now += 1;
        self.end_polls();
    }

    fn begin_polls(&mut self) {
        for worker in 0..self.threads.len() {
            let thread = &self.threads[worker];
            if !thread.is_worker || thread.task.is_some() || thread.from > self.now {
                continue;
            }
            while let Some(task) = self.queue.pop_front() {
                if self.points.get(&self.tasks[task].kind).is_none_or(|points| *points == 0) {
                    self.threads[worker].begin(task);
                    break;
                }
                let other = self.find_thread();
                self.threads[other].begin(task);
            }
        }
    }

    /// A spare thread, or a new one. It has to wake up.
    fn find_thread(&mut self) -> usize {
        let from = self.now + WAKE;
        let spare = self.threads.iter().position(|thread| !thread.is_worker && thread.task.is_none());
        let thread = spare.unwrap_or_else(|| {
            self.threads.push(Thread::new(false, from));
            self.threads.len() - 1
        });
        self.threads[thread].from = from;
        thread
    }

    fn step_of(&self, thread: usize) -> Option<Step> {
        let task = self.threads[thread].task.filter(|_| self.threads[thread].from <= self.now)?;
        self.tasks[task].steps.front().copied()
    }

    fn look(&mut self) {
        let work_waits = !self.queue.is_empty();
        let mut computing = Vec::new();
        for worker in 0..self.threads.len() {
            let thread = &mut self.threads[worker];
            let Some(task) = thread.task.filter(|_| thread.is_worker) else { continue };
            let is_suspect = std::mem::replace(&mut thread.is_suspect, true);
            if !is_suspect || !work_waits {
                continue;
            }
            if matches!(self.step_of(worker), Some(Step::Compute(_))) {
                computing.extend((self.threads[worker].used >= LONG).then_some(worker));
            } else if self.has(Part::HandOff) {
                self.hand_off(worker);
                if self.has(Part::Learning) {
                    let points = self.points.entry(self.tasks[task].kind).or_default();
                    *points = (*points + VERDICT).min(MOST_POINTS);
                }
            }
        }
        let relieved = self.threads.iter().filter(|thread| thread.lost_it_to_relieve).count();
        if computing.len() == WORKERS && relieved < MOST_RELIEVED && self.has(Part::Relief) {
            self.threads[computing[0]].lost_it_to_relieve = true;
            self.hand_off(computing[0]);
        }
    }

    fn hand_off(&mut self, worker: usize) {
        self.threads[worker].is_worker = false;
        let other = self.find_thread();
        self.threads[other].is_worker = true;
    }

    /// The threads that compute and have had least get the cores.
    fn share_the_cores(&mut self) {
        let computes = |thread: &usize| matches!(self.step_of(*thread), Some(Step::Compute(_)));
        let mut runnable: Vec<usize> = (0..self.threads.len()).filter(computes).collect();
        runnable.sort_by_key(|thread| self.threads[*thread].used);
        for thread in runnable.into_iter().take(CORES) {
            self.threads[thread].used += 1;
            self.take_a_step(thread);
        }
    }

    fn sleep(&mut self) {
        let asleep: Vec<(usize, usize, Step)> = (0..self.threads.len())
            .filter_map(|thread| Some((thread, self.threads[thread].task?, self.step_of(thread)?)))
            .filter(|(_, _, step)| matches!(step, Step::Block(_) | Step::Lock(_)))
            .collect();
        for (thread, task, step) in &asleep {
            self.threads[*thread].has_slept = true;
            if matches!(step, Step::Lock(_)) && !std::mem::replace(&mut self.tasks[*task].is_in_line, true) {
                self.lock.push_back(*task);
            }
        }
        // One task for each step of the model: the next one has the lock from the next step on.
        let holder = self.lock.front().copied();
        for (thread, task, step) in asleep {
            if matches!(step, Step::Block(_)) || holder == Some(task) {
                self.take_a_step(thread);
            }
        }
    }

    /// One step of the model less of what this thread's task is at.
    fn take_a_step(&mut self, thread: usize) {
        let task = self.threads[thread].task.expect("it polls a task: it is at a step of it");
        let left = match self.tasks[task].steps.pop_front() {
            Some(Step::Compute(left)) => Step::Compute(left - 1),
            Some(Step::Block(left)) => Step::Block(left - 1),
            Some(Step::Lock(left)) => Step::Lock(left - 1),
            other => unreachable!("a step that takes time, and not {other:?}"),
        };
        match left {
            Step::Compute(0) | Step::Block(0) => (),
            Step::Lock(0) => {
                self.lock.pop_front();
                self.tasks[task].is_in_line = false;
            }
            left => self.tasks[task].steps.push_front(left),
        }
    }

    fn end_polls(&mut self) {
        for thread in 0..self.threads.len() {
            let Some(task) = self.threads[thread].task.filter(|_| self.threads[thread].from < self.now)
            else {
                continue;
            };
            match self.tasks[task].steps.front() {
                None => self.done.push(self.now * STEP),
                Some(Step::Yield) => {
                    self.tasks[task].steps.pop_front();
                    self.queue.push_back(task);
                }
                Some(_) => continue,
            }
            let (is_worker, has_slept) = (self.threads[thread].is_worker, self.threads[thread].has_slept);
            if let Some(points) = self.points.get_mut(&self.tasks[task].kind).filter(|_| !is_worker) {
                *points = if has_slept && *points > 0 {
                    (*points + CONFIRMED).min(MOST_POINTS)
                } else {
                    points.saturating_sub(1)
                };
            }
            self.threads[thread].task = None;
            self.threads[thread].lost_it_to_relieve = false;
        }
    }
}
