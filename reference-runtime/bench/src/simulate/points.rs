//! Every place where threads meet, and how often a second it can be used by 64 cores at once.

use serde::Serialize;

use super::{
    costs::{Costs, Machine, Time, ns, us},
    engine::{Engine, LineId, LockId, Op, World},
};

/// A place where threads meet.
pub(crate) struct Point {
    /// The type and field, as in the source.
    pub(crate) place: &'static str,
    pub(crate) file: &'static str,
    pub(crate) touched_by: &'static str,
    pub(crate) how_often: &'static str,
    shape: Shape,
    /// Operations on it per unit.
    per_unit: f64,
    unit: &'static str,
}

/// What an operation on it is.
#[derive(Clone, Copy)]
enum Shape {
    /// A write to a line.
    Line,
    /// A lock of std, held so long, with so many lines behind it.
    Lock { hold: Time, lines: u32 },
    /// A lock of the kernel: who waits does not sleep.
    KernelLock { hold: Time },
    /// Work that one thread does for all.
    OneThread { takes: Time },
    /// As [`Shape::Lock`], but there are so many of them.
    Sharded { hold: Time, lines: u32, shards: u32 },
    /// Never written while work goes on.
    ReadOnly,
}

pub(crate) const POINTS: &[Point] = &[
    Point {
        place: "`SCHEDULERS`, and the count of the scheduler that is found there",
        file: "scheduler/home.rs",
        touched_by: "wakes by threads that are no workers",
        how_often: "2 each per such wake",
        shape: Shape::Line,
        per_unit: 2.0,
        unit: "wakes from outside",
    },
    Point {
        place: "`Injector::waiting`",
        file: "queue.rs",
        touched_by: "spawns and wakes by threads that are no workers; half of a full queue; workers without tasks",
        how_often: "1 per spawn outside, 1 for each batch taken",
        shape: Shape::Lock { hold: ns(10), lines: 1 },
        per_unit: 1.0,
        unit: "spawns outside",
    },
    Point {
        place: "`Counters::spawned`",
        file: "scheduler/metrics.rs",
        touched_by: "spawns by threads that are no workers",
        how_often: "1 per spawn outside",
        shape: Shape::Line,
        per_unit: 1.0,
        unit: "spawns outside",
    },
    Point {
        place: "`Idle::counts`",
        file: "idle.rs",
        touched_by: "a worker that begins or ends to search or to sleep; read at every push",
        how_often: "4 per sleep",
        shape: Shape::Line,
        per_unit: 4.0,
        unit: "sleeps",
    },
    Point {
        place: "`Idle::sleepers`",
        file: "idle.rs",
        touched_by: "a worker that goes to sleep, is woken, wakes up",
        how_often: "3 per sleep",
        shape: Shape::Lock { hold: ns(15), lines: 1 },
        per_unit: 3.0,
        unit: "sleeps",
    },
    Point {
        place: "`Processor::worker`, and the count in its `Arc<Worker>`",
        file: "scheduler/mod.rs",
        touched_by: "a thief, once for each victim; the monitor, once for each worker at a look",
        how_often: "N - 1 per search in vain",
        shape: Shape::Lock { hold: ns(15), lines: 1 },
        per_unit: 1.0,
        unit: "looks at one victim",
    },
    Point {
        place: "`Reactor::attendance`",
        file: "reactor/mod.rs",
        touched_by: "the one worker that collects events",
        how_often: "1 per event",
        shape: Shape::OneThread { takes: ns(150) },
        per_unit: 1.0,
        unit: "events",
    },
    Point {
        place: "the kernel's lock of the epoll descriptor",
        file: "reactor/mod.rs, `look_at`",
        touched_by: "every worker on its beat; the attendant",
        how_often: "N per 50 µs",
        shape: Shape::KernelLock { hold: Costs::measured().look_locked },
        per_unit: 1.0,
        unit: "looks",
    },
    Point {
        place: "`Reactor::timers`",
        file: "reactor/timers.rs",
        touched_by: "every sleep and every time limit; every worker on its beat",
        how_often: "2 per sleep, N per 50 µs",
        shape: Shape::Lock { hold: ns(60), lines: 3 },
        per_unit: 2.0,
        unit: "timers",
    },
    Point {
        place: "`Reactor::registry`",
        file: "reactor/mod.rs",
        touched_by: "a socket that opens or closes; the attendant, once for all the events it has",
        how_often: "2 per connection",
        shape: Shape::Lock { hold: ns(40), lines: 2 },
        per_unit: 2.0,
        unit: "connections",
    },
    Point {
        place: "`Tasks::shards`",
        file: "tasks.rs",
        touched_by: "the first sleep of a task, and the end of one that has slept",
        how_often: "2 per task that sleeps; a shard per worker, up to 64",
        shape: Shape::Sharded { hold: ns(30), lines: 2, shards: 64 },
        per_unit: 2.0,
        unit: "tasks that sleep",
    },
    Point {
        place: "`Threads::pool`",
        file: "scheduler/threads.rs",
        touched_by: "calls that go to a lane: `spawn_blocking`, and polls of types that were caught",
        how_often: "3 per call",
        shape: Shape::Lock { hold: ns(40), lines: 2 },
        per_unit: 3.0,
        unit: "offloaded calls",
    },
    Point {
        place: "`Learned::scores`, `Monitor::mode`, `is_closing`",
        file: "scheduler/lanes.rs, monitor.rs, mod.rs",
        touched_by: "every poll and every push read them; verdicts and the end write them",
        how_often: "read only",
        shape: Shape::ReadOnly,
        per_unit: 1.0,
        unit: "polls",
    },
];

/// What a point allows.
#[derive(Serialize)]
pub(crate) struct Bound {
    pub(crate) place: &'static str,
    /// Operations per second by 64 cores that do nothing else; none is no bound.
    pub(crate) operations: Option<f64>,
    /// And what that is in units of work.
    pub(crate) units: Option<f64>,
    pub(crate) unit: &'static str,
}

/// The bounds of all points.
pub(crate) fn bounds() -> Vec<Bound> {
    POINTS
        .iter()
        .map(|point| {
            let operations = point.shape.throughput(64).map(super::three_digits);
            let units = operations.map(|operations| super::three_digits(operations / point.per_unit));
            Bound { place: point.place, operations, units, unit: point.unit }
        })
        .collect()
}

impl Shape {
    /// Operations per second by so many cores that do nothing else.
    fn throughput(self, cores: usize) -> Option<f64> {
        Some(match self {
            Shape::Line => hammer(cores, None, 0, 0),
            Shape::Lock { hold, lines } => hammer(cores, Some(true), hold, lines),
            Shape::KernelLock { hold } => hammer(cores, Some(false), hold, 0),
            Shape::OneThread { takes } => 1e12 / takes as f64,
            // Each worker has its own, and nobody meets anybody.
            Shape::Sharded { hold, lines, shards } => {
                hammer(cores.div_ceil(shards as usize), Some(true), hold, lines)
                    * f64::from(shards.min(cores as u32))
            }
            Shape::ReadOnly => return None,
        })
    }
}

/// `cores` threads do nothing but one thing.
struct Hammer {
    line: LineId,
    lock: Option<LockId>,
    hold: Time,
    lines: u32,
    done: u64,
}

/// How much is done before it is over: long enough for what happens at first not to matter.
const BLOWS: u64 = 20_000;

impl World for Hammer {
    type Effect = ();

    fn plan(&mut self, engine: &mut Engine<()>, thread: usize) {
        let pause = engine.below(ns(20));
        let op = match self.lock {
            Some(lock) => Op::Lock { lock, hold: self.hold, lines: self.lines, then: () },
            None => Op::Write(self.line),
        };
        engine.then(thread, [Op::Work(pause), op, Op::Do(())]);
    }

    fn happen(&mut self, _: &mut Engine<()>, _: usize, (): ()) {
        self.done += 1;
    }

    fn is_over(&self) -> bool {
        self.done >= BLOWS
    }
}

/// Operations per second. `lock` says whether waiting threads sleep; without it, it is a plain line.
pub(super) fn hammer(cores: usize, lock: Option<bool>, hold: Time, lines: u32) -> f64 {
    let mut engine = Engine::new(Machine::large(cores), Costs::measured(), 0);
    let line = engine.line("line");
    let lock = lock.map(|may_sleep| engine.lock("lock", may_sleep));
    let is_locked = lock.is_some();
    let mut hammer = Hammer { line, lock, hold, lines, done: 0 };
    for _ in 0..cores {
        engine.thread();
    }
    let came_to_its_end = engine.run(&mut hammer);
    assert!(came_to_its_end, "the engine has lost a thread: this is a mistake in it");
    // The effect of a lock counts as well as the one after it.
    let done = if is_locked { hammer.done / 2 } else { hammer.done };
    done as f64 * 1e12 / engine.now.max(us(1)) as f64
}
