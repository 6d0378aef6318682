//! A process that measures one row on one runtime, prints the figures as JSON and ends.

use std::{panic, process};

use serde::Serialize;

use crate::{
    rows::Row,
    runtimes::{Contender, Runtime},
    workloads::{self, Metric},
};

/// The hidden first argument that makes a process this.
pub(crate) const ARGUMENT: &str = "--child";

/// What the process is to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) row: &'static Row,
    pub(crate) workers: usize,
    /// How often to measure what can be repeated within a process.
    pub(crate) samples: usize,
    pub(crate) scale: Scale,
    /// See [`workloads::hog::steps_per_turn`].
    pub(crate) steps_per_turn: u64,
}

/// How large a workload is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scale {
    /// What the issue says, and the only one to publish.
    Full,
    /// Enough to see a trend.
    Quick,
    /// Enough to see that it works.
    Tiny,
}

impl Scale {
    pub(crate) fn of<T>(self, full: T, quick: T, tiny: T) -> T {
        match self {
            Scale::Full => full,
            Scale::Quick => quick,
            Scale::Tiny => tiny,
        }
    }

    pub(crate) fn is_tiny(self) -> bool {
        self == Scale::Tiny
    }

    pub(crate) fn name(self) -> &'static str {
        self.of("full", "quick", "tiny")
    }

    fn named(name: &str) -> Option<Scale> {
        [Scale::Full, Scale::Quick, Scale::Tiny].into_iter().find(|scale| scale.name() == name)
    }
}

impl Plan {
    /// The arguments that make another process of this program follow this plan.
    pub(crate) fn arguments(&self, contender: &Contender) -> [String; 7] {
        [
            ARGUMENT.to_owned(),
            self.row.name.to_owned(),
            contender.name.to_owned(),
            self.workers.to_string(),
            self.samples.to_string(),
            self.scale.name().to_owned(),
            self.steps_per_turn.to_string(),
        ]
    }

    /// Reads what [`Plan::arguments`] wrote, without the first.
    fn parse(arguments: &[String]) -> Option<(Plan, &'static Contender)> {
        let [row, contender, workers, samples, scale, steps_per_turn] = arguments else { return None };
        let plan = Plan {
            row: Row::named(row).ok()?,
            workers: workers.parse().ok()?,
            samples: samples.parse().ok()?,
            scale: Scale::named(scale)?,
            steps_per_turn: steps_per_turn.parse().ok()?,
        };
        Some((plan, Contender::named(contender).ok()?))
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (plan, contender) =
        Plan::parse(arguments).ok_or("the arguments after --child are for the program itself to write")?;
    // A task that panics would leave the others waiting for it until the time is up.
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        process::exit(1);
    }));
    print(&contender.run(&plan)?)
}

/// Starts `R` and runs the plan's workload on it.
pub(crate) fn on<R: Runtime>(contender: &Contender, plan: &Plan) -> Result<Vec<Metric>, String> {
    let runtime = R::start(contender, plan.workers)
        .map_err(|error| format!("{} cannot be started: {error}", contender.name))?;
    let metrics = workloads::run(&runtime, plan);
    // The process ends now. A runtime that waited for its tasks would wait for those that sleep for ever.
    std::mem::forget(runtime);
    metrics
}

/// Prints a line of JSON for the process that started this one.
pub(crate) fn print(figures: &impl Serialize) -> Result<(), String> {
    let line =
        serde_json::to_string(figures).map_err(|error| format!("cannot write the figures: {error}"))?;
    println!("{line}");
    Ok(())
}
