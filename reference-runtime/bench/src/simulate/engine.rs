//! Threads, cache lines and locks in simulated time.
//!
//! Every thread has a program, a queue of [`Op`]s. The engine takes the thread whose time is the earliest, runs its next
//! operation, and puts it back at the time at which that operation ends. So shared places are touched in the order of
//! time, and no thread waits for another in any other way than a real one would: for a line, for a lock, or asleep.
//!
//! A *line* is a cache line. To write to it, a core fetches it from the core that wrote last, one core after the other;
//! to read it, a core fetches it once, and then has it until somebody writes. That is all the model knows of caches.
//!
//! A *lock* is a line with a critical section. Who finds it held spins, up to the limit of std's locks, then sleeps in
//! the kernel; as in std, nobody spins on a lock that has sleepers.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::costs::{Costs, Machine, Time};

/// The cache line of something that threads share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LineId(usize);

/// Something that one thread may do at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LockId(usize);

/// One step of a thread. `E` is what the world does at that moment, in no time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op<E> {
    /// Something that concerns nobody else.
    Work(Time),
    Read(LineId),
    /// A store or an atomic read-modify-write.
    Write(LineId),
    /// A critical section of this length, which touches so many more lines of what the lock guards.
    Lock {
        lock: LockId,
        hold: Time,
        lines: u32,
        then: E,
    },
    Do(E),
    /// Until [`Engine::wake`], or not at all if that came first.
    Sleep,
}

/// What happens and when, beyond lines and locks.
pub(super) trait World: Sized {
    type Effect: Copy + std::fmt::Debug;

    /// Fills the program of a thread that has come to its end. If it stays empty, the thread is over.
    fn plan(&mut self, engine: &mut Engine<Self::Effect>, thread: usize);

    /// Something happens on a thread. What it takes further goes to the front of the program, see [`Engine::first`].
    fn happen(&mut self, engine: &mut Engine<Self::Effect>, thread: usize, effect: Self::Effect);

    /// Whether there is nothing left to simulate.
    fn is_over(&self) -> bool;
}

/// How much a line or a lock was in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    pub(super) name: &'static str,
    pub(super) operations: u64,
    /// How long somebody was at it, transfers included.
    pub(super) busy: Time,
    /// How long others waited for them, all together.
    pub(super) waited: Time,
}

struct Line {
    owner: Option<usize>,
    /// Cores that have a copy.
    sharers: [u64; 8],
    free_at: Time,
    usage: Usage,
}

struct Lock {
    line: LineId,
    /// Kernel locks and tests: waiting threads spin for as long as it takes.
    may_sleep: bool,
    waiters: VecDeque<usize>,
    /// Waiters that have been woken and have yet to try again.
    woken: usize,
}

struct Thread<E> {
    core: usize,
    program: VecDeque<Op<E>>,
    /// In [`Op::Sleep`]. Who sleeps in a lock is among its waiters instead.
    is_asleep: bool,
    is_notified: bool,
    /// It was woken by a lock and tries again.
    retries: bool,
}

/// The core of threads that need none.
const ELSEWHERE: usize = usize::MAX;

/// See the module's documentation.
pub(super) struct Engine<E> {
    pub(super) now: Time,
    pub(super) costs: Costs,
    machine: Machine,
    /// By time, then in the order in which they were put there.
    agenda: BinaryHeap<Reverse<(Time, u64, usize)>>,
    sequence: u64,
    threads: Vec<Thread<E>>,
    /// Until when the core is taken, and by whom.
    cores: Vec<Time>,
    lines: Vec<Line>,
    locks: Vec<Lock>,
    /// For the little disorder that a real machine has.
    random: u64,
}

impl<E: Copy> Engine<E> {
    pub(super) fn new(machine: Machine, costs: Costs, seed: u64) -> Self {
        Self {
            now: 0,
            costs,
            machine,
            agenda: BinaryHeap::new(),
            sequence: 0,
            threads: Vec::new(),
            cores: vec![0; machine.cores],
            lines: Vec::new(),
            locks: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15 ^ (seed << 20),
        }
    }

    /// A thread that begins now. More threads than cores take turns.
    pub(super) fn thread(&mut self) -> usize {
        let thread = self.threads.len();
        let core = thread % self.machine.cores;
        let program = VecDeque::new();
        self.threads.push(Thread { core, program, is_asleep: false, is_notified: false, retries: false });
        self.put(thread, self.now);
        thread
    }

    /// A thread that lives elsewhere: it needs no core of this machine.
    pub(super) fn client(&mut self) -> usize {
        let thread = self.thread();
        self.threads[thread].core = ELSEWHERE;
        thread
    }

    pub(super) fn line(&mut self, name: &'static str) -> LineId {
        let usage = Usage { name, ..Usage::default() };
        self.lines.push(Line { owner: None, sharers: [0; 8], free_at: 0, usage });
        LineId(self.lines.len() - 1)
    }

    pub(super) fn lock(&mut self, name: &'static str, may_sleep: bool) -> LockId {
        let line = self.line(name);
        self.locks.push(Lock { line, may_sleep, waiters: VecDeque::new(), woken: 0 });
        LockId(self.locks.len() - 1)
    }

    /// What this thread does next, before the rest of its program; in the order given.
    pub(super) fn first(&mut self, thread: usize, ops: impl DoubleEndedIterator<Item = Op<E>>) {
        for op in ops.rev() {
            self.threads[thread].program.push_front(op);
        }
    }

    /// What this thread does last.
    pub(super) fn then(&mut self, thread: usize, ops: impl IntoIterator<Item = Op<E>>) {
        self.threads[thread].program.extend(ops);
    }

    /// Ends the sleep of a thread after `delay`, or its next one at once. False is the latter.
    pub(super) fn wake(&mut self, thread: usize, delay: Time) -> bool {
        let sleeper = &mut self.threads[thread];
        let was_asleep = std::mem::take(&mut sleeper.is_asleep);
        if was_asleep {
            self.put(thread, self.now + delay);
        } else {
            sleeper.is_notified = true;
        }
        was_asleep
    }

    pub(super) fn core_of(&self, thread: usize) -> usize {
        self.threads[thread].core
    }

    /// How long a line takes from one core to another.
    pub(super) fn transfer(&self, from: usize, to: usize) -> Time {
        if from == to {
            0
        } else if from / self.machine.socket == to / self.machine.socket {
            self.machine.near
        } else {
            self.machine.far
        }
    }

    /// A number below `bound`, the same in every run.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound.max(1)
    }

    /// What was used how much, one entry for all that have a name in common.
    pub(super) fn usages(&self) -> Vec<Usage> {
        let mut sums: Vec<Usage> = Vec::new();
        for usage in self.lines.iter().map(|line| &line.usage) {
            match sums.iter_mut().find(|sum| sum.name == usage.name) {
                Some(sum) => {
                    sum.operations += usage.operations;
                    sum.waited += usage.waited;
                    // The busiest one is what bounds the rest.
                    sum.busy = sum.busy.max(usage.busy);
                }
                None => sums.push(usage.clone()),
            }
        }
        sums
    }

    /// Runs until the world is over, or nobody has anything to do. False is the latter.
    pub(super) fn run(&mut self, world: &mut impl World<Effect = E>) -> bool {
        while !world.is_over() {
            let Some(Reverse((time, _, thread))) = self.agenda.pop() else { return false };
            let core_free = self.cores.get(self.threads[thread].core).copied().unwrap_or(0);
            if core_free > time {
                self.put(thread, core_free);
                continue;
            }
            self.now = time;
            self.step(world, thread);
        }
        true
    }

    /// Runs one operation that takes time, with all before it that take none.
    fn step(&mut self, world: &mut impl World<Effect = E>, thread: usize) {
        loop {
            let Some(op) = self.threads[thread].program.pop_front() else {
                world.plan(self, thread);
                if self.threads[thread].program.is_empty() {
                    return;
                }
                continue;
            };
            let end = match op {
                Op::Do(effect) => {
                    world.happen(self, thread, effect);
                    continue;
                }
                Op::Sleep => {
                    let sleeper = &mut self.threads[thread];
                    if std::mem::take(&mut sleeper.is_notified) {
                        continue;
                    }
                    sleeper.is_asleep = true;
                    return;
                }
                Op::Work(time) => self.now + time,
                Op::Read(line) => self.read(line, self.threads[thread].core),
                Op::Write(line) => self.write(line, self.threads[thread].core, 0),
                Op::Lock { lock, hold, lines, then } => {
                    let Some((locked, end)) = self.acquire(lock, thread, hold, lines) else {
                        // Asleep. The same again when it is woken.
                        self.threads[thread].program.push_front(op);
                        return;
                    };
                    // What happens in the critical section is seen by others from its begin: nobody else looks at what
                    // the lock guards before its end.
                    let now = std::mem::replace(&mut self.now, locked);
                    world.happen(self, thread, then);
                    self.now = now;
                    end
                }
            };
            if let Some(core) = self.cores.get_mut(self.threads[thread].core) {
                *core = end;
            }
            self.put(thread, end);
            return;
        }
    }

    fn put(&mut self, thread: usize, time: Time) {
        self.sequence += 1;
        self.agenda.push(Reverse((time, self.sequence, thread)));
    }

    fn read(&mut self, line: LineId, core: usize) -> Time {
        let from = self.lines[line.0].owner.unwrap_or(core);
        let fetch = self.transfer(from, core);
        let line = &mut self.lines[line.0];
        let has_copy = line.sharers[core / 64] >> (core % 64) & 1 == 1;
        if has_copy {
            return self.now + self.costs.hit;
        }
        line.sharers[core / 64] |= 1 << (core % 64);
        // Somebody may be writing at this moment.
        self.now.max(line.free_at) + self.costs.hit + fetch
    }

    /// Fetches the line for this core alone, and keeps it for as long as `hold`.
    fn write(&mut self, line: LineId, core: usize, hold: Time) -> Time {
        let sharers = self.lines[line.0].sharers;
        let owner = self.lines[line.0].owner;
        let mut fetch = owner.map_or(0, |owner| self.transfer(owner, core));
        // Copies of others have to go, which takes as long as the way to the furthest.
        for (word, &bits) in sharers.iter().enumerate() {
            let others = if word == core / 64 { bits & !(1 << (core % 64)) } else { bits };
            if others != 0 {
                let nearest = word * 64 + others.trailing_zeros() as usize;
                let furthest = word * 64 + 63 - others.leading_zeros() as usize;
                fetch = fetch.max(self.transfer(nearest, core)).max(self.transfer(furthest, core));
            }
        }
        let line = &mut self.lines[line.0];
        let begin = self.now.max(line.free_at);
        let end = begin + fetch + self.costs.rmw + hold;
        line.owner = Some(core);
        line.sharers = [0; 8];
        line.sharers[core / 64] = 1 << (core % 64);
        line.free_at = end;
        line.usage.operations += 1;
        line.usage.busy += end - begin;
        line.usage.waited += begin - self.now;
        end
    }

    /// From when the lock is ours, and when our critical section ends. `None`: the thread has gone to sleep.
    fn acquire(&mut self, lock: LockId, thread: usize, hold: Time, lines: u32) -> Option<(Time, Time)> {
        let Lock { line, may_sleep, .. } = self.locks[lock.0];
        let core = self.threads[thread].core;
        if std::mem::take(&mut self.threads[thread].retries) {
            self.locks[lock.0].woken -= 1;
        }
        let free_at = self.lines[line.0].free_at;
        let wait = free_at.saturating_sub(self.now);
        let has_sleepers = !self.locks[lock.0].waiters.is_empty() || self.locks[lock.0].woken > 0;
        if may_sleep && wait > 0 && (has_sleepers || wait > self.costs.spin) {
            self.lines[line.0].usage.waited += wait;
            self.locks[lock.0].waiters.push_back(thread);
            // Whoever holds the lock finds a sleeper when it unlocks; if several sleep, one of them is on its way.
            if self.locks[lock.0].woken == 0 {
                self.wake_waiter(lock, free_at);
            }
            return None;
        }
        let from = self.lines[line.0].owner.unwrap_or(core);
        let fetch = self.transfer(from, core);
        // Who spins has a copy of the line, so the unlock has to fetch it back before the next can have it.
        let bounce = if wait > 0 { fetch } else { 0 };
        let section = fetch * Time::from(lines) + hold;
        let end = self.write(line, core, bounce + section + self.costs.rmw);
        let mut unlocked = end;
        if !self.locks[lock.0].waiters.is_empty() {
            self.wake_waiter(lock, end);
            unlocked += self.costs.wake_call;
        }
        Some((end - section - self.costs.rmw, unlocked))
    }

    /// The oldest sleeper tries again when it has woken up.
    fn wake_waiter(&mut self, lock: LockId, unlocked: Time) {
        let Some(waiter) = self.locks[lock.0].waiters.pop_front() else { return };
        self.locks[lock.0].woken += 1;
        self.threads[waiter].retries = true;
        self.put(waiter, unlocked + self.costs.wake_latency);
    }
}
