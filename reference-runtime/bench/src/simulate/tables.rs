//! The simulation in tables, for the book.

use std::{fmt::Write, path::Path};

use super::{
    CORES, CaseFigures, SIMULATION,
    costs::{Costs, Machine},
    loads::Scenario,
    model::Design,
    points::POINTS,
    three_digits,
};
use crate::report::Report;

/// Where threads meet.
pub(crate) fn points() -> String {
    let mut text = String::from(
        "| Place | File | Touched by | How often | Operations/s, 64 cores | That is |\n|---|---|---|---|---:|---:|\n",
    );
    for (point, bound) in POINTS.iter().zip(&SIMULATION.points) {
        let operations = bound.operations.map_or_else(|| "no bound".to_owned(), per_second);
        let units =
            bound.units.map_or_else(|| "no bound".to_owned(), |units| per_second(units) + " " + bound.unit);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {operations} | {units} |",
            point.place, point.file, point.touched_by, point.how_often
        );
    }
    text
}

/// Every case on every number of cores.
pub(crate) fn cores() -> String {
    let mut text = String::new();
    for case in &SIMULATION.cases {
        let _ = writeln!(text, "**{}**: {}\n", case.name, case.about);
        let _ = writeln!(text, "{}", table(case));
    }
    text
}

fn table(case: &CaseFigures) -> String {
    let figures = &case.figures;
    let is_a_latency = case.name == "herd";
    let what = if is_a_latency { "µs until all sleep".to_owned() } else { format!("{}/s", case.unit) };
    let mut text = format!(
        "| Cores | {what} | x of one core | busiest, and how busy | waited for, per {} |\n|---:|---:|---:|---|---|\n",
        case.unit.trim_end_matches('s')
    );
    let one = &figures[0];
    for figure in figures {
        let value = if is_a_latency { decimals(figure.took_us) } else { per_second(figure.rate) };
        let times = if is_a_latency { figure.took_us / one.took_us } else { figure.rate / one.rate };
        let waited = if figure.waited_ns_per_unit < 0.5 {
            "-".to_owned()
        } else {
            format!("{}, {} ns", figure.waited_for, decimals(figure.waited_ns_per_unit))
        };
        let _ = writeln!(
            text,
            "| {} | {value} | {} | {}, {:.0} % | {waited} |",
            figure.cores,
            decimals(three_digits(times)),
            figure.busiest,
            figure.utilisation * 100.0
        );
    }
    text
}

/// What each change of the design would bring.
pub(crate) fn changes() -> String {
    let mut text = String::from("| Change | Load |");
    for cores in CORES {
        let _ = write!(text, " {cores} |");
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---:|".repeat(CORES.len()));
    text.push('\n');
    for change in &SIMULATION.changes {
        let _ = write!(text, "| {} | {} |", change.name, change.case);
        let ours = SIMULATION.cases.iter().find(|case| case.name == change.case);
        let ours = ours.expect("a change is one of a case");
        for (ours, changed) in ours.figures.iter().zip(&change.figures) {
            let _ = write!(text, " {:.2} |", ours.ns_per_unit / changed.ns_per_unit);
        }
        text.push('\n');
    }
    text
}

/// The rows that were measured with 1, 2, 4 and 8 workers beside the simulation of the machine that they ran on.
pub(crate) fn check(results: &Path) -> String {
    type OfWorkers = fn(usize) -> Scenario;
    let rows: [(&str, OfWorkers); 3] = [
        ("workers-spawn-outside", |workers| Scenario::outside(workers, 1, 10_000, Design::OURS)),
        ("workers-spawn-inside", |workers| Scenario::inside(workers, 1, 10_000, Design::OURS)),
        ("workers-yields", |workers| {
            Scenario::yields(workers, (1, 200, 100), Costs::measured().empty_poll, Design::OURS)
        }),
    ];
    let mut text = String::from(
        "| Row | Workers | measured, ns | x of one worker | simulated, ns | x of one worker | simulated / measured |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut has_any = false;
    for (row, scenario) in rows {
        let Some(report) = Report::of_row(results, row) else { continue };
        let metric = report.metrics().first().copied().unwrap_or_default().to_owned();
        let views = report.views(&metric);
        let measured = |workers: usize| {
            let view = views.iter().find(|view| view.runtime == format!("ours@{workers}"))?;
            Some(view.summary.median)
        };
        let simulated = |workers: usize| {
            scenario(workers).as_in_rows().median(Machine::two_cores(), Costs::measured()).per_unit()
        };
        for workers in [1, 2, 4, 8] {
            let (Some(one), Some(real)) = (measured(1), measured(workers)) else { continue };
            has_any = true;
            let model = simulated(workers);
            let _ = writeln!(
                text,
                "| {} | {workers} | {} | {:.2} | {} | {:.2} | {:.2} |",
                row.trim_start_matches("workers-"),
                decimals(three_digits(real)),
                real / one,
                decimals(three_digits(model)),
                model / simulated(1),
                model / real
            );
        }
    }
    if has_any { text } else { crate::tables::nothing_yet() }
}

/// As in 12.3 M.
fn per_second(rate: f64) -> String {
    match rate {
        rate if rate >= 1e6 => decimals(three_digits(rate / 1e6)) + " M",
        rate if rate >= 1e3 => decimals(three_digits(rate / 1e3)) + " k",
        rate => decimals(rate),
    }
}

/// Three digits, and no more.
fn decimals(figure: f64) -> String {
    let decimals = match figure.abs() {
        large if large >= 99.95 => 0,
        medium if medium >= 9.995 => 1,
        _ => 2,
    };
    format!("{figure:.decimals$}")
}
