//! The table of what is measured.

use std::fmt::Write;

use crate::{
    runtimes::{CONTENDERS, Contender, Offers},
    workloads::{Handler, Load, Workload, hog::Kind},
};

/// One comparison.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) workload: Workload,
    field: Field,
    /// How often each runtime has its turn, unless asked otherwise: the more, the shorter a turn is.
    pub(crate) rounds: usize,
    /// How often to measure within a turn, where the workload repeats itself. The others run once.
    pub(crate) samples: usize,
}

/// Who takes part in a row, as far as they offer what it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Everyone,
    /// And ours without learning.
    Learning,
    /// Ours in its flavours, and tokio.
    Few,
    /// Ours and tokio, with 1, 2, 4 and 8 workers.
    Workers,
    /// Ours, with and without options that cost something.
    Options,
    /// Ours with one worker, whose every poll that blocks is found, with and without reports.
    Reports,
}

/// A contender with a number of workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) contender: &'static Contender,
    /// `None` is what the whole run is set to.
    pub(crate) workers: Option<usize>,
}

const T1_C50: Load = Load { threads: 1, connections: 50 };
const T10_C50: Load = Load { threads: 10, connections: 50 };
const T1_C500: Load = Load { threads: 1, connections: 500 };

const fn row(name: &'static str, about: &'static str, workload: Workload) -> Row {
    Row { name, about, workload, field: Field::Everyone, rounds: 9, samples: 15 }
}

const fn among(field: Field, row: Row) -> Row {
    Row { field, ..row }
}

const fn rounds(rounds: usize, row: Row) -> Row {
    Row { rounds, ..row }
}

const fn storm(name: &'static str, about: &'static str, is_offloaded: bool) -> Row {
    Row { rounds: 3, samples: 5, ..row(name, about, Workload::Storm { is_offloaded }) }
}

const fn http(name: &'static str, about: &'static str, load: Load, handler: Handler) -> Row {
    rounds(5, row(name, about, Workload::Http { load, handler }))
}

const fn heartbeat(name: &'static str, about: &'static str, hogs: usize, kind: Kind) -> Row {
    among(Field::Learning, rounds(3, row(name, about, Workload::Heartbeat { hogs, kind })))
}

const fn mixed(name: &'static str, about: &'static str, one_in: u64) -> Row {
    among(Field::Few, rounds(3, row(name, about, Workload::Mixed { one_in })))
}

const fn workers(name: &'static str, about: &'static str, workload: Workload) -> Row {
    among(Field::Workers, row(name, about, workload))
}

/// All rows, in the order in which they are measured and shown.
pub(crate) const ROWS: &[Row] = &[
    // The classics.
    row("spawn-outside", "10,000 spawns from outside of the runtime", Workload::SpawnOutside),
    row("spawn-inside", "10,000 spawns from a task", Workload::SpawnInside),
    row("yields", "200 tasks x 1,000 yields", Workload::Yields),
    row("ping-pong", "1,000 pairs of tasks, a message each way", Workload::PingPong),
    row("chain", "1,000 chained spawns", Workload::Chain),
    // Locks and channels.
    row("mutex-10x1000", "a mutex, 10 tasks x 1,000 locks", Workload::Mutex { tasks: 10, locks: 1_000 }),
    row("mutex-1x10000", "a mutex, 1 task x 10,000 locks", Workload::Mutex { tasks: 1, locks: 10_000 }),
    row(
        "channel-1-1",
        "a bounded channel, 1 sender, 1 receiver",
        Workload::Channel { senders: 1, receivers: 1 },
    ),
    row(
        "channel-8-1",
        "a bounded channel, 8 senders, 1 receiver",
        Workload::Channel { senders: 8, receivers: 1 },
    ),
    row(
        "channel-8-8",
        "a bounded channel, 8 senders, 8 receivers",
        Workload::Channel { senders: 8, receivers: 8 },
    ),
    // Time and memory.
    rounds(5, row("timers", "100,000 tasks that sleep once", Workload::Timers)),
    rounds(
        5,
        row(
            "timers-cancelled",
            "100,000 tasks that sleep, half of them cancelled",
            Workload::TimersCancelled,
        ),
    ),
    rounds(3, row("memory", "memory per task that waits", Workload::Memory)),
    // HTTP.
    http("http-t1-c50", "HTTP keep-alive, load -t1 -c50", T1_C50, Handler::Plain),
    http("http-t10-c50", "HTTP keep-alive, load -t10 -c50", T10_C50, Handler::Plain),
    http("http-t1-c500", "HTTP keep-alive, load -t1 -c500", T1_C500, Handler::Plain),
    http("http-sleeps", "HTTP -t1 -c50, 1 request in 10 blocks 10 ms in its task", T1_C50, Handler::Sleeps),
    http(
        "http-sleeps-offloaded",
        "HTTP -t1 -c50, 1 request in 10 blocks 10 ms through spawn_blocking",
        T1_C50,
        Handler::SleepsOffloaded,
    ),
    // Blocking.
    storm("storm", "40 tasks that block 50 ms each", false),
    storm("storm-offloaded", "40 times 50 ms through spawn_blocking", true),
    row("light", "10,000 reads of a small cached file, right in the task", Workload::Light),
    row("light-offloaded", "10,000 reads through spawn_blocking", Workload::LightOffloaded),
    row("block-in-place", "block_in_place around next to nothing", Workload::BlockInPlace),
    // Heartbeat.
    heartbeat("heartbeat", "a 1 ms ticker alone", 0, Kind::Sleeps),
    heartbeat("heartbeat-4-sleeping", "a 1 ms ticker beside 4 tasks that block 20 ms", 4, Kind::Sleeps),
    heartbeat("heartbeat-16-sleeping", "a 1 ms ticker beside 16 tasks that block 20 ms", 16, Kind::Sleeps),
    heartbeat("heartbeat-64-sleeping", "a 1 ms ticker beside 64 tasks that block 20 ms", 64, Kind::Sleeps),
    heartbeat("heartbeat-4-computing", "a 1 ms ticker beside 4 tasks that compute 20 ms", 4, Kind::Computes),
    heartbeat(
        "heartbeat-16-computing",
        "a 1 ms ticker beside 16 tasks that compute 20 ms",
        16,
        Kind::Computes,
    ),
    heartbeat(
        "heartbeat-64-computing",
        "a 1 ms ticker beside 64 tasks that compute 20 ms",
        64,
        Kind::Computes,
    ),
    mixed("mixed-10", "64 tasks, 1 poll in 10 blocks 20 ms", 10),
    mixed("mixed-100", "64 tasks, 1 poll in 100 blocks 20 ms", 100),
    mixed("mixed-1000", "64 tasks, 1 poll in 1,000 blocks 20 ms", 1_000),
    // Idleness.
    rounds(3, row("idle", "nothing to do", Workload::Idle)),
    rounds(3, row("almost-idle", "a task that wakes up every 50 ms", Workload::AlmostIdle)),
    // What options cost.
    among(Field::Options, row("options-yields", "yields with options", Workload::Yields)),
    among(Field::Options, row("options-ping-pong", "ping-pong with options", Workload::PingPong)),
    among(Field::Options, row("options-spawn", "spawn-inside with options", Workload::SpawnInside)),
    among(Field::Options, storm("options-storm", "storm with options", false)),
    among(
        Field::Reports,
        rounds(3, row("report-cost", "processor time for a poll that blocks", Workload::ReportCost)),
    ),
    // More workers than cores, and fewer.
    workers("workers-spawn-outside", "spawn-outside with 1 to 8 workers", Workload::SpawnOutside),
    workers("workers-spawn-inside", "spawn-inside with 1 to 8 workers", Workload::SpawnInside),
    workers("workers-yields", "yields with 1 to 8 workers", Workload::Yields),
    workers("workers-ping-pong", "ping-pong with 1 to 8 workers", Workload::PingPong),
    workers("workers-chain", "chain with 1 to 8 workers", Workload::Chain),
    workers(
        "workers-mutex",
        "mutex-10x1000 with 1 to 8 workers",
        Workload::Mutex { tasks: 10, locks: 1_000 },
    ),
    workers(
        "workers-channel",
        "channel-8-8 with 1 to 8 workers",
        Workload::Channel { senders: 8, receivers: 8 },
    ),
    among(Field::Workers, http("workers-http", "http-t1-c50 with 1 to 8 workers", T1_C50, Handler::Plain)),
    among(Field::Workers, storm("workers-storm", "storm with 1 to 8 workers", false)),
];

impl Row {
    pub(crate) fn named(name: &str) -> Result<&'static Row, String> {
        let found = ROWS.iter().find(|row| row.name == name);
        found.ok_or_else(|| format!("there is no row {name:?}; `list` prints all of them"))
    }

    /// Those who take part.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |contender: &'static Contender, workers| Entry { contender, workers };
        let admitted = CONTENDERS.iter().filter(|contender| self.admits(contender).is_ok());
        let everyone = admitted.clone().filter(|one| !one.is_option() && !one.lacks_a_part());
        match self.field {
            Field::Everyone => {
                everyone.filter(|one| one.name != "ours-nolearn").map(|one| entry(one, None)).collect()
            }
            Field::Learning => everyone.map(|one| entry(one, None)).collect(),
            Field::Few => everyone
                .filter(|one| one.name.starts_with("ours") || one.name == "tokio")
                .map(|one| entry(one, None))
                .collect(),
            Field::Workers => everyone
                .filter(|one| matches!(one.name, "ours" | "tokio"))
                .flat_map(|one| [1, 2, 4, 8].map(|workers| entry(one, Some(workers))))
                .collect(),
            Field::Options => admitted
                .filter(|one| one.is_option() || matches!(one.name, "ours" | "ours-nolearn"))
                .map(|one| entry(one, None))
                .collect(),
            Field::Reports => admitted
                .filter(|one| matches!(one.name, "ours-nolearn" | "ours-reporting"))
                .map(|one| entry(one, Some(1)))
                .collect(),
        }
    }

    /// Says why a contender cannot take part, if it cannot.
    pub(crate) fn admits(&self, contender: &Contender) -> Result<(), String> {
        let needs = self.needs();
        let has = contender.offers;
        let lacks = [
            (needs.timers && !has.timers, "timers"),
            (needs.net && !has.net, "sockets"),
            (needs.blocking && !has.blocking, "`spawn_blocking`"),
            (needs.in_place && !has.in_place, "`block_in_place`"),
        ];
        match lacks.iter().find(|(lacks, _)| *lacks) {
            Some((_, what)) => Err(format!("{} has no {what}, which {} needs", contender.name, self.name)),
            None => Ok(()),
        }
    }

    fn needs(&self) -> Offers {
        let tasks = Offers { timers: false, net: false, blocking: false, in_place: false };
        match self.workload {
            Workload::Timers
            | Workload::TimersCancelled
            | Workload::Heartbeat { .. }
            | Workload::Mixed { .. }
            | Workload::AlmostIdle => Offers { timers: true, ..tasks },
            Workload::Http { handler: Handler::SleepsOffloaded, .. } => {
                Offers { net: true, blocking: true, ..tasks }
            }
            Workload::Http { .. } => Offers { net: true, ..tasks },
            Workload::Storm { is_offloaded: true } | Workload::LightOffloaded => {
                Offers { blocking: true, ..tasks }
            }
            Workload::BlockInPlace => Offers { in_place: true, ..tasks },
            _ => tasks,
        }
    }
}

impl Entry {
    /// Reads `NAME` or `NAME@WORKERS`.
    pub(crate) fn parse(text: &str) -> Result<Entry, String> {
        let Some((name, workers)) = text.split_once('@') else {
            return Ok(Entry { contender: Contender::named(text)?, workers: None });
        };
        let number = workers.parse().ok().filter(|workers| (1..=512).contains(workers));
        let workers =
            number.ok_or_else(|| format!("{text:?} has no number of workers from 1 to 512 after its @"))?;
        Ok(Entry { contender: Contender::named(name)?, workers: Some(workers) })
    }

    /// What [`Entry::parse`] reads.
    pub(crate) fn name(&self) -> String {
        match self.workers {
            Some(workers) => format!("{}@{workers}", self.contender.name),
            None => self.contender.name.to_owned(),
        }
    }
}

/// What can be measured, for the eye.
pub(crate) fn list() -> String {
    let mut text = String::from("Rows:\n");
    for row in ROWS {
        let _ = writeln!(text, "  {:<24}{}", row.name, row.about);
    }
    text.push_str("\nRuntimes (NAME, or NAME@WORKERS):\n");
    for contender in CONTENDERS {
        let lacking = ROWS.iter().filter(|row| row.admits(contender).is_err()).count();
        let rows =
            if lacking == 0 { String::new() } else { format!(" (not in {lacking} rows, for want of parts)") };
        let _ = writeln!(text, "  {:<24}{}{rows}", contender.name, contender.about);
    }
    text
}
