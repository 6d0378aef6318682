//! The command line.

use std::{
    fmt::Display,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use crate::{
    child::Scale,
    figures::Figure,
    machine,
    rows::{Entry, ROWS, Row},
};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Runs workloads on reference-runtime and on its peers, in turns, each run in a
process of its own, and prints medians, spreads and paired ratios.

Usage: cargo run --release -p reference-runtime-bench -- COMMAND [OPTIONS]

  all               measure every row on every runtime
  row ROW...        measure these rows
  pair ROW A B      measure a row on two runtimes, A over B
  list              print what the rows and the runtimes are called
  show [ROW...]     print the tables of results that were written before
  tables            write the tables of the book from these results; with --out,
                    print those of the results there
  figure NAME       measure what a figure of the book shows, and write its data
                    there: under-load, or ablation in a build with that feature
  simulate          simulate the scheduler on 1 to 128 cores

A runtime is NAME, or NAME@WORKERS.

  --runtimes A,B,…  only these; the first is what the others are compared with
  --workers N       how many threads poll tasks, 1 to 512 [default: the cores]
  --rounds N        how often each runtime has its turn, 1 to 1000
                    [default: 3 to 9 by row, quick 3]
  --samples N       how often to measure within a turn, where a workload can be
                    repeated, 1 to 10000 [default: 15, storms 5, quick 5]
  --quick           smaller workloads, to see a trend; not written down
  --out DIR         write results there [default: bench/results, where all rows
                    or some are measured in full, on all their runtimes and
                    with as many workers as cores]
  --measure         beside `simulate`: measure here what the simulation assumes
  --limit S         give up on a turn after so many seconds [default: 120]
  --help            print this
";

/// What the program is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    List,
    Show {
        rows: Vec<&'static Row>,
        from: PathBuf,
    },
    /// `None` is the book, from the results that are kept.
    Tables {
        of: Option<PathBuf>,
    },
    Figure {
        figure: &'static Figure,
        rounds: Option<usize>,
        /// `None` is the book.
        out: Option<PathBuf>,
    },
    Simulate {
        out: PathBuf,
        measures: bool,
    },
    Measure(Measure),
}

/// What to measure, and how.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(crate) rows: Vec<&'static Row>,
    /// `None` is everyone who can take part.
    pub(crate) entries: Option<Vec<Entry>>,
    pub(crate) workers: usize,
    /// `None` is what the row says.
    pub(crate) rounds: Option<usize>,
    /// `None` is what the row says.
    pub(crate) samples: Option<usize>,
    pub(crate) scale: Scale,
    /// Where to write results, if at all.
    pub(crate) out: Option<PathBuf>,
    pub(crate) limit: Duration,
}

/// Where results are kept.
pub(crate) fn results() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// A sentence that names the argument and what it takes.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let mut words = Vec::new();
    let (mut entries, mut workers, mut rounds, mut samples, mut out, mut limit) =
        (None, None, None, None, None, 120);
    let mut scale = Scale::Full;
    let mut measures = false;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value; see --help"));
        match argument.as_str() {
            "--help" | "-h" | "help" => return Ok(Command::Help),
            "--quick" => scale = Scale::Quick,
            // For the tests of this package.
            "--tiny" => scale = Scale::Tiny,
            "--runtimes" => {
                entries = Some(value()?.split(',').map(Entry::parse).collect::<Result<Vec<_>, _>>()?);
            }
            "--measure" => measures = true,
            "--workers" => workers = Some(number(&argument, &value()?, 1..=512)?),
            "--rounds" => rounds = Some(number(&argument, &value()?, 1..=1_000)?),
            "--samples" => samples = Some(number(&argument, &value()?, 1..=10_000)?),
            "--limit" => limit = number(&argument, &value()?, 1..=86_400)?,
            "--out" => out = Some(PathBuf::from(value()?)),
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}; see --help"));
            }
            _ => words.push(argument),
        }
    }
    let mut words = words.iter().map(String::as_str);
    let command = words
        .next()
        .ok_or("say what to do: all, row, pair, list, show, tables, figure or simulate; see --help")?;
    let words: Vec<&str> = words.collect();
    let rows = match command {
        "list" => return no_more(&words).map(|()| Command::List),
        "tables" => return no_more(&words).map(|()| Command::Tables { of: out }),
        "simulate" => {
            let out = out.unwrap_or_else(results);
            return no_more(&words).map(|()| Command::Simulate { out, measures });
        }
        "figure" => {
            let [name] = words[..] else {
                return Err("`figure` takes the name of one; see --help".to_owned());
            };
            return Ok(Command::Figure { figure: Figure::named(name)?, rounds, out });
        }
        "show" => {
            return Ok(Command::Show { rows: named_or_all(&words)?, from: out.unwrap_or_else(results) });
        }
        "all" => no_more(&words).map(|()| ROWS.iter().collect())?,
        "row" if words.is_empty() => {
            return Err("`row` takes the names of rows; `list` prints them".to_owned());
        }
        "row" => named_or_all(&words)?,
        "pair" => {
            let [row, ours, theirs] = words[..] else {
                return Err("`pair` takes a row and two runtimes; `list` prints their names".to_owned());
            };
            if entries.is_some() {
                return Err("`pair` names its runtimes itself, so --runtimes has no place there".to_owned());
            }
            entries = Some(vec![Entry::parse(ours)?, Entry::parse(theirs)?]);
            vec![Row::named(row)?]
        }
        _ => return Err(format!("there is no command {command:?}; see --help")),
    };
    let is_whole = entries.is_none() && workers.is_none_or(|workers| workers == machine::cores());
    if scale == Scale::Full && is_whole {
        out = out.or_else(|| Some(results()));
    }
    if let Some(entries) = &entries {
        // One that is asked for by name is missed if it is left out in silence.
        if let [row] = rows[..] {
            entries.iter().try_for_each(|entry| row.admits(entry.contender))?;
        }
    }
    Ok(Command::Measure(Measure {
        rows,
        entries,
        workers: workers.unwrap_or_else(machine::cores),
        rounds: rounds.or(scale.of(None, Some(3), Some(1))),
        samples: samples.or(scale.of(None, Some(5), Some(1))),
        scale,
        out,
        limit: Duration::from_secs(limit),
    }))
}

fn no_more(words: &[&str]) -> Result<(), String> {
    match words {
        [] => Ok(()),
        [word, ..] => Err(format!("{word:?} is one word too many; see --help")),
    }
}

fn named_or_all(names: &[&str]) -> Result<Vec<&'static Row>, String> {
    if names.is_empty() {
        return Ok(ROWS.iter().collect());
    }
    names.iter().map(|name| Row::named(name)).collect()
}

fn number<N>(option: &str, value: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!("{option} takes a whole number from {} to {}, not {value:?}", range.start(), range.end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        for (line, sentence) in [
            ("", "say what to do"),
            ("some", "no command \"some\""),
            ("row", "takes the names of rows"),
            ("row nothing", "no row \"nothing\""),
            ("pair yields ours", "takes a row and two runtimes"),
            ("pair yields ours nobody", "no runtime \"nobody\""),
            ("pair timers ours futures-pool", "has no timers"),
            ("pair yields ours@0 tokio", "no number of workers"),
            ("all --rounds 0", "--rounds takes a whole number from 1 to 1000, not \"0\""),
            ("all --samples", "--samples takes a value"),
            ("all --fast", "no option --fast"),
            ("all yields", "one word too many"),
            ("simulate 64", "one word too many"),
        ] {
            let complaint = parsed(line).expect_err(line);
            assert!(complaint.contains(sentence), "{line}: {complaint}");
        }
    }

    #[test]
    fn only_a_whole_measurement_is_written_down_unasked() {
        let writes = |line: &str| match parsed(line) {
            Ok(Command::Measure(measure)) => measure.out.is_some(),
            other => panic!("{line}: {other:?}"),
        };
        assert!(writes("all") && writes("row yields"));
        assert!(!writes("all --quick") && !writes("pair yields ours tokio"));
        assert!(!writes("row yields --runtimes ours") && !writes("row yields --workers 512"));
        assert!(writes("pair yields ours@4 tokio --quick --out somewhere"));
    }
}
