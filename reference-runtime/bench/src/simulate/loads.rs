//! What the simulated machine has to do.

use super::{
    costs::{Costs, Machine, Time, ns, us},
    engine::Usage,
    model::{Design, Model, Task},
};

/// The workloads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Load {
    /// Threads that are no workers spawn empty tasks.
    Outside,
    /// Every worker has a task that spawns empty tasks.
    Inside,
    /// Every worker has tasks that yield.
    Yields,
    /// Clients with connections that are kept alive.
    Http,
    /// One task wakes many, while all other workers sleep.
    Wakes,
    /// All workers run out of tasks at the same moment.
    Herd,
}

/// What a task does when it is polled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Once,
    Yields { left: u32 },
    Spawner { tasks: u32 },
    Connection,
}

/// One workload on one machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) load: Load,
    pub(super) design: Design,
    pub(super) workers: usize,
    /// Threads that spawn and are no workers.
    pub(super) outside: usize,
    pub(super) spawns_outside: u32,
    /// How long they wait before they begin.
    pub(super) quiet: Time,
    pub(super) connections: usize,
    /// How long a client waits between an answer and its next request, on average.
    pub(super) think: Time,
    /// Workers that have tasks at first.
    occupied: usize,
    /// Tasks at each of them, or spawned by each.
    each: u32,
    yields: u32,
    /// A task on each of them spawns the others, when all other workers sleep, as in the real rows.
    is_spawned: bool,
    /// What a poll takes, apart from what the scheduler does.
    poll: Time,
    /// The workload counts its tasks down, as the real rows do, on a line of its own.
    pub(super) counts_down: bool,
    /// How many spawns, polls or requests there are.
    pub(super) units: usize,
}

impl Scenario {
    fn idle(load: Load, workers: usize, design: Design) -> Scenario {
        Scenario {
            load,
            design,
            workers,
            outside: 0,
            spawns_outside: 0,
            quiet: 0,
            connections: 0,
            think: 0,
            occupied: 0,
            each: 0,
            yields: 0,
            is_spawned: false,
            poll: Costs::measured().empty_poll,
            counts_down: false,
            units: 0,
        }
    }

    /// `threads` that are no workers spawn `each` empty tasks.
    pub(super) fn outside(workers: usize, threads: usize, each: u32, design: Design) -> Scenario {
        let units = threads * each as usize;
        let quiet = us(200);
        let idle = Scenario::idle(Load::Outside, workers, design);
        Scenario { outside: threads, spawns_outside: each, quiet, units, ..idle }
    }

    /// `spawners` of the workers have a task that spawns `each` empty ones.
    pub(super) fn inside(workers: usize, spawners: usize, each: u32, design: Design) -> Scenario {
        let units = spawners * each as usize;
        Scenario { occupied: spawners, each, units, ..Scenario::idle(Load::Inside, workers, design) }
    }

    /// `occupied` of the workers have `each` tasks that yield so often, and compute so long before each.
    pub(super) fn yields(
        workers: usize,
        (occupied, each, yields): (usize, u32, u32),
        poll: Time,
        design: Design,
    ) -> Scenario {
        let units = occupied * each as usize * (yields as usize + 1);
        let idle = Scenario::idle(Load::Yields, workers, design);
        Scenario { occupied, each, yields, poll, units, ..idle }
    }

    /// Sixteen connections for each worker; a request takes 5 µs of its time, the client 20 µs until the next. The row
    /// `workers-http` shows 5.1 to 5.8 µs of processor time per request, all told.
    pub(super) fn http(workers: usize, design: Design) -> Scenario {
        let units = 300 * workers;
        let idle = Scenario::idle(Load::Http, workers, design);
        Scenario { connections: 16 * workers, think: us(20), poll: us(5), units, ..idle }
    }

    /// A task wakes sixteen for each worker, which compute 20 µs.
    pub(super) fn wakes(workers: usize, design: Design) -> Scenario {
        let units = 16 * workers;
        let idle = Scenario::idle(Load::Wakes, workers, design);
        Scenario { outside: 1, spawns_outside: 1, quiet: us(300), poll: us(20), units, ..idle }
    }

    /// Every worker has one task of 10 µs.
    pub(super) fn herd(workers: usize, design: Design) -> Scenario {
        let idle = Scenario::idle(Load::Herd, workers, design);
        Scenario { occupied: workers, each: 1, poll: us(10), units: workers, ..idle }
    }

    /// The same as the real rows have it: begun by one task in a calm scheduler, with a counter that all share.
    pub(super) fn as_in_rows(self) -> Scenario {
        Scenario { counts_down: true, is_spawned: true, quiet: us(300), ..self }
    }

    /// One worker spawns, and others end the tasks.
    pub(super) fn is_fed_by_one(&self) -> bool {
        self.occupied == 1 || self.load == Load::Wakes
    }

    /// When the load begins on this worker.
    pub(super) fn begins(&self, worker: usize) -> Time {
        if self.is_spawned && worker < self.occupied { self.quiet } else { 0 }
    }

    /// How many tasks there are, from first to last.
    pub(super) fn tasks(&self) -> usize {
        match self.load {
            Load::Outside => self.units,
            Load::Inside => self.workers + self.units,
            Load::Yields => self.workers + self.occupied * self.each as usize,
            Load::Http => self.connections,
            Load::Wakes => 1 + self.units,
            Load::Herd => self.workers,
        }
    }

    /// How often a task is to be polled, if that is certain.
    #[cfg(test)]
    pub(super) fn polls(&self, task: usize) -> Option<u32> {
        match self.load {
            // The first numbers are for tasks that spawn, of which there are none here.
            Load::Yields if task < self.workers => Some(0),
            Load::Yields => Some(self.yields + 1),
            Load::Http => None,
            _ => Some(1),
        }
    }

    pub(super) fn tasks_at_first(&self, worker: usize) -> Vec<Task> {
        if worker >= self.occupied {
            return Vec::new();
        }
        let each = self.each as usize;
        let task = |number, kind| Task { number, kind, core: 0 };
        match self.load {
            Load::Inside => vec![task(worker, Kind::Spawner { tasks: self.each })],
            Load::Yields if self.is_spawned => vec![task(worker, Kind::Spawner { tasks: self.each })],
            Load::Yields => (0..each)
                .map(|number| task(self.workers + worker * each + number, Kind::Yields { left: self.yields }))
                .collect(),
            Load::Herd => vec![task(worker, Kind::Once)],
            _ => Vec::new(),
        }
    }

    /// What a thread outside spawns.
    pub(super) fn kind_of_spawned(&self) -> Kind {
        match self.load {
            Load::Wakes => Kind::Spawner { tasks: self.units as u32 },
            _ => Kind::Once,
        }
    }

    pub(super) fn kind_of_spawned_inside(&self) -> Kind {
        match self.load {
            Load::Yields => Kind::Yields { left: self.yields },
            _ => Kind::Once,
        }
    }

    /// The number of the task that a spawner makes on this worker while `left` remain.
    pub(super) fn number_of_spawned(&self, spawner: usize, left: u32) -> usize {
        match self.load {
            Load::Wakes => 1 + self.units - left as usize,
            _ => self.workers + spawner * self.each as usize + (self.each - left) as usize,
        }
    }

    pub(super) fn poll_of(&self, kind: Kind) -> Time {
        match kind {
            Kind::Spawner { .. } => 0,
            _ => self.poll,
        }
    }

    /// The average poll that a worker has in mind when the load begins: warm, as the rows are.
    pub(super) fn poll_at_first(&self) -> Time {
        self.poll + ns(100)
    }

    /// Runs it five times, with chance of another kind, and gives the run in the middle.
    pub(super) fn median(self, machine: Machine, costs: Costs) -> Outcome {
        let mut outcomes: Vec<Outcome> = (0..5).map(|seed| self.run(machine, costs, seed)).collect();
        outcomes.sort_by_key(|outcome| outcome.took);
        outcomes.swap_remove(2)
    }

    /// Runs it.
    pub(super) fn run(self, machine: Machine, costs: Costs, seed: u64) -> Outcome {
        let (mut engine, mut model) = Model::new(self, machine, costs, seed);
        let came_to_its_end = engine.run(&mut model);
        // Nobody spawns in a herd: it begins when the polls of all end.
        let began = model.began.unwrap_or(if self.load == Load::Herd { self.poll } else { 0 });
        let took = engine.now.saturating_sub(began).max(1);
        let mut delays = std::mem::take(&mut model.delays);
        delays.sort_unstable();
        let p99 = delays.get(delays.len() * 99 / 100).copied();
        let usages = engine.usages();
        let units = if self.load == Load::Http { model.done } else { self.units };
        Outcome { came_to_its_end, took, units, p99, usages, polled: model.polled }
    }
}

/// What came of a run.
pub(super) struct Outcome {
    /// False: nobody had anything to do, but not all was done. A mistake of the model.
    pub(super) came_to_its_end: bool,
    pub(super) took: Time,
    pub(super) units: usize,
    /// How long a request took from its arrival to the end of its poll, in all but one of a hundred cases.
    pub(super) p99: Option<Time>,
    pub(super) usages: Vec<Usage>,
    /// How often each task was polled.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests count"))]
    pub(super) polled: Vec<u32>,
}

impl Outcome {
    /// Nanoseconds per unit of work, of the whole machine.
    pub(super) fn per_unit(&self) -> f64 {
        self.took as f64 / 1e3 / self.units as f64
    }

    /// What was in use for the largest part of the time, and which part.
    pub(super) fn busiest(&self) -> Option<(&'static str, f64)> {
        let busiest =
            self.usages.iter().filter(|usage| usage.operations > 0).max_by_key(|usage| usage.busy)?;
        Some((busiest.name, (busiest.busy as f64 / self.took as f64).min(1.0)))
    }

    /// What threads waited for the longest, all together, and how long per unit of work, in nanoseconds.
    pub(super) fn most_waited_for(&self) -> Option<(&'static str, f64)> {
        let usage = self.usages.iter().max_by_key(|usage| usage.waited)?;
        (usage.waited > 0).then(|| (usage.name, usage.waited as f64 / 1e3 / self.units as f64))
    }
}
