//! Every workload on this runtime and on its peers, side by side.
//!
//! | File | Is |
//! |---|---|
//! | `rows.rs` | the table of what is measured |
//! | `workloads/` | what each row does, once, generic over the runtime |
//! | `runtimes/` | the trait that makes that possible, and a file per runtime |
//! | `run.rs` | rounds of processes, one at a time, in turns |
//! | `child.rs` | what such a process does |
//! | `stats.rs`, `report.rs`, `machine.rs` | figures into tables and files |
//! | `tables.rs` | results into the tables of the book |
//! | `figures.rs` | data for figures of the book |
//! | `simulate/` | the scheduler on machines that are not here |

mod allocator;
mod args;
mod child;
mod counters;
mod figures;
mod load;
mod machine;
mod primitives;
mod report;
mod rows;
mod run;
mod runtimes;
mod simulate;
mod stats;
mod tables;
mod workloads;

use std::{env, process::ExitCode};

use args::Command;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some(child::ARGUMENT) => child::run(&arguments[1..]),
        Some(load::ARGUMENT) => load::run(&arguments[1..]).and_then(|measured| child::print(&measured)),
        _ => args::parse(arguments).and_then(obey),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("reference-runtime-bench: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> Result<(), String> {
    match command {
        Command::Help => print!("{}", args::HELP),
        Command::List => print!("{}", rows::list()),
        Command::Show { rows, from } => return report::show(&rows, &from),
        Command::Tables { of: None } => return tables::write(),
        Command::Tables { of: Some(folder) } => print!("{}", tables::print(&folder)),
        Command::Figure { figure, rounds, out } => {
            figures::measure(figure, rounds, &out.unwrap_or_else(figures::folder))?;
            return tables::write();
        }
        Command::Simulate { out, measures } => return simulate::run(&out, measures),
        Command::Measure(measure) => return run::measure(&measure),
    }
    Ok(())
}
