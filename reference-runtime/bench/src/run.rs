//! Rounds of processes: one at a time, in turns.
//!
//! In a round each runtime of a row has one turn, in the same order. Whatever disturbs the machine for longer than a
//! turn meets all of them, and the ratios are taken within a round.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    args::Measure,
    child::Plan,
    machine::{self, Machine},
    report::{Figures, Header, Report},
    rows::{Entry, Row},
    runtimes::Contender,
    workloads::{Metric, hog},
};

/// Measures row by row, prints each row's table when it is complete, and writes it if asked to.
///
/// # Errors
///
/// If any turn failed, after all the others had theirs.
pub(crate) fn measure(measure: &Measure) -> Result<(), String> {
    let steps_per_turn = hog::steps_per_turn();
    let machine = Machine::this();
    let commit = machine::commit();
    let mut failures = 0;
    for (index, &row) in measure.rows.iter().enumerate() {
        let entries = entries(measure, row);
        if entries.is_empty() {
            eprintln!("{}: none of these runtimes can take part", row.name);
            continue;
        }
        let plan = Plan {
            row,
            workers: measure.workers,
            samples: measure.samples.unwrap_or(row.samples),
            scale: measure.scale,
            steps_per_turn,
        };
        let place = format!("[{}/{}] {}", index + 1, measure.rows.len(), row.name);
        let rounds = measure.rounds.unwrap_or(row.rounds);
        let figures = take_turns(&plan, &entries, rounds, measure.limit, &place);
        failures += figures.iter().filter(|figures| figures.failure.is_some()).count();
        let header = Header {
            row: row.name.to_owned(),
            about: row.about.to_owned(),
            date: machine::today(),
            commit: commit.clone(),
            machine: machine.clone(),
            workers: measure.workers,
            scale: measure.scale.name().to_owned(),
            rounds,
        };
        let report = Report::new(header, figures);
        print!("{}", report.table());
        if let Some(folder) = &measure.out {
            report.write(folder)?;
        }
    }
    match failures {
        0 => Ok(()),
        1 => Err("one runtime failed in one row; see above".to_owned()),
        _ => Err(format!("{failures} times a runtime failed in a row; see above")),
    }
}

/// Who takes part in a row.
fn entries(measure: &Measure, row: &'static Row) -> Vec<Entry> {
    let Some(asked_for) = &measure.entries else { return row.entries() };
    asked_for.iter().copied().filter(|entry| row.admits(entry.contender).is_ok()).collect()
}

pub(crate) fn take_turns(
    plan: &Plan,
    entries: &[Entry],
    rounds: usize,
    limit: Duration,
    place: &str,
) -> Vec<Figures> {
    let mut figures: Vec<Figures> = entries.iter().map(|entry| Figures::of(&entry.name())).collect();
    for round in 1..=rounds {
        for (entry, figures) in entries.iter().zip(&mut figures) {
            // One that failed would only fail again, and may take its whole time to do so.
            if figures.failure.is_some() {
                continue;
            }
            let plan = Plan { workers: entry.workers.unwrap_or(plan.workers), ..plan.clone() };
            let outcome = turn(&plan, entry, limit);
            let progress = match &outcome {
                Ok(metrics) => metrics.first().map_or_else(String::new, describe),
                Err(failure) => format!("failed: {failure}"),
            };
            eprintln!("{place}, round {round} of {rounds}: {:<14} {progress}", entry.name());
            match outcome {
                Ok(metrics) => figures.add(metrics),
                Err(failure) => figures.failure = Some(failure),
            }
        }
    }
    figures
}

fn describe(metric: &Metric) -> String {
    let summary = crate::stats::Summary::of(metric.samples.iter().copied());
    summary.map_or_else(String::new, |summary| format!("{:.1} {}", summary.median, metric.unit))
}

/// One process.
fn turn(plan: &Plan, entry: &Entry, limit: Duration) -> Result<Vec<Metric>, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find this program's file: {error}"))?;
    let child = Command::new(program)
        .args(plan.arguments(entry.contender))
        .env("RUST_BACKTRACE", "0")
        .envs(Contender::environment(plan.workers))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start a process: {error}"))?;
    let (out, err) = output(child, limit)?;
    let complaint = || {
        let last = err.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with("note: "));
        last.unwrap_or("it gave no figures and no reason").to_owned()
    };
    serde_json::from_str(&out).map_err(|_| complaint())
}

/// What the process prints and what it complains of, once it has ended.
fn output(mut child: Child, limit: Duration) -> Result<(String, String), String> {
    let reading = |stream: Option<Box<dyn Read + Send>>| {
        let (read, is_read) = mpsc::channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stream) = stream {
                // What came before an error is better than nothing.
                let _ = stream.read_to_end(&mut text);
            }
            // Nobody waits any more only after the time is up.
            let _ = read.send(String::from_utf8_lossy(&text).into_owned());
        });
        is_read
    };
    let out = reading(child.stdout.take().map(|stream| Box::new(stream) as _));
    let err = reading(child.stderr.take().map(|stream| Box::new(stream) as _));
    let out = out.recv_timeout(limit);
    if out.is_err() {
        // It fails only for a process that has just ended by itself.
        let _ = child.kill();
    }
    child.wait().map_err(|error| format!("cannot wait for the process: {error}"))?;
    let out = out.map_err(|_| format!("it was not done within {} s", limit.as_secs()))?;
    // A load generator that outlives a killed server may hold the other end for a moment.
    Ok((out, err.recv_timeout(Duration::from_secs(10)).unwrap_or_default()))
}
