//! The scheduler on machines that nobody here has: a simulation of 1 to 128 cores.
//!
//! | File | Is |
//! |---|---|
//! | `engine.rs` | simulated time: threads, cache lines, locks |
//! | `costs.rs` | what each costs, measured here or cited |
//! | `model.rs`, `steps.rs` | the scheduler: what is shared, and who touches it when |
//! | `loads.rs` | the workloads |
//! | `points.rs` | every place where threads meet, and what bounds it |
//! | `tables.rs` | the tables of the book |
//!
//! A run is the same on every machine: costs are constants, time is a whole number, chance is seeded. What it says is
//! only as good as the model, so `check` compares it with the rows that were measured with 1, 2, 4 and 8 workers.

mod costs;
mod engine;
mod loads;
mod model;
mod points;
mod steps;
pub(crate) mod tables;
#[cfg(test)]
mod tests;

use std::{fs, path::Path, sync::LazyLock};

use serde::Serialize;

use costs::{Costs, Machine, Time, us};
use loads::{Outcome, Scenario};
use model::Design;

use crate::machine;

/// Numbers of cores that are simulated, each with as many workers.
pub(crate) const CORES: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// A load with a name, for any number of cores.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    unit: &'static str,
    scenario: fn(usize, Design) -> Scenario,
}

/// All loads.
pub(crate) const CASES: [Case; 7] = [
    Case {
        name: "outside-1",
        about: "one thread outside spawns empty tasks",
        unit: "tasks",
        scenario: |cores, design| Scenario::outside(cores, 1, 4_000, design),
    },
    Case {
        name: "outside-n",
        about: "as many threads outside as workers spawn empty tasks",
        unit: "tasks",
        scenario: |cores, design| Scenario::outside(cores, cores, (8_000 / cores as u32).max(100), design),
    },
    Case {
        name: "inside",
        about: "a task on every worker spawns empty tasks",
        unit: "tasks",
        scenario: |cores, design| Scenario::inside(cores, cores, 400, design),
    },
    Case {
        name: "yields",
        about: "16 tasks on every worker that yield after 1 µs of work",
        unit: "yields",
        scenario: |cores, design| Scenario::yields(cores, (cores, 16, 24), us(1), design),
    },
    Case {
        name: "http",
        about: "16 connections for every worker, 5 µs of work per request",
        unit: "requests",
        scenario: Scenario::http,
    },
    Case {
        name: "wakes",
        about: "one task wakes 16 for every worker, which all sleep; 20 µs of work each",
        unit: "tasks",
        scenario: Scenario::wakes,
    },
    Case {
        name: "herd",
        about: "every worker runs dry at the same moment; until all sleep",
        unit: "workers",
        scenario: Scenario::herd,
    },
];

/// What one case came to on one machine.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) cores: usize,
    pub(crate) ns_per_unit: f64,
    /// Units per second.
    pub(crate) rate: f64,
    pub(crate) took_us: f64,
    pub(crate) p99_us: Option<f64>,
    /// What was in use for the largest part of the time, and which part of it.
    pub(crate) busiest: String,
    pub(crate) utilisation: f64,
    /// What threads waited for the longest, and the nanoseconds of waiting per unit.
    pub(crate) waited_for: String,
    pub(crate) waited_ns_per_unit: f64,
}

impl Case {
    fn named(name: &str) -> &'static Case {
        CASES.iter().find(|case| case.name == name).expect("only cases of the table are asked for")
    }

    fn figure(&self, cores: usize, design: Design) -> Figure {
        let outcome = (self.scenario)(cores, design).median(Machine::large(cores), Costs::measured());
        figure(cores, &outcome)
    }
}

fn figure(cores: usize, outcome: &Outcome) -> Figure {
    assert!(outcome.came_to_its_end, "the model has lost a task: this is a mistake in it");
    let (busiest, utilisation) = outcome.busiest().unwrap_or(("nothing", 0.0));
    let (waited_for, waited) = outcome.most_waited_for().unwrap_or(("nothing", 0.0));
    Figure {
        cores,
        ns_per_unit: three_digits(outcome.per_unit()),
        rate: three_digits(1e9 / outcome.per_unit()),
        took_us: three_digits(outcome.took as f64 / 1e6),
        p99_us: outcome.p99.map(|p99: Time| three_digits(p99 as f64 / 1e6)),
        busiest: busiest.to_owned(),
        utilisation: three_digits(utilisation),
        waited_for: waited_for.to_owned(),
        waited_ns_per_unit: three_digits(waited),
    }
}

/// More would pretend to know more than a model does.
fn three_digits(figure: f64) -> f64 {
    if figure == 0.0 || !figure.is_finite() {
        return figure;
    }
    let factor = 10_f64.powi(2 - figure.abs().log10().floor() as i32);
    (figure * factor).round() / factor
}

/// A change of the design, and the case that it is for.
pub(crate) struct Change {
    pub(crate) name: &'static str,
    case: &'static str,
    design: fn(usize) -> Design,
}

/// What could be changed, one at a time.
pub(crate) const CHANGES: [Change; 5] = [
    Change {
        name: "a shared count of owners in every task, as it was once",
        case: "inside",
        design: |_| Design { counts_owners: true, ..Design::OURS },
    },
    Change {
        name: "8 injectors",
        case: "outside-n",
        design: |cores| Design { injectors: cores.min(8), ..Design::OURS },
    },
    Change {
        name: "a reactor for every 8 workers",
        case: "http",
        design: |cores| Design { reactors: cores.div_ceil(8), ..Design::OURS },
    },
    Change {
        name: "one look at the reactor per beat, for all workers together",
        case: "yields",
        design: |_| Design { looks_alone: false, ..Design::OURS },
    },
    Change {
        name: "thieves find queues without a lock and a count",
        case: "herd",
        design: |_| Design { asks_processors: false, ..Design::OURS },
    },
];

#[derive(Serialize)]
struct Simulation {
    row: &'static str,
    about: &'static str,
    date: String,
    commit: String,
    /// Of the simulated machine, in nanoseconds.
    near: f64,
    far: f64,
    cores_per_socket: usize,
    points: Vec<points::Bound>,
    cases: Vec<CaseFigures>,
    changes: Vec<CaseFigures>,
}

/// The one simulation of this process: it takes seconds, and several tables are of it.
static SIMULATION: LazyLock<Simulation> = LazyLock::new(Simulation::run);

#[derive(Serialize)]
struct CaseFigures {
    name: &'static str,
    /// The case, if this is a change.
    case: &'static str,
    about: &'static str,
    unit: &'static str,
    figures: Vec<Figure>,
}

impl Simulation {
    fn run() -> Simulation {
        let all = |name, case: &Case, design: &dyn Fn(usize) -> Design| CaseFigures {
            name,
            case: case.name,
            about: case.about,
            unit: case.unit,
            figures: CORES.iter().map(|&cores| case.figure(cores, design(cores))).collect(),
        };
        let machine = Machine::large(64);
        Simulation {
            row: "simulate",
            about: "the scheduler simulated on 1 to 128 cores: a model, not a measurement",
            date: machine::today(),
            commit: machine::commit(),
            near: machine.near as f64 / 1e3,
            far: machine.far as f64 / 1e3,
            cores_per_socket: machine.socket,
            points: points::bounds(),
            cases: CASES.iter().map(|case| all(case.name, case, &|_| Design::OURS)).collect(),
            changes: CHANGES
                .iter()
                .map(|change| all(change.name, Case::named(change.case), &change.design))
                .collect(),
        }
    }

    fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// Simulates everything, prints the tables, and writes `simulate.json` into `folder`.
pub(crate) fn run(folder: &Path, measures: bool) -> Result<(), String> {
    for text in [tables::points(), tables::cores(), tables::changes(), tables::check(folder)] {
        println!("{text}");
    }
    if measures {
        costs::print_measured();
    }
    let file = folder.join("simulate.json");
    let text = SIMULATION.json().map_err(|error| format!("cannot put the simulation into words: {error}"))?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}
