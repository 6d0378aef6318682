//! The scheduler as the simulation sees it: what is shared, and in which order a worker touches it.
//!
//! Follows `scheduler/worker.rs`, `idle.rs`, `queue.rs`, `reactor/mod.rs` step by step, and leaves out what is not shared
//! or hardly ever happens: the monitor, lanes, timers' heap, aborts. What it takes for a task to pass is in `steps.rs`.

use std::collections::VecDeque;

use super::{
    costs::{Costs, Machine, Time, ns, us},
    engine::{Engine, LineId, LockId, Op, World},
    loads::{Kind, Load, Scenario},
};

/// Room in a worker's own queue.
pub(super) const CAPACITY: usize = 1024;
/// What has to be queued for another worker to be called, as in `scheduler/worker.rs` for one without a rest: loads last here.
pub(super) const PRICE_OF_A_WORKER: Time = us(50);
/// A task's header and its future.
pub(super) const LINES_OF_A_TASK: Time = 2;
/// How long a worker that has emptied the injector waits for more, as there.
pub(super) const LINGER: Time = us(3);
/// The beat, as there.
pub(super) const BEAT: Time = us(50);
pub(super) const FIRST_BEAT_POLLS: u32 = 61;
const MAX_BEAT_POLLS: u32 = 1024;

/// A task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) number: usize,
    pub(super) kind: Kind,
    /// Whose cache has it.
    pub(super) core: usize,
}

/// The parts that could be built in another way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Design {
    /// Queues that threads push to that are no workers.
    pub(super) injectors: usize,
    pub(super) reactors: usize,
    /// Every task keeps the scheduler alive, by a count that all of them share, as they did in an earlier version.
    pub(super) counts_owners: bool,
    /// A thief finds a victim's queue through a lock and a count of owners.
    pub(super) asks_processors: bool,
    /// Every worker looks at the reactor on its own beat.
    pub(super) looks_alone: bool,
}

impl Design {
    /// What the crate does.
    pub(super) const OURS: Design =
        Design { injectors: 1, reactors: 1, counts_owners: false, asks_processors: true, looks_alone: true };
}

/// What threads do at a moment. The arguments are small, so that programs are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    Nothing,
    // Pushes from outside, and who they wake:
    Inject { injector: usize, task: Task },
    Notify,
    NotifyInPlace,
    MaybeWake,
    TakeSleeper,
    WakeWorker(usize),
    // The search for a task:
    LookUp,
    Attend,
    Harvest { events: usize },
    WakeNext,
    PopOne { injector: usize },
    Own,
    TryInjector { is_last: bool },
    PopBatch { injector: usize, is_last: bool },
    TrySteal,
    BecomeSearcher,
    Sweep { seen: usize },
    StealFrom { victim: usize, seen: usize },
    Found(Task),
    // A task:
    Poll(Task),
    Polled(Task),
    Spawn { left: u32 },
    Push(Task),
    Spill { injector: usize },
    // Sleep:
    Rest,
    EnterSleep { attends: bool },
    LookAgain,
    Awake,
    Leave,
    // Clients:
    Arrive(Task),
}

/// A worker.
#[derive(Default)]
pub(super) struct Worker {
    pub(super) thread: usize,
    pub(super) slot: Option<Task>,
    pub(super) queue: VecDeque<Task>,
    /// On its way from the queue to the injector.
    pub(super) spilled: Vec<Task>,
    /// Taken out of the reactor, to be woken one by one.
    pub(super) woken: VecDeque<Task>,
    pub(super) is_searching: bool,
    /// Has found tasks in the injector since it last lingered.
    pub(super) is_fed: bool,
    pub(super) is_asleep: bool,
    pub(super) attends: bool,
    // The beat:
    pub(super) polls_left: u32,
    pub(super) polls: u32,
    pub(super) last_beat: Time,
    /// The average length of a poll.
    pub(super) poll: Time,
}

/// A reactor.
pub(super) struct Reactor {
    pub(super) ready: VecDeque<Task>,
    pub(super) attendant: Option<usize>,
    /// The try-lock that makes an attendant.
    pub(super) attendance: LineId,
    /// The kernel's.
    pub(super) epoll: LockId,
    pub(super) timers: LockId,
}

/// All of it.
pub(super) struct Model {
    pub(super) scenario: Scenario,
    pub(super) workers: Vec<Worker>,
    pub(super) injectors: Vec<(VecDeque<Task>, LockId, LineId)>,
    pub(super) reactors: Vec<Reactor>,
    /// Workers on the list of sleepers, with whether they wait in a reactor.
    pub(super) sleepers: Vec<(usize, bool)>,
    pub(super) searching: usize,
    pub(super) last_look: Time,
    /// The core on which a task ended last: its memory is there, and the next task's will be that.
    pub(super) freed_on: usize,
    // Lines and locks, in the order of the table in the book:
    pub(super) owners: LineId,
    pub(super) counters: LineId,
    pub(super) counts: LineId,
    pub(super) sleep: LockId,
    pub(super) stamp: LineId,
    pub(super) processors: Vec<LockId>,
    pub(super) worker_owners: Vec<LineId>,
    pub(super) heads: Vec<LineId>,
    pub(super) tails: Vec<LineId>,
    pub(super) countdown: LineId,
    /// What each thread is, by its number.
    roles: Vec<Role>,
    /// How often each task was polled.
    pub(super) polled: Vec<u32>,
    pub(super) done: usize,
    /// When the load began.
    pub(super) began: Option<Time>,
    /// When each of a batch of connections' requests arrived, and how long the answers took.
    pub(super) arrived: Vec<Time>,
    pub(super) delays: Vec<Time>,
}

#[derive(Clone, Copy)]
enum Role {
    Worker(usize),
    Outside { number: usize, left: u32 },
    Connection(Task),
}

impl Model {
    pub(super) fn new(
        scenario: Scenario,
        machine: Machine,
        costs: Costs,
        seed: u64,
    ) -> (Engine<Effect>, Model) {
        let mut engine = Engine::new(machine, costs, seed);
        let (count, design) = (scenario.workers, scenario.design);
        let mut model = Model {
            workers: (0..count).map(|_| Worker::default()).collect(),
            injectors: (0..design.injectors)
                .map(|_| (VecDeque::new(), engine.lock("injector", true), engine.line("injector's length")))
                .collect(),
            reactors: (0..design.reactors)
                .map(|_| Reactor {
                    ready: VecDeque::new(),
                    attendant: None,
                    attendance: engine.line("attendance"),
                    epoll: engine.lock("kernel's epoll lock", false),
                    timers: engine.lock("timers", true),
                })
                .collect(),
            sleepers: Vec::new(),
            searching: 0,
            last_look: 0,
            freed_on: 0,
            owners: engine.line("scheduler's count of owners"),
            counters: engine.line("counter of spawns outside"),
            counts: engine.line("idle counts"),
            sleep: engine.lock("list of sleepers", true),
            stamp: engine.line("time of the last look"),
            processors: (0..count).map(|_| engine.lock("processors", true)).collect(),
            worker_owners: (0..count).map(|_| engine.line("workers' counts of owners")).collect(),
            heads: (0..count).map(|_| engine.line("queues' heads")).collect(),
            tails: (0..count).map(|_| engine.line("queues' tails")).collect(),
            countdown: engine.line("workload's own counter"),
            roles: Vec::new(),
            polled: vec![0; scenario.tasks()],
            done: 0,
            began: None,
            arrived: vec![0; scenario.tasks()],
            delays: Vec::new(),
            scenario,
        };
        model.people(&mut engine);
        (engine, model)
    }

    /// Starts the threads and hands out the first tasks.
    fn people(&mut self, engine: &mut Engine<Effect>) {
        let scenario = self.scenario;
        for number in 0..scenario.workers {
            let thread = engine.thread();
            self.roles.push(Role::Worker(number));
            let worker = &mut self.workers[number];
            (worker.thread, worker.polls, worker.polls_left) = (thread, FIRST_BEAT_POLLS, FIRST_BEAT_POLLS);
            (worker.poll, worker.last_beat) = (scenario.poll_at_first(), scenario.begins(number));
            for task in scenario.tasks_at_first(number) {
                worker.queue.push_back(Task { core: engine.core_of(thread), ..task });
            }
            // No two workers of a real machine begin at the same instant.
            let late = scenario.begins(number) + engine.below(ns(500));
            engine.then(thread, [Op::Work(late)]);
        }
        for number in 0..scenario.outside {
            let thread = engine.thread();
            self.roles.push(Role::Outside { number, left: scenario.spawns_outside });
            // The workers go to sleep first.
            let late = scenario.quiet + engine.below(ns(500));
            engine.then(thread, [Op::Work(late)]);
        }
        for number in 0..scenario.connections {
            let thread = engine.client();
            self.roles.push(Role::Connection(Task { number, kind: Kind::Connection, core: 0 }));
            let late = engine.below(scenario.think);
            engine.then(thread, [Op::Work(late)]);
        }
    }

    pub(super) fn worker_of(&self, thread: usize) -> usize {
        match self.roles[thread] {
            Role::Worker(number) => number,
            _ => unreachable!("only workers do this"),
        }
    }

    /// The thread of a connection's client.
    pub(super) fn client_of(&self, task: Task) -> usize {
        self.scenario.workers + self.scenario.outside + task.number
    }

    pub(super) fn reactor_of_worker(&self, worker: usize) -> usize {
        worker % self.reactors.len()
    }

    pub(super) fn reactor_of_task(&self, task: Task) -> usize {
        task.number % self.reactors.len()
    }

    /// The nearest injector that is not empty, seen from a worker's own.
    pub(super) fn full_injector(&self, worker: usize) -> Option<usize> {
        let count = self.injectors.len();
        (0..count).map(|offset| (worker + offset) % count).find(|&at| !self.injectors[at].0.is_empty())
    }

    /// How much waits where the worker could take it, without stealing.
    pub(super) fn waiting(&self, worker: usize) -> usize {
        self.workers[worker].queue.len()
            + self.injectors.iter().map(|injector| injector.0.len()).sum::<usize>()
    }

    /// A spawn by a thread that is no worker.
    fn spawn_outside(&mut self, engine: &mut Engine<Effect>, thread: usize, number: usize, left: u32) {
        self.began.get_or_insert(engine.now);
        let per_thread = self.scenario.spawns_outside;
        let task = Task {
            number: number * per_thread as usize + (per_thread - left) as usize,
            kind: self.scenario.kind_of_spawned(),
            core: engine.core_of(thread),
        };
        let injector = number % self.injectors.len();
        let (_, lock, len) = self.injectors[injector];
        let costs = engine.costs;
        let owners = self.scenario.design.counts_owners.then_some(Op::Write(self.owners));
        // The memory is that of an earlier task, which a worker gave back.
        let memory = LINES_OF_A_TASK * engine.transfer(self.freed_on, task.core);
        engine.then(thread, [Op::Work(costs.spawn + memory)]);
        engine.then(thread, owners);
        engine.then(
            thread,
            [
                Op::Write(self.counters),
                Op::Lock { lock, hold: ns(10), lines: 1, then: Effect::Inject { injector, task } },
                Op::Write(len),
                Op::Do(Effect::Notify),
            ],
        );
    }

    /// The length of the next beat, by that of the last.
    pub(super) fn measure_beat(&mut self, worker: usize, now: Time) {
        let worker = &mut self.workers[worker];
        worker.poll = (now - worker.last_beat) / Time::from(worker.polls);
        let polls = BEAT / worker.poll.max(1);
        worker.last_beat = now;
        worker.polls = (polls as u32).clamp(1, MAX_BEAT_POLLS);
        worker.polls_left = worker.polls;
    }
}

impl World for Model {
    type Effect = Effect;

    fn plan(&mut self, engine: &mut Engine<Effect>, thread: usize) {
        match self.roles[thread] {
            Role::Worker(worker) => self.find_task(engine, worker),
            Role::Outside { left: 0, .. } => {}
            Role::Outside { number, left } => {
                self.roles[thread] = Role::Outside { number, left: left - 1 };
                self.spawn_outside(engine, thread, number, left);
            }
            Role::Connection(task) => {
                self.began.get_or_insert(engine.now);
                let think = self.scenario.think / 2 + engine.below(self.scenario.think);
                engine.then(thread, [Op::Do(Effect::Arrive(task)), Op::Sleep, Op::Work(think)]);
            }
        }
    }

    fn happen(&mut self, engine: &mut Engine<Effect>, thread: usize, effect: Effect) {
        self.take_step(engine, thread, effect);
    }

    fn is_over(&self) -> bool {
        match self.scenario.load {
            Load::Herd => self.sleepers.len() == self.workers.len(),
            _ => self.done >= self.scenario.units,
        }
    }
}
