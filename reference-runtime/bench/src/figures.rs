//! Data for figures of the book: some rows on some runtimes, every turn kept.
//!
//! What is drawn is taken from `book/data`, with the samples that it is made of. Where rows of different units stand side
//! by side, a sample is how much worse a runtime did than the first of the same round, and what was measured stands
//! beside it.

use std::{
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
    workloads::{Better, hog},
};

/// Some rows on some runtimes, and what is drawn of it.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// What each row is called in the book, and the row.
    rows: &'static [(&'static str, &'static str)],
    /// What each runtime is called in the book, and the contender. The first is what others are compared with.
    runtimes: &'static [(&'static str, &'static str)],
    rounds: usize,
    drawn: &'static [Drawn],
}

/// One file of data.
#[derive(Debug)]
struct Drawn {
    file: &'static str,
    title: &'static str,
    shows: Shows,
}

/// What a file has of each row.
#[derive(Debug)]
enum Shows {
    /// This figure, as it was measured.
    Measured { metric: &'static str, unit: &'static str },
    /// The first figure of each row, over that of the first runtime.
    TimesWorse { unit: &'static str },
}

/// All figures of this program.
pub(crate) const FIGURES: &[Figure] = &[
    Figure {
        name: "under-load",
        rows: &[
            ("50 connections", "http-t1-c50"),
            ("500 connections", "http-t1-c500"),
            ("one request in ten blocks", "http-sleeps"),
            ("the same, in spawn_blocking", "http-sleeps-offloaded"),
        ],
        runtimes: &[
            ("stage 7", "ours"),
            ("stage 6", "s6"),
            ("stage 5", "s5"),
            ("tokio", "tokio"),
            ("smol", "smol"),
        ],
        rounds: 7,
        drawn: &[
            Drawn {
                file: "under-load",
                title: "An HTTP server under load: requests answered",
                shows: Shows::Measured { metric: "requests", unit: "requests/s" },
            },
            Drawn {
                file: "under-load-p99",
                title: "An HTTP server under load: the slowest request in a hundred",
                shows: Shows::Measured { metric: "latency p99", unit: "µs" },
            },
        ],
    },
    Figure {
        name: "ablation",
        rows: &[
            ("HTTP", "http-t1-c50"),
            ("HTTP, one in ten blocks", "http-sleeps"),
            ("ping-pong", "ping-pong"),
            ("chained spawns", "chain"),
            ("forty tasks block", "storm"),
            ("a beat beside sleepers", "heartbeat-64-sleeping"),
            ("a beat beside loops", "heartbeat-16-computing"),
            ("one poll in 100 blocks", "mixed-100"),
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
        drawn: &[Drawn {
            file: "ablation",
            title: "One part left out at a time",
            shows: Shows::TimesWorse { unit: "times as bad as with all parts" },
        }],
    },
];

/// A file of `book/data`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Data {
    title: String,
    command: String,
    pub(crate) machine: String,
    pub(crate) unit: String,
    x: String,
    pub(crate) series: Vec<Series>,
}

/// All of one runtime.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

/// One runtime in one row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) samples: Vec<f64>,
    /// What the samples were made of, where they are ratios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measured: Option<Measured>,
}

/// What was measured before it became a ratio: the median of each turn.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) samples: Vec<f64>,
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

/// Measures a figure and writes its data and its tables into the book.
///
/// # Errors
///
/// If a turn failed: data with a gap would be read as a result.
pub(crate) fn measure(figure: &Figure, rounds: Option<usize>, out: &Path) -> Result<(), String> {
    let entries = figure.entries()?;
    let steps_per_turn = hog::steps_per_turn();
    let mut measured = Vec::new();
    for (index, (label, row)) in figure.rows.iter().enumerate() {
        let plan = Plan {
            row: Row::named(row)?,
            workers: machine::cores(),
            samples: 5,
            scale: Scale::Quick,
            steps_per_turn,
        };
        let place = format!("[{}/{}] {row}", index + 1, figure.rows.len());
        let rounds = rounds.unwrap_or(figure.rounds);
        let turns = run::take_turns(&plan, &entries, rounds, Duration::from_secs(120), &place);
        if let Some(failed) = turns.iter().find(|figures| figures.failure.is_some()) {
            return Err(format!("{} failed in {row}; see above", failed.name));
        }
        measured.push((*label, turns));
    }
    for drawn in figure.drawn {
        let data = drawn.data(figure, &measured)?;
        let file = out.join(format!("{}.json", drawn.file));
        let text = text(&data).map_err(|error| format!("cannot put the data into words: {error}"))?;
        fs::create_dir_all(out)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(())
}

impl Drawn {
    fn data(&self, figure: &Figure, measured: &[(&str, Vec<Figures>)]) -> Result<Data, String> {
        let unit = match self.shows {
            Shows::Measured { unit, .. } | Shows::TimesWorse { unit } => unit,
        };
        let mut series = Vec::new();
        for (at, (name, _)) in figure.runtimes.iter().enumerate() {
            let points = measured.iter().map(|(label, turns)| self.point(label, turns, at));
            series.push(Series { name: (*name).to_owned(), points: points.collect::<Result<_, _>>()? });
        }
        Ok(Data {
            title: self.title.to_owned(),
            command: format!("cargo book measure {}", figure.name),
            machine: in_short(&Machine::this()),
            unit: unit.to_owned(),
            x: String::new(),
            series,
        })
    }

    fn point(&self, label: &str, turns: &[Figures], at: usize) -> Result<Point, String> {
        let missing = || format!("{} has no such figure in {label:?}", turns[at].name);
        let label = label.to_owned();
        match self.shows {
            Shows::Measured { metric, .. } => {
                let (_, rounds) = turns[at].rounds(Some(metric)).ok_or_else(missing)?;
                Ok(Point { label, samples: rounds.concat(), measured: None })
            }
            Shows::TimesWorse { .. } => {
                let (first, first_rounds) = turns[0].rounds(None).ok_or_else(missing)?;
                let (kind, rounds) = turns[at].rounds(Some(first.name)).ok_or_else(missing)?;
                let ratio = |(first, this): (f64, f64)| match kind.better {
                    Better::More => first / this,
                    _ => this / first,
                };
                let measured = medians(rounds);
                let pairs = medians(first_rounds).into_iter().zip(measured.iter().copied());
                let samples = pairs.map(ratio).map(|ratio| (ratio * 1e4).round() / 1e4).collect();
                let (what, unit) = (kind.name.to_owned(), kind.unit.to_owned());
                Ok(Point { label, samples, measured: Some(Measured { what, unit, samples: measured }) })
            }
        }
    }
}

fn medians(rounds: &[Vec<f64>]) -> Vec<f64> {
    let median = |samples: &Vec<f64>| Summary::of(samples.iter().copied()).map(|summary| summary.median);
    rounds.iter().filter_map(median).collect()
}

/// A point a line, for the sake of who reads a diff.
fn text(data: &Data) -> serde_json::Result<String> {
    let mut text = String::from("{\n");
    for (key, value) in [
        ("title", &data.title),
        ("command", &data.command),
        ("machine", &data.machine),
        ("unit", &data.unit),
        ("x", &data.x),
    ] {
        let _ = writeln!(text, "  \"{key}\": {},", serde_json::to_string(value)?);
    }
    text.push_str("  \"series\": [\n");
    for (at, series) in data.series.iter().enumerate() {
        let points: Vec<String> =
            series.points.iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
        let name = serde_json::to_string(&series.name)?;
        let comma = if at + 1 < data.series.len() { "," } else { "" };
        let _ = writeln!(
            text,
            "    {{\n      \"name\": {name},\n      \"points\": [\n        {}\n      ]\n    }}{comma}",
            points.join(",\n        ")
        );
    }
    text.push_str("  ]\n}\n");
    Ok(text)
}

/// As the other files of `book/data` have it: `(2 CPUs, Linux 6.18.44, rustc 1.95.0, 2026-11-20, commit b40a006)`.
fn in_short(machine: &Machine) -> String {
    let word = |text: &str, at: usize| text.split(' ').nth(at).unwrap_or("").to_owned();
    let system = machine.system.split('-').next().unwrap_or_default();
    let commit = machine::commit();
    let differs = if commit.ends_with('+') { "+" } else { "" };
    let commit: String = commit.chars().take(7).collect();
    format!(
        "({} CPUs, {system}, rustc {}, {}, commit {commit}{differs})",
        machine.cores,
        word(&machine.rustc, 1),
        machine::today()
    )
}

/// A file of the book's data. `None`: it was never measured.
pub(crate) fn read(file: &str) -> Option<Data> {
    let text = fs::read_to_string(folder().join(format!("{file}.json"))).ok()?;
    serde_json::from_str(&text).ok()
}

/// A row of the table for each label, a column for each series: median and, behind it, the least and the most.
pub(crate) fn table(files: &[&str]) -> String {
    let data: Option<Vec<Data>> = files.iter().map(|file| read(file)).collect();
    let Some(data) = data else { return tables::nothing_yet() };
    let mut text = String::new();
    for data in &data {
        let names: Vec<&str> = data.series.iter().map(|series| series.name.as_str()).collect();
        let _ = writeln!(text, "| {} | {} |", data.unit, names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(names.len()));
        let points = data.series.first().map_or(&[][..], |series| &series.points);
        for (at, point) in points.iter().enumerate() {
            let cells = data.series.iter().map(|series| cell(&series.points[at].samples));
            let cells: Vec<String> = cells.collect();
            let _ = writeln!(text, "| {} | {} |", point.label, cells.join(" | "));
        }
        let _ = writeln!(
            text,
            "\nMedian, least and most of {} turns. {}\n",
            points[0].samples.len(),
            data.machine
        );
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn cell(samples: &[f64]) -> String {
    let Some(Summary { median, min, max, .. }) = Summary::of(samples.iter().copied()) else {
        return "-".to_owned();
    };
    format!("{} ({} to {})", short(median), short(min), short(max))
}

/// Ratios need fewer digits than times.
fn short(number: f64) -> String {
    if number.abs() < 10.0 { format!("{number:.2}") } else { figure(number) }
}

/// What was measured of the first runtime, which the others are divided by.
pub(crate) fn measured_of_the_first(file: &str) -> String {
    let Some(data) = read(file) else { return tables::nothing_yet() };
    let mut text = String::from("| Workload | Figure | with all parts |\n|---|---|---:|\n");
    for point in data.series.first().map_or(&[][..], |series| &series.points) {
        let Some(measured) = &point.measured else { continue };
        let _ = writeln!(
            text,
            "| {} | {}, {} | {} |",
            point.label,
            measured.what,
            measured.unit,
            cell(&measured.samples)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_names_rows_and_runtimes_that_are_there() {
        for figure in FIGURES {
            let Ok(entries) = figure.entries() else {
                assert_eq!(figure.name, "ablation");
                continue;
            };
            for (_, row) in figure.rows {
                let row = Row::named(row).unwrap();
                for Entry { contender, .. } in &entries {
                    row.admits(contender).unwrap();
                }
            }
        }
    }

    fn figures(name: &str, unit: &str, better: Better, rounds: &[&[f64]]) -> Figures {
        let mut figures = Figures::of(name);
        for samples in rounds {
            figures.add(vec![crate::workloads::Metric::new("it", unit, better, samples.to_vec())]);
        }
        figures
    }

    #[test]
    fn worse_is_more_than_one_whichever_way_a_figure_should_go() {
        let drawn = Drawn { file: "f", title: "t", shows: Shows::TimesWorse { unit: "times" } };
        let of = |better| {
            let turns = [
                figures("first", "s", better, &[&[2.0, 4.0, 3.0], &[6.0]]),
                figures("other", "s", better, &[&[6.0], &[3.0]]),
            ];
            drawn.point("row", &turns, 1).unwrap().samples
        };
        assert_eq!(of(Better::Less), [2.0, 0.5]);
        assert_eq!(of(Better::More), [0.5, 2.0]);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let point = Point { label: "a".to_owned(), samples: vec![1.0, 2.5], measured: None };
        let series = vec![Series { name: "s".to_owned(), points: vec![point] }];
        let [title, command, machine, unit, x] = ["t", "c", "m", "u", ""].map(str::to_owned);
        let data = Data { title, command, machine, unit, x, series };
        let written = text(&data).unwrap();
        let read: Data = serde_json::from_str(&written).unwrap();
        assert_eq!(text(&read).unwrap(), written);
    }
}
