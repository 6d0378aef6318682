//! Data for figures of the book: some rows on some runtimes, every turn kept.
//!
//! The tables beside them are made of the same data by `tables.rs`.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    child::{Plan, Scale},
    machine::{self, Machine},
    report::{Figures, figure},
    rows::{Entry, Row},
    run,
    stats::Summary,
    tables,
    workloads::hog,
};

/// Some rows on some runtimes.
#[derive(Debug)]
pub(crate) struct Figure {
    /// Of its file in `book/data`, too.
    pub(crate) name: &'static str,
    title: &'static str,
    lines: &'static [Line],
    /// What each runtime is called in the book, and the contender. The first is what others are compared with.
    runtimes: &'static [(&'static str, &'static str)],
    rounds: usize,
}

/// One figure of one row, drawn as a panel of its own.
#[derive(Debug)]
struct Line {
    name: &'static str,
    row: &'static str,
    metric: &'static str,
    unit: &'static str,
}

const fn line(name: &'static str, row: &'static str, metric: &'static str, unit: &'static str) -> Line {
    Line { name, row, metric, unit }
}

const REQUESTS: &str = "requests/s";
const LATE: &str = "ms late, p99";

/// All figures of this program.
pub(crate) const FIGURES: &[Figure] = &[
    Figure {
        name: "under-load",
        title: "An HTTP server under load",
        lines: &[
            line("50 connections", "http-t1-c50", "requests", REQUESTS),
            line("500 connections", "http-t1-c500", "requests", REQUESTS),
            line("one request in ten blocks", "http-sleeps", "requests", REQUESTS),
            line("the same in spawn_blocking", "http-sleeps-offloaded", "requests", REQUESTS),
            line("50 connections: p99", "http-t1-c50", "latency p99", "µs"),
            line("500 connections: p99", "http-t1-c500", "latency p99", "µs"),
            line("one request in ten blocks: p99", "http-sleeps", "latency p99", "µs"),
            line("the same in spawn_blocking: p99", "http-sleeps-offloaded", "latency p99", "µs"),
        ],
        runtimes: &[
            ("stage 7", "ours"),
            ("stage 6", "s6"),
            ("stage 5", "s5"),
            ("tokio", "tokio"),
            ("smol", "smol"),
        ],
        rounds: 7,
    },
    Figure {
        name: "ablation",
        title: "One part left out at a time",
        lines: &[
            line("HTTP", "http-t1-c50", "requests", REQUESTS),
            line("HTTP, one request in ten blocks", "http-sleeps", "requests", REQUESTS),
            line("ping-pong", "ping-pong", "time", "ns/pair"),
            line("chained spawns", "chain", "time", "ns/link"),
            line("forty tasks block 50 ms", "storm", "warm", "ms"),
            line("a beat beside sleepers", "heartbeat-64-sleeping", "lateness p99", LATE),
            line("a beat beside loops", "heartbeat-16-computing", "lateness p99", LATE),
            line("one poll in 100 blocks", "mixed-100", "polls", "polls/s"),
        ],
        runtimes: &[
            ("all parts", "ours"),
            ("no slot", "ours-noslot"),
            ("reactor thread", "ours-noreactor"),
            ("no learning", "ours-nolearn"),
            ("kernel not asked", "ours-unasked"),
            ("no hand-off", "ours-nohandoff"),
            ("no monitor", "ours-off"),
        ],
        rounds: 5,
    },
];

/// A file of `book/data`.
#[derive(Debug, Serialize, Deserialize)]
struct Data {
    title: String,
    command: String,
    machine: String,
    unit: String,
    series: Vec<Series>,
}

/// One figure of all runtimes.
#[derive(Debug, Serialize, Deserialize)]
struct Series {
    name: String,
    unit: String,
    points: Vec<Point>,
}

/// One runtime: the median of each turn.
#[derive(Debug, Serialize, Deserialize)]
struct Point {
    label: String,
    samples: Vec<f64>,
}

/// Where the book keeps what it draws.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/data")
}

impl Figure {
    pub(crate) fn named(name: &str) -> Result<&'static Figure, String> {
        FIGURES.iter().find(|figure| figure.name == name).ok_or_else(|| {
            let names: Vec<_> = FIGURES.iter().map(|figure| figure.name).collect();
            format!("there is no figure {name:?}; the figures are {}", names.join(", "))
        })
    }

    fn entries(&self) -> Result<Vec<Entry>, String> {
        if self.name == "ablation" && !cfg!(feature = "ablation") {
            return Err("what is left out takes a build with `--features ablation`".to_owned());
        }
        self.runtimes.iter().map(|(_, name)| Entry::parse(name)).collect()
    }
}

/// Measures a figure and writes its data into the book.
///
/// # Errors
///
/// If a turn failed: data with a gap would be read as a result.
pub(crate) fn measure(figure: &Figure, rounds: Option<usize>, out: &Path) -> Result<(), String> {
    let entries = figure.entries()?;
    let steps_per_turn = hog::steps_per_turn();
    let mut rows: Vec<(&str, Vec<Figures>)> = Vec::new();
    let mut names: Vec<&str> = figure.lines.iter().map(|line| line.row).collect();
    let mut seen = BTreeSet::new();
    names.retain(|row| seen.insert(*row));
    for (index, name) in names.iter().enumerate() {
        let plan = Plan {
            row: Row::named(name)?,
            workers: machine::cores(),
            samples: 5,
            scale: Scale::Quick,
            steps_per_turn,
        };
        let place = format!("[{}/{}] {name}", index + 1, names.len());
        let rounds = rounds.unwrap_or(figure.rounds);
        let turns = run::take_turns(&plan, &entries, rounds, Duration::from_secs(120), &place);
        if let Some(failed) = turns.iter().find(|figures| figures.failure.is_some()) {
            return Err(format!("{} failed in {name}; see above", failed.name));
        }
        rows.push((*name, turns));
    }
    let series = figure.lines.iter().map(|line| {
        let (_, turns) = rows.iter().find(|(row, _)| *row == line.row).expect("each line's row was measured");
        line.series(figure, turns)
    });
    let data = Data {
        title: figure.title.to_owned(),
        command: format!("cargo book measure {}", figure.name),
        machine: in_short(&Machine::this()),
        unit: figure.lines[0].unit.to_owned(),
        series: series.collect::<Result<_, _>>()?,
    };
    let file = out.join(format!("{}.json", figure.name));
    let text = text(&data).map_err(|error| format!("cannot put the data into words: {error}"))?;
    fs::create_dir_all(out)
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}

impl Line {
    fn series(&self, figure: &Figure, turns: &[Figures]) -> Result<Series, String> {
        let point = |((label, _), figures): (&(&str, _), &Figures)| {
            let missing = || format!("{} has no {} in {}", figures.name, self.metric, self.row);
            let rounds = figures.rounds(self.metric).ok_or_else(missing)?;
            Ok(Point { label: (*label).to_owned(), samples: medians(rounds) })
        };
        let points = figure.runtimes.iter().zip(turns).map(point).collect::<Result<_, String>>()?;
        Ok(Series { name: self.name.to_owned(), unit: self.unit.to_owned(), points })
    }
}

fn medians(rounds: &[Vec<f64>]) -> Vec<f64> {
    let median = |samples: &Vec<f64>| Summary::of(samples.iter().copied()).map(|summary| summary.median);
    rounds.iter().filter_map(median).collect()
}

/// A point a line, for the sake of who reads a diff.
fn text(data: &Data) -> serde_json::Result<String> {
    let mut text = String::from("{\n");
    for (key, value) in
        [("title", &data.title), ("command", &data.command), ("machine", &data.machine), ("unit", &data.unit)]
    {
        let _ = writeln!(text, "  \"{key}\": {},", serde_json::to_string(value)?);
    }
    text.push_str("  \"series\": [\n");
    for (at, series) in data.series.iter().enumerate() {
        let points: Vec<String> =
            series.points.iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
        let (name, unit) = (serde_json::to_string(&series.name)?, serde_json::to_string(&series.unit)?);
        let comma = if at + 1 < data.series.len() { "," } else { "" };
        let points = points.join(",\n        ");
        let _ = writeln!(
            text,
            "    {{\n      \"name\": {name},\n      \"unit\": {unit},\n      \"points\": [\n        {points}\n      \
             ]\n    }}{comma}"
        );
    }
    text.push_str("  ]\n}\n");
    Ok(text)
}

/// As the other files of `book/data` have it: `(2 CPUs, Linux 6.18.44, rustc 1.95.0, 2026-11-20, commit b40a006)`.
fn in_short(machine: &Machine) -> String {
    let word = |text: &str, at: usize| text.split(' ').nth(at).unwrap_or("").to_owned();
    let system = machine.system.split('-').next().unwrap_or_default();
    let commit: String = machine::commit().chars().take(7).collect();
    format!(
        "({} CPUs, {system}, rustc {}, {}, commit {commit})",
        machine.cores,
        word(&machine.rustc, 1),
        machine::today()
    )
}

/// A figure as a table: a row for each panel, a column for each runtime, and in it the first runtime's own figure, or
/// how another compares with the first: medians, and behind them the least and the most. The ratios are taken within each
/// round.
pub(crate) fn table(figure: &str) -> String {
    let text = fs::read_to_string(folder().join(format!("{figure}.json"))).ok();
    let data: Option<Data> = text.and_then(|text| serde_json::from_str(&text).ok());
    data.map_or_else(tables::nothing_yet, |data| table_of(&data))
}

fn table_of(data: &Data) -> String {
    let points = data.series.first().map_or(&[][..], |series| &series.points);
    let mut text = String::from("| |");
    for (at, point) in points.iter().enumerate() {
        let _ = write!(text, " {}{} |", point.label, if at == 0 { "" } else { " ×" });
    }
    let _ = writeln!(text, "\n|---|{}", "---:|".repeat(points.len()));
    for Series { name, unit, points } in &data.series {
        let Some((first, others)) = points.split_first() else { continue };
        let of = |samples: &[f64]| Summary::of(samples.iter().copied());
        let own = of(&first.samples).map_or_else(String::new, |own| figure(own.median));
        let _ = write!(text, "| {name}, {unit} | {own} |");
        for other in others {
            let ratios = other.samples.iter().zip(&first.samples).map(|(other, first)| other / first);
            let ratios: Vec<f64> = ratios.collect();
            let cell = of(&ratios).map_or_else(String::new, |ratio| {
                format!("{} ({} to {})", short(ratio.median), short(ratio.min), short(ratio.max))
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    let turns = points.first().map_or(0, |point| point.samples.len());
    let _ = writeln!(text, "\nMedians, least and most of {turns} rounds. {}", data.machine);
    text
}

/// A ratio needs no more digits.
fn short(ratio: f64) -> String {
    match ratio {
        large if large >= 10.0 => format!("{large:.0}"),
        small if small < 0.1 => format!("{small:.3}"),
        one => format!("{one:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::{Better, Metric};

    #[test]
    fn every_figure_names_rows_and_runtimes_that_are_there() {
        for figure in FIGURES {
            let Ok(entries) = figure.entries() else {
                assert_eq!(figure.name, "ablation");
                continue;
            };
            for line in figure.lines {
                let row = Row::named(line.row).unwrap();
                for Entry { contender, .. } in &entries {
                    row.admits(contender).unwrap();
                }
            }
        }
    }

    fn data() -> Data {
        let figures = |name: &str, rounds: &[&[f64]]| {
            let mut figures = Figures::of(name);
            for samples in rounds {
                figures.add(vec![Metric::new("time", "s", Better::Less, samples.to_vec())]);
            }
            figures
        };
        let turns = [figures("a", &[&[2.0, 4.0, 3.0], &[6.0]]), figures("b", &[&[6.0], &[3.0]])];
        let line = line("it", "row", "time", "s");
        let figure =
            Figure { name: "f", title: "t", lines: &[], runtimes: &[("A", "a"), ("B", "b")], rounds: 2 };
        let [title, command, machine, unit] = ["t", "c", "(m)", "s"].map(str::to_owned);
        Data { title, command, machine, unit, series: vec![line.series(&figure, &turns).unwrap()] }
    }

    #[test]
    fn a_sample_is_the_median_of_a_turn_and_a_ratio_is_taken_within_a_round() {
        let data = data();
        let samples: Vec<_> = data.series[0].points.iter().map(|point| &point.samples[..]).collect();
        assert_eq!(samples, [[3.0, 6.0], [6.0, 3.0]]);
        let table = table_of(&data);
        assert!(table.contains("| it, s | 4.500 | 1.25 (0.50 to 2.00) |"), "{table}");
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let written = text(&data()).unwrap();
        let read: Data = serde_json::from_str(&written).unwrap();
        assert_eq!(text(&read).unwrap(), written);
    }
}
