//! What a worker does, step by step.

use super::{
    costs::{Time, ns},
    engine::{Engine, Op},
    loads::Kind,
    model::{CAPACITY, Effect, LINES_OF_A_TASK, LINGER, Model, PRICE_OF_A_WORKER, Task},
};

/// The most events that one wait for them collects.
const EVENTS_AT_ONCE: usize = 1024;
/// Places of tasks in a line of a queue.
const PLACES: usize = 8;

type Ops = Vec<Op<Effect>>;

impl Model {
    pub(super) fn take_step(&mut self, engine: &mut Engine<Effect>, thread: usize, effect: Effect) {
        let ops = match effect {
            Effect::Nothing => return,
            Effect::Inject { injector, task } => return self.injectors[injector].0.push_back(task),
            Effect::Arrive(task) => return self.arrive(engine, task),
            Effect::EnterSleep { attends } => return self.enter_sleep(thread, attends),
            Effect::Spill { injector } => return self.spill(thread, injector),
            Effect::Notify => self.notify(),
            Effect::NotifyInPlace => self.notify_in_place(thread),
            Effect::MaybeWake => self.maybe_wake(thread),
            Effect::TakeSleeper => self.take_sleeper(),
            Effect::WakeWorker(worker) => {
                let was_asleep = engine.wake(self.workers[worker].thread, engine.costs.wake_latency);
                vec![Op::Work(if was_asleep { engine.costs.wake_call } else { engine.costs.early_wake })]
            }
            Effect::LookUp => self.look_up(engine, thread),
            Effect::Attend => self.attend(engine, thread),
            Effect::Harvest { events } => self.harvest(thread, events),
            Effect::WakeNext => self.wake_next(engine, thread),
            Effect::PopOne { injector } => match self.injectors[injector].0.pop_front() {
                Some(task) => vec![Op::Write(self.injectors[injector].2), Op::Do(Effect::Found(task))],
                None => vec![Op::Do(Effect::Own)],
            },
            Effect::Own => self.own(thread),
            Effect::TryInjector { is_last } => self.try_injector(thread, is_last),
            Effect::PopBatch { injector, is_last } => self.pop_batch(thread, injector, is_last),
            Effect::TrySteal => self.try_steal(thread),
            Effect::BecomeSearcher => self.become_searcher(thread),
            Effect::Sweep { seen } => self.sweep(thread, seen),
            Effect::StealFrom { victim, seen } => self.steal_from(engine, thread, victim, seen),
            Effect::Found(task) => self.found(thread, task),
            Effect::Poll(task) => self.poll(engine, thread, task),
            Effect::Polled(task) => self.polled(engine, thread, task),
            Effect::Spawn { left } => self.spawn(engine, thread, left),
            Effect::Push(task) => self.push(thread, task),
            Effect::Rest => self.rest(thread),
            Effect::LookAgain => self.look_again(engine, thread),
            Effect::Awake => self.awake(),
            Effect::Leave => self.leave(engine, thread),
        };
        engine.first(thread, ops.into_iter());
    }

    // ---- Who is woken ----

    fn notify(&self) -> Ops {
        vec![Op::Read(self.counts), Op::Do(Effect::MaybeWake)]
    }

    /// Whether a push finds somebody to wake, and should. A thread that is no worker always should.
    fn maybe_wake(&self, thread: usize) -> Ops {
        if self.sleepers.is_empty() || self.searching > 0 {
            return Vec::new();
        }
        if thread < self.workers.len() {
            let worker = self.worker_of(thread);
            let queued = self.waiting(worker) as Time;
            if self.workers[worker].poll * queued <= PRICE_OF_A_WORKER {
                return Vec::new();
            }
        }
        vec![Op::Lock { lock: self.sleep, hold: ns(20), lines: 1, then: Effect::TakeSleeper }]
    }

    fn notify_in_place(&self, thread: usize) -> Ops {
        if self.waiting(self.worker_of(thread)) == 0 {
            return Vec::new();
        }
        self.notify()
    }

    fn take_sleeper(&mut self) -> Ops {
        let parked = self.sleepers.iter().rposition(|(_, attends)| !attends);
        let Some(at) = parked.or_else(|| self.sleepers.len().checked_sub(1)) else { return Vec::new() };
        let (worker, _) = self.sleepers.remove(at);
        self.searching += 1;
        vec![Op::Write(self.counts), Op::Do(Effect::WakeWorker(worker))]
    }

    // ---- The search for a task ----

    pub(super) fn find_task(&mut self, engine: &mut Engine<Effect>, worker: usize) {
        let thread = self.workers[worker].thread;
        self.workers[worker].polls_left -= 1;
        let first = if self.workers[worker].polls_left == 0 { Effect::LookUp } else { Effect::Own };
        engine.then(thread, [Op::Do(first)]);
    }

    /// The beat.
    fn look_up(&mut self, engine: &Engine<Effect>, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        self.measure_beat(worker, engine.now);
        let next = match self.full_injector(worker) {
            Some(at) => {
                let (_, lock, len) = self.injectors[at];
                let pop = Effect::PopOne { injector: at };
                vec![Op::Read(len), Op::Lock { lock, hold: ns(10), lines: 1, then: pop }]
            }
            None => vec![Op::Read(self.injectors[0].2), Op::Do(Effect::Own)],
        };
        if !self.scenario.design.looks_alone {
            let was_recent = engine.now < self.last_look + super::model::BEAT && self.last_look > 0;
            if was_recent {
                return [vec![Op::Read(self.stamp)], next].concat();
            }
            self.last_look = engine.now;
        }
        let reactor = &self.reactors[self.reactor_of_worker(worker)];
        let costs = engine.costs;
        let mut ops = vec![
            Op::Work(ns(25)),
            Op::Lock { lock: reactor.epoll, hold: costs.look_locked, lines: 0, then: Effect::Nothing },
            Op::Work(costs.look - costs.look_locked),
        ];
        if !self.scenario.design.looks_alone {
            ops.insert(0, Op::Write(self.stamp));
        }
        if reactor.ready.is_empty() {
            ops.push(Op::Lock { lock: reactor.timers, hold: ns(5), lines: 0, then: Effect::Nothing });
        } else {
            ops.extend([Op::Write(reactor.attendance), Op::Do(Effect::Attend)]);
        }
        [ops, next].concat()
    }

    /// Becomes the attendant, if there is none, and collects what is there.
    fn attend(&mut self, engine: &Engine<Effect>, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        let reactor = self.reactor_of_worker(worker);
        if self.reactors[reactor].attendant.is_some() {
            return Vec::new();
        }
        self.reactors[reactor].attendant = Some(worker);
        self.workers[worker].attends = true;
        self.collect(engine, reactor)
    }

    /// A wait for events that finds those that are ready by now.
    fn collect(&self, engine: &Engine<Effect>, reactor: usize) -> Ops {
        let reactor = &self.reactors[reactor];
        let events = reactor.ready.len().min(EVENTS_AT_ONCE) as Time;
        let half = events * engine.costs.event / 2;
        vec![
            Op::Work(engine.costs.wait),
            Op::Lock { lock: reactor.epoll, hold: half, lines: 1, then: Effect::Nothing },
            Op::Work(half),
            Op::Do(Effect::Harvest { events: events as usize }),
            Op::Do(Effect::WakeNext),
        ]
    }

    /// Takes the events out of the kernel, and stops to attend.
    fn harvest(&mut self, thread: usize, events: usize) -> Ops {
        let worker = self.worker_of(thread);
        let reactor = self.reactor_of_worker(worker);
        let reactor = &mut self.reactors[reactor];
        self.workers[worker].woken.extend(reactor.ready.drain(..events));
        reactor.attendant = None;
        self.workers[worker].attends = false;
        Vec::new()
    }

    /// Wakes the next of those taken out of the reactor.
    fn wake_next(&mut self, engine: &Engine<Effect>, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        if self.workers[worker].is_searching && !self.workers[worker].woken.is_empty() {
            let mut ops = self.stop_searching(worker);
            ops.push(Op::Do(Effect::WakeNext));
            return ops;
        }
        let Some(task) = self.workers[worker].woken.pop_front() else { return Vec::new() };
        let core = engine.core_of(thread);
        // Its state word, which the worker that polled it last had.
        let fetch = engine.transfer(task.core, core);
        let wake = ns(10) + 2 * engine.costs.rmw + fetch;
        vec![Op::Work(wake), Op::Do(Effect::Push(task)), Op::Do(Effect::WakeNext)]
    }

    fn own(&mut self, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        if let Some(task) = self.workers[worker].slot.take() {
            return vec![Op::Do(Effect::Found(task))];
        }
        if let Some(task) = self.workers[worker].queue.pop_front() {
            return vec![Op::Write(self.heads[worker]), Op::Do(Effect::Found(task))];
        }
        let own = worker % self.injectors.len();
        vec![Op::Read(self.injectors[own].2), Op::Do(Effect::TryInjector { is_last: false })]
    }

    fn try_injector(&self, thread: usize, is_last: bool) -> Ops {
        let worker = self.worker_of(thread);
        let Some(injector) = self.full_injector(worker) else { return Self::after_injector(is_last) };
        let (waiting, lock, _) = &self.injectors[injector];
        let batch = self.batch(waiting.len()) as Time;
        let lines = 1 + batch as u32 / PLACES as u32;
        let pop = Effect::PopBatch { injector, is_last };
        vec![Op::Lock { lock: *lock, hold: ns(10) + ns(2) * batch, lines, then: pop }]
    }

    fn after_injector(is_last: bool) -> Ops {
        vec![Op::Do(if is_last { Effect::Rest } else { Effect::TrySteal })]
    }

    /// A worker's fair share of what waits in an injector.
    fn batch(&self, waiting: usize) -> usize {
        (waiting / self.workers.len()).min(CAPACITY / 2 - 1)
    }

    fn pop_batch(&mut self, thread: usize, injector: usize, is_last: bool) -> Ops {
        let worker = self.worker_of(thread);
        let waiting = self.injectors[injector].0.len();
        let Some(task) = self.injectors[injector].0.pop_front() else { return Self::after_injector(is_last) };
        let batch = self.batch(waiting).min(waiting - 1);
        let others = self.injectors[injector].0.drain(..batch);
        self.workers[worker].queue.extend(others);
        self.workers[worker].is_fed = true;
        vec![
            Op::Write(self.injectors[injector].2),
            Op::Write(self.tails[worker]),
            Op::Do(Effect::Found(task)),
        ]
    }

    fn try_steal(&self, thread: usize) -> Ops {
        if self.workers[self.worker_of(thread)].is_searching {
            return vec![Op::Do(Effect::Sweep { seen: 0 })];
        }
        vec![Op::Read(self.counts), Op::Do(Effect::BecomeSearcher)]
    }

    fn become_searcher(&mut self, thread: usize) -> Ops {
        if 2 * self.searching >= self.workers.len() {
            return vec![Op::Do(Effect::Rest)];
        }
        self.searching += 1;
        let worker = self.worker_of(thread);
        self.workers[worker].is_searching = true;
        vec![Op::Write(self.counts), Op::Do(Effect::Sweep { seen: 0 })]
    }

    /// A look at the next victim's queue.
    fn sweep(&self, thread: usize, seen: usize) -> Ops {
        let worker = self.worker_of(thread);
        if seen + 1 >= self.workers.len() {
            let own = worker % self.injectors.len();
            return vec![Op::Read(self.injectors[own].2), Op::Do(Effect::TryInjector { is_last: true })];
        }
        let victim = (worker + 1 + (seen + 7 * worker) % (self.workers.len() - 1)) % self.workers.len();
        let look = [
            Op::Read(self.tails[victim]),
            Op::Read(self.heads[victim]),
            Op::Do(Effect::StealFrom { victim, seen }),
        ];
        if !self.scenario.design.asks_processors {
            return look.to_vec();
        }
        let owners = self.worker_owners[victim];
        let lock = self.processors[victim];
        let mut ops =
            vec![Op::Lock { lock, hold: ns(2), lines: 0, then: Effect::Nothing }, Op::Write(owners)];
        ops.extend(look);
        // The count goes down again after the look, whatever came of it.
        ops.insert(4, Op::Write(owners));
        ops
    }

    fn steal_from(&mut self, engine: &mut Engine<Effect>, thread: usize, victim: usize, seen: usize) -> Ops {
        let waiting = self.workers[victim].queue.len();
        if waiting < 2 {
            return vec![Op::Do(Effect::Sweep { seen: seen + 1 })];
        }
        let worker = self.worker_of(thread);
        let count = waiting.div_ceil(2);
        let mut stolen: Vec<Task> = self.workers[victim].queue.drain(..count).collect();
        let first = stolen.remove(0);
        self.workers[worker].queue.extend(stolen);
        let (from, to) = (engine.core_of(self.workers[victim].thread), engine.core_of(thread));
        let lines = (count / PLACES + 1) as Time;
        let copy = ns(2) * count as Time + lines * engine.transfer(from, to);
        vec![
            Op::Work(copy),
            Op::Write(self.heads[victim]),
            Op::Write(self.tails[worker]),
            Op::Do(Effect::Found(first)),
        ]
    }

    /// No longer counted as searching; the last of them sees to it that another comes.
    fn stop_searching(&mut self, worker: usize) -> Ops {
        self.workers[worker].is_searching = false;
        self.searching -= 1;
        let mut ops = vec![Op::Write(self.counts)];
        if self.searching == 0 {
            ops.push(Op::Do(Effect::NotifyInPlace));
        }
        ops
    }

    fn found(&mut self, thread: usize, task: Task) -> Ops {
        let worker = self.worker_of(thread);
        let mut ops =
            if self.workers[worker].is_searching { self.stop_searching(worker) } else { Vec::new() };
        ops.push(Op::Do(Effect::Poll(task)));
        ops
    }

    // ---- A task ----

    fn poll(&mut self, engine: &Engine<Effect>, thread: usize, task: Task) -> Ops {
        let core = engine.core_of(thread);
        let fetch = LINES_OF_A_TASK * engine.transfer(task.core, core);
        let takes = engine.costs.around_poll + fetch + self.scenario.poll_of(task.kind);
        vec![Op::Work(takes), Op::Do(Effect::Polled(Task { core, ..task }))]
    }

    fn polled(&mut self, engine: &mut Engine<Effect>, thread: usize, task: Task) -> Ops {
        self.polled[task.number] += 1;
        let worker = self.worker_of(thread);
        match task.kind {
            Kind::Spawner { tasks } => vec![Op::Do(Effect::Spawn { left: tasks })],
            Kind::Yields { left: 0 } | Kind::Once => self.finish(engine, thread),
            Kind::Yields { left } => {
                self.done += 1;
                let kind = Kind::Yields { left: left - 1 };
                self.workers[worker].queue.push_back(Task { kind, ..task });
                vec![Op::Write(self.tails[worker]), Op::Read(self.counts), Op::Do(Effect::MaybeWake)]
            }
            Kind::Connection => {
                self.done += 1;
                self.delays.push(engine.now - self.arrived[task.number]);
                engine.wake(self.client_of(task), 0);
                Vec::new()
            }
        }
    }

    fn finish(&mut self, engine: &Engine<Effect>, thread: usize) -> Ops {
        self.done += 1;
        self.freed_on = engine.core_of(thread);
        let mut ops = vec![Op::Work(engine.costs.finish)];
        ops.extend(self.scenario.design.counts_owners.then_some(Op::Write(self.owners)));
        ops.extend(self.scenario.counts_down.then_some(Op::Write(self.countdown)));
        ops
    }

    /// A task spawns others, all in one poll.
    fn spawn(&mut self, engine: &Engine<Effect>, thread: usize, left: u32) -> Ops {
        self.began.get_or_insert(engine.now);
        if left == 0 {
            return Vec::new();
        }
        let number = self.scenario.number_of_spawned(self.worker_of(thread), left);
        let task =
            Task { number, kind: self.scenario.kind_of_spawned_inside(), core: engine.core_of(thread) };
        // An allocator with a cache per thread gives a core its own memory back, unless only others free.
        let memory = if self.scenario.is_fed_by_one() { self.freed_on } else { task.core };
        let fetch = LINES_OF_A_TASK * engine.transfer(memory, task.core);
        let mut ops = vec![Op::Work(engine.costs.spawn + fetch)];
        ops.extend(self.scenario.design.counts_owners.then_some(Op::Write(self.owners)));
        ops.extend([Op::Do(Effect::Push(task)), Op::Do(Effect::Spawn { left: left - 1 })]);
        ops
    }

    /// To the slot, and what was there to the queue; half of a full queue to the injector.
    fn push(&mut self, thread: usize, task: Task) -> Ops {
        let worker = self.worker_of(thread);
        let Some(behind) = self.workers[worker].slot.replace(task) else { return Vec::new() };
        let wake = [Op::Write(self.tails[worker]), Op::Read(self.counts), Op::Do(Effect::MaybeWake)];
        if self.workers[worker].queue.len() < CAPACITY {
            self.workers[worker].queue.push_back(behind);
            return wake.to_vec();
        }
        let half = self.workers[worker].queue.drain(..CAPACITY / 2).collect::<Vec<_>>();
        self.workers[worker].spilled.extend(half);
        self.workers[worker].spilled.push(behind);
        let injector = worker % self.injectors.len();
        let (_, lock, len) = self.injectors[injector];
        let count = CAPACITY / 2 + 1;
        let spill = Op::Lock {
            lock,
            hold: ns(10) + ns(2) * count as Time,
            lines: (count / PLACES) as u32,
            then: Effect::Spill { injector },
        };
        let mut ops = vec![Op::Write(self.heads[worker]), spill, Op::Write(len)];
        ops.extend(&wake[1..]);
        ops
    }

    fn spill(&mut self, thread: usize, injector: usize) {
        let worker = self.worker_of(thread);
        self.injectors[injector].0.extend(self.workers[worker].spilled.drain(..));
    }

    // ---- Sleep ----

    fn rest(&mut self, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        if std::mem::take(&mut self.workers[worker].is_fed) && self.workers[worker].is_searching {
            let own = self.injectors[worker % self.injectors.len()].2;
            let look = Effect::TryInjector { is_last: true };
            return vec![Op::Work(LINGER), Op::Read(own), Op::Do(look)];
        }
        let reactor = self.reactor_of_worker(worker);
        let attends = self.reactors[reactor].attendant.is_none();
        if attends {
            self.reactors[reactor].attendant = Some(worker);
        }
        self.workers[worker].attends = attends;
        vec![
            Op::Write(self.reactors[reactor].attendance),
            Op::Lock { lock: self.sleep, hold: ns(15), lines: 1, then: Effect::EnterSleep { attends } },
            Op::Write(self.counts),
            Op::Read(self.injectors[worker % self.injectors.len()].2),
            Op::Do(Effect::LookAgain),
        ]
    }

    fn enter_sleep(&mut self, thread: usize, attends: bool) {
        let worker = self.worker_of(thread);
        self.sleepers.push((worker, attends));
        self.workers[worker].is_asleep = true;
        if std::mem::take(&mut self.workers[worker].is_searching) {
            self.searching -= 1;
        }
    }

    /// Step c of the proof in `idle.rs`.
    fn look_again(&self, engine: &Engine<Effect>, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        let has_events =
            self.workers[worker].attends && !self.reactors[self.reactor_of_worker(worker)].ready.is_empty();
        if self.full_injector(worker).is_some() || has_events {
            return vec![Op::Do(Effect::Awake)];
        }
        vec![Op::Work(engine.costs.fall_asleep), Op::Sleep, Op::Do(Effect::Awake)]
    }

    fn awake(&self) -> Ops {
        vec![Op::Lock { lock: self.sleep, hold: ns(15), lines: 1, then: Effect::Leave }]
    }

    fn leave(&mut self, engine: &Engine<Effect>, thread: usize) -> Ops {
        let worker = self.worker_of(thread);
        self.workers[worker].is_asleep = false;
        let mut ops = Vec::new();
        match self.sleepers.iter().rposition(|&(sleeper, _)| sleeper == worker) {
            Some(at) => {
                self.sleepers.remove(at);
                ops.push(Op::Write(self.counts));
            }
            // Whoever took it off the list has counted it as searching.
            None => self.workers[worker].is_searching = true,
        }
        self.workers[worker].last_beat = engine.now;
        self.workers[worker].polls_left = self.workers[worker].polls;
        if self.workers[worker].attends {
            ops.extend(self.collect(engine, self.reactor_of_worker(worker)));
        }
        ops
    }

    /// A request has come.
    fn arrive(&mut self, engine: &mut Engine<Effect>, task: Task) {
        self.arrived[task.number] = engine.now;
        let reactor = self.reactor_of_task(task);
        self.reactors[reactor].ready.push_back(task);
        let attendant = self.reactors[reactor].attendant;
        if let Some(attendant) = attendant.filter(|&attendant| self.workers[attendant].is_asleep) {
            engine.wake(self.workers[attendant].thread, engine.costs.wake_latency);
        }
    }
}
