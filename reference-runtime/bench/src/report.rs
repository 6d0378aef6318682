//! Figures into tables for the eye and files for the book.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    machine::Machine,
    rows::Row,
    stats::{Summary, paired_ratio},
    workloads::{Better, Metric},
};

/// All about one row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    header: Header,
    runtimes: Vec<Figures>,
}

/// What holds for all figures of a row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) row: String,
    pub(crate) about: String,
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) machine: Machine,
    pub(crate) workers: usize,
    pub(crate) scale: String,
    pub(crate) rounds: usize,
}

/// What one runtime did in a row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    /// Why there are no figures, or fewer than of others.
    pub(crate) failure: Option<String>,
    metrics: Vec<Measured>,
}

/// One figure, as often as it was measured.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    name: String,
    unit: String,
    better: Better,
    /// Of all samples.
    summary: Option<Summary>,
    /// Of the first runtime's figure to this one's, round by round.
    ratio: Option<Summary>,
    /// The samples of each round.
    rounds: Vec<Vec<f64>>,
}

/// One figure of one runtime, for the tables of the book.
pub(crate) struct View<'a> {
    pub(crate) runtime: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) better: Better,
    pub(crate) summary: Summary,
    /// Of the first runtime's figure to this one's.
    pub(crate) ratio: Option<Summary>,
}

impl Figures {
    pub(crate) fn of(name: &str) -> Figures {
        Figures { name: name.to_owned(), failure: None, metrics: Vec::new() }
    }

    /// What was measured of this figure, round by round.
    pub(crate) fn rounds(&self, metric: &str) -> Option<&[Vec<f64>]> {
        self.metrics.iter().find(|measured| measured.name == metric).map(|measured| &measured.rounds[..])
    }

    /// Takes in the figures of one more round.
    pub(crate) fn add(&mut self, metrics: Vec<Metric>) {
        for Metric { name, unit, better, samples } in metrics {
            let samples: Vec<f64> = samples.into_iter().map(round).collect();
            match self.metrics.iter_mut().find(|measured| measured.name == name) {
                Some(measured) => measured.rounds.push(samples),
                None => {
                    let rounds = vec![samples];
                    self.metrics.push(Measured { name, unit, better, summary: None, ratio: None, rounds });
                }
            }
        }
    }
}

/// To six digits: what is beyond is noise, and makes the files large.
fn round(figure: f64) -> f64 {
    if figure == 0.0 || !figure.is_finite() {
        return figure;
    }
    let digits = 5 - figure.abs().log10().floor() as i32;
    let factor = 10_f64.powi(digits);
    (figure * factor).round() / factor
}

impl Report {
    pub(crate) fn new(header: Header, mut runtimes: Vec<Figures>) -> Report {
        for measured in runtimes.iter_mut().flat_map(|runtime| &mut runtime.metrics) {
            measured.summary = Summary::of(measured.rounds.iter().flatten().copied());
        }
        if let Some((first, others)) = runtimes.split_first_mut() {
            for measured in others.iter_mut().flat_map(|runtime| &mut runtime.metrics) {
                let ours = first.metrics.iter().find(|ours| ours.name == measured.name);
                measured.ratio = ours.and_then(|ours| paired_ratio(&ours.rounds, &measured.rounds));
            }
        }
        Report { header, runtimes }
    }

    /// A table per figure, the best median marked.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let Header { row, about, date, commit, machine, workers, scale, rounds } = &self.header;
        let _ = writeln!(text, "\n{row}: {about}");
        let _ = writeln!(
            text,
            "  {date}, {commit}, {} cores, {workers} workers, {rounds} rounds, {scale}",
            machine.cores
        );
        let first = self.runtimes.first().map_or("", |runtime| &runtime.name);
        for name in self.names() {
            self.table_of(&mut text, name, first);
        }
        for runtime in &self.runtimes {
            if let Some(failure) = &runtime.failure {
                let _ = writeln!(text, "\n  {} failed: {failure}", runtime.name);
            }
        }
        text
    }

    fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for measured in self.runtimes.iter().flat_map(|runtime| &runtime.metrics) {
            if !names.contains(&measured.name.as_str()) {
                names.push(measured.name.as_str());
            }
        }
        names
    }

    fn table_of(&self, text: &mut String, name: &str, first: &str) {
        let of = |runtime: &'_ Figures| runtime.metrics.iter().position(|measured| measured.name == name);
        let lines: Vec<(&str, &Measured, Summary)> = self
            .runtimes
            .iter()
            .filter_map(|runtime| {
                let measured = &runtime.metrics[of(runtime)?];
                Some((runtime.name.as_str(), measured, measured.summary?))
            })
            .collect();
        let Some((_, any, _)) = lines.first() else { return };
        let medians = lines.iter().map(|(_, _, summary)| summary.median);
        let (best, wish) = match any.better {
            Better::Less => (medians.min_by(f64::total_cmp), ", less is better"),
            Better::More => (medians.max_by(f64::total_cmp), ", more is better"),
            Better::Neither => (None, ""),
        };
        let _ = writeln!(text, "\n  {name}, {}{wish}", any.unit);
        let _ = writeln!(
            text,
            "  {:<16}{:>12}{:>12}{:>12}{:>12}   {first} / it (least to most)",
            "", "median", "least", "most", "spread"
        );
        for (runtime, measured, summary) in &lines {
            let mark = if Some(summary.median) == best { "*" } else { "" };
            let ratio = measured.ratio.map_or_else(String::new, |ratio| {
                format!("   {:.3} ({:.3} to {:.3})", ratio.median, ratio.min, ratio.max)
            });
            let _ = writeln!(
                text,
                "  {:<16}{:>12}{:>12}{:>12}{:>12}{ratio}",
                format!("{runtime}{mark}"),
                figure(summary.median),
                figure(summary.min),
                figure(summary.max),
                figure(summary.iqr),
            );
        }
    }

    /// Writes `ROW.json`, one line per runtime.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), String> {
        let file = folder.join(format!("{}.json", self.header.row));
        let text = self.json().map_err(|error| format!("cannot put the results into words: {error}"))?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    }

    fn json(&self) -> serde_json::Result<String> {
        let header = serde_json::to_string_pretty(&self.header)?;
        let runtimes: Vec<String> =
            self.runtimes.iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
        let header = header.trim_end_matches('}').trim_end();
        Ok(format!("{header},\n  \"runtimes\": [\n    {}\n  ]\n}}\n", runtimes.join(",\n    ")))
    }

    /// The results of a row, if it has any in `folder`.
    pub(crate) fn of_row(folder: &Path, row: &str) -> Option<Report> {
        Report::read(&folder.join(format!("{row}.json"))).ok()
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// What is measured in this row, the most important first.
    pub(crate) fn metrics(&self) -> Vec<&str> {
        self.names()
    }

    /// What each runtime came to in one figure, ours first.
    pub(crate) fn views(&self, metric: &str) -> Vec<View<'_>> {
        let of = |runtime: &'_ Figures| runtime.metrics.iter().position(|measured| measured.name == metric);
        let view = |runtime: &'_ Figures| Some((of(runtime)?, runtime.metrics[of(runtime)?].summary?));
        self.runtimes
            .iter()
            .filter_map(|runtime| {
                let (at, summary) = view(runtime)?;
                let Measured { unit, better, ratio, .. } = &runtime.metrics[at];
                Some(View { runtime: &runtime.name, unit, better: *better, summary, ratio: *ratio })
            })
            .collect()
    }

    fn read(file: &PathBuf) -> Result<Report, String> {
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{} holds no results: {error}", file.display()))
    }
}

/// Prints the tables of the rows that have results.
pub(crate) fn show(rows: &[&Row], folder: &Path) -> Result<(), String> {
    let files = rows.iter().map(|row| folder.join(format!("{}.json", row.name)));
    let files: Vec<PathBuf> = files.filter(|file| file.exists()).collect();
    if files.is_empty() {
        return Err(
            "no results of these rows have been written yet; measure them with `all` or `row`".to_owned()
        );
    }
    for file in &files {
        print!("{}", Report::read(file)?.table());
    }
    Ok(())
}

/// With as many decimals as are worth reading.
pub(crate) fn figure(figure: f64) -> String {
    let decimals = match figure.abs() {
        large if large >= 1000.0 => 0,
        medium if medium >= 10.0 => 1,
        _ => 3,
    };
    format!("{figure:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let header = Header {
            row: "yields".to_owned(),
            about: "yields}".to_owned(),
            date: "2026-11-30".to_owned(),
            commit: "0123456789ab".to_owned(),
            machine: Machine::this(),
            workers: 2,
            scale: "full".to_owned(),
            rounds: 2,
        };
        let time = |samples: &[f64]| vec![Metric::new("time", "ns/yield", Better::Less, samples.to_vec())];
        let (mut ours, mut theirs, mut none) =
            (Figures::of("ours"), Figures::of("theirs"), Figures::of("none"));
        ours.add(time(&[1.0, 3.0]));
        ours.add(time(&[4.0]));
        theirs.add(time(&[4.0]));
        theirs.add(time(&[16.0]));
        none.failure = Some("it is not there".to_owned());
        Report::new(header, vec![ours, theirs, none])
    }

    #[test]
    fn summaries_are_of_all_samples_and_ratios_of_rounds() {
        let report = report();
        let measured = |runtime: usize| &report.runtimes[runtime].metrics[0];
        assert_eq!(measured(0).summary.unwrap().median, 3.0);
        assert_eq!(measured(0).ratio, None);
        let ratio = measured(1).ratio.unwrap();
        assert_eq!((ratio.median, ratio.min, ratio.max), (0.375, 0.25, 0.5));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let report = report();
        let json = report.json().unwrap();
        let read: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(read.table(), report.table());
        assert_eq!(read.json().unwrap(), json);
    }

    #[test]
    fn the_table_marks_the_best_and_tells_who_failed() {
        let table = report().table();
        assert!(table.contains("ours*") && !table.contains("theirs*"), "{table}");
        assert!(table.contains("none failed: it is not there"), "{table}");
    }

    #[test]
    fn figures_keep_six_digits() {
        assert_eq!(round(123_456_789.0), 123_457_000.0);
        assert_eq!(round(0.001_234_567_8), 0.001_234_57);
        assert_eq!(round(0.0), 0.0);
    }
}
