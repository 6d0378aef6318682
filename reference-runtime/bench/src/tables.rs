//! Results into the tables that the book and the README include.
//!
//! They are files of the repository, so that the book builds without a measurement; a test of this module fails when
//! they are not what the results give.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    args, figures,
    report::{Report, View, figure},
    rows::ROWS,
    simulate,
    workloads::Better,
};

/// A table and how it is made from the folder with the results.
struct Table {
    file: &'static str,
    make: fn(&Path) -> String,
    /// It comes from the simulation, which takes minutes in a debug build.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests of the two kinds differ"))]
    is_simulated: bool,
}

const fn of_results(file: &'static str, make: fn(&Path) -> String) -> Table {
    Table { file, make, is_simulated: false }
}

const fn simulated(file: &'static str, make: fn(&Path) -> String) -> Table {
    Table { file, make, is_simulated: true }
}

const TABLES: &[Table] = &[
    of_results("side-by-side.md", side_by_side),
    of_results("history-ours.md", history),
    of_results("under-load.md", |_| figures::table("under-load")),
    of_results("ablation.md", |_| figures::table("ablation")),
    of_results("scaling-check.md", simulate::tables::check),
    simulated("scaling-points.md", |_| simulate::tables::points()),
    simulated("scaling-cores.md", |_| simulate::tables::cores()),
    simulated("scaling-changes.md", |_| simulate::tables::changes()),
];

/// The rows that stand beside the measurements of 2019, and which of their figures.
const HISTORY: &[(&str, &str)] = &[
    ("chain", "time"),
    ("ping-pong", "time"),
    ("spawn-outside", "time"),
    ("spawn-inside", "time"),
    ("yields", "time"),
    ("mutex-10x1000", "time"),
    ("http-t1-c50", "requests"),
    ("http-t10-c50", "requests"),
    ("http-t1-c500", "requests"),
    ("http-sleeps", "requests"),
    ("storm", "warm"),
    ("storm", "first of the process"),
];

/// Runtimes that are not of this repository.
const PEERS: &[&str] = &["tokio", "tokio-current", "smol", "smol-1", "async-std", "futures-pool"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/generated")
}

/// Writes every table into the book.
pub(crate) fn write() -> Result<(), String> {
    let folder = folder();
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for table in TABLES {
        let file = folder.join(table.file);
        fs::write(&file, (table.make)(&args::results()))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        println!("{}", table.file);
    }
    Ok(())
}

/// Every table of the results in a folder.
pub(crate) fn print(results: &Path) -> String {
    let mut text = String::new();
    for table in TABLES {
        let _ = writeln!(text, "# {}\n\n{}", table.file, (table.make)(results));
    }
    text
}

/// What stands in place of a table that has no results.
pub(crate) fn nothing_yet() -> String {
    "No results of these rows have been committed yet: `cargo bench-peers all` measures them, and\n\
     `cargo bench-peers tables` writes this table from them.\n"
        .to_owned()
}

/// Ours and the best of the others, row by row.
fn side_by_side(results: &Path) -> String {
    let mut text = String::from(
        "| Row | Figure | ours, median | spread | best other | its median | spread | ours / it (least to most) |\n|---|---|---:|---:|---|---:|---:|---:|\n",
    );
    let mut reports = Vec::new();
    for row in ROWS {
        let Some(report) = Report::of_row(results, row.name) else { continue };
        let mut has_lines = false;
        for metric in report.metrics() {
            if let Some(line) = line_of(&report, row.name, metric) {
                text.push_str(&line);
                has_lines = true;
            }
        }
        if has_lines {
            reports.push(report);
        }
    }
    finished(text, &reports)
}

fn line_of(report: &Report, row: &str, metric: &str) -> Option<String> {
    let views = report.views(metric);
    let ours = views.first().filter(|view| view.runtime == "ours")?;
    let others = views.iter().filter(|view| PEERS.contains(&view.runtime));
    let best = match ours.better {
        Better::Less => others.min_by(|a, b| a.summary.median.total_cmp(&b.summary.median))?,
        Better::More => others.max_by(|a, b| a.summary.median.total_cmp(&b.summary.median))?,
        Better::Neither => return None,
    };
    Some(format!(
        "| {row} | {metric}, {} | {} | {} | {} | {} | {} | {} |\n",
        unit(ours),
        figure(ours.summary.median),
        figure(ours.summary.iqr),
        best.runtime,
        figure(best.summary.median),
        figure(best.summary.iqr),
        ratio(best)
    ))
}

/// Ours and tokio of the same run, in the rows that there are figures of 2019 for.
fn history(results: &Path) -> String {
    let mut text = String::from(
        "| Row | Figure | ours, median | tokio, median | ours / tokio (least to most) |\n|---|---|---:|---:|---:|\n",
    );
    let mut reports = Vec::new();
    for &(row, metric) in HISTORY {
        let Some(report) = Report::of_row(results, row) else { continue };
        let views = report.views(metric);
        let named = |name: &str| views.iter().find(|view| view.runtime == name);
        let (Some(ours), Some(tokio)) = (named("ours"), named("tokio")) else { continue };
        let _ = writeln!(
            text,
            "| {row} | {metric}, {} | {} | {} | {} |",
            unit(ours),
            figure(ours.summary.median),
            figure(tokio.summary.median),
            ratio(tokio)
        );
        drop(views);
        reports.push(report);
    }
    finished(text, &reports)
}

/// The unit, and which way is better if it is not the common one.
fn unit(view: &View<'_>) -> String {
    let wish = if view.better == Better::More { " (more is better)" } else { "" };
    format!("{}{wish}", view.unit)
}

fn ratio(view: &View<'_>) -> String {
    view.ratio.map_or_else(
        || "-".to_owned(),
        |ratio| format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.min, ratio.max),
    )
}

/// The table, and where its figures are from.
fn finished(mut text: String, reports: &[Report]) -> String {
    let Some(first) = reports.first() else { return nothing_yet() };
    let headers = || reports.iter().map(Report::header);
    let distinct = |of: fn(&Report) -> String| {
        let mut found: Vec<String> = reports.iter().map(of).collect();
        found.sort_unstable();
        found.dedup();
        found.join(", ")
    };
    let machine = &first.header().machine;
    let rounds = (headers().map(|header| header.rounds).min(), headers().map(|header| header.rounds).max());
    let _ = writeln!(
        text,
        "\nMeasured on {} with {} workers on {} cores ({}), {}, {}; commit {}; {} to {} rounds; load from {}.",
        distinct(|report| report.header().date.clone()),
        distinct(|report| report.header().workers.to_string()),
        machine.cores,
        machine.processor,
        distinct(|report| report.header().machine.system.clone()),
        distinct(|report| report.header().machine.rustc.clone()),
        distinct(|report| report.header().commit.clone()),
        rounds.0.unwrap_or(0),
        rounds.1.unwrap_or(0),
        distinct(|report| report.header().machine.load_generator.clone()),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_as_committed(is_simulated: bool) {
        for table in TABLES.iter().filter(|table| table.is_simulated == is_simulated) {
            let file = folder().join(table.file);
            let committed =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", table.file));
            // Not `assert_eq`: the two are long.
            assert!(
                committed == (table.make)(&args::results()),
                "{} is not what the results give; `cargo bench-peers tables` writes it anew",
                table.file
            );
        }
    }

    #[test]
    fn the_tables_of_the_book_are_those_of_the_results() {
        are_as_committed(false);
    }

    #[test]
    #[cfg_attr(debug_assertions, ignore = "takes minutes; a release build runs it in seconds")]
    fn the_tables_of_the_book_are_those_of_the_simulation() {
        are_as_committed(true);
    }

    #[test]
    fn every_row_of_the_history_is_measured() {
        for (row, _) in HISTORY {
            assert!(ROWS.iter().any(|measured| measured.name == *row), "{row}");
        }
    }

    #[test]
    fn without_results_a_table_says_so() {
        let nowhere = Path::new("no/such/folder");
        for make in [side_by_side, history, simulate::tables::check] {
            assert_eq!(make(nowhere), nothing_yet());
        }
    }
}
