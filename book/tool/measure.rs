//! Runs the programs behind the outputs, tables and figures of the chapters, and writes what they give to `book/data`.
//!
//! An entry of [`ENTRIES`] has the name of its file, or files, and how they are made. A figure's program prints its data
//! as JSON, without who made it where: that is added here. It is run several times, and all samples are kept.

mod data;
mod text;

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Instant,
};

/// A name below `book/data`, and how its file is made. Several entries may have the same name and different files.
struct Entry {
    name: &'static str,
    how: How,
}

/// How a file is made. Each has its words behind `--`.
enum How {
    /// `NAME.txt` is what an example prints.
    Output(&'static str, &'static [&'static str]),
    /// `NAME.txt` is what the service that stutters prints, and what it says on stderr: what is set in its environment,
    /// and its arguments.
    Stutter(&'static str, &'static [&'static str]),
    /// `NAME.txt` is what an example prints, after what the runtime says of its polls that block.
    Blocked(&'static str),
    /// The traces that the players show.
    Traces,
    /// `NAME.json` is what an example prints for each of these arguments, all of it so many times.
    Figure(&'static str, &'static [&'static [&'static str]], usize),
    /// `NAME.json` and `NAME.md` are written by the program that measures what the reader of chapters 1 to 3 has typed.
    Typed,
    /// `NAME.txt` and `NAME.json` set forty pages on so many workers beside what a formula says.
    Rounds,
    /// `NAME.json` is taken from these rows of the results of `cargo bench-peers`.
    Peers(&'static [&'static str]),
    /// `NAME.json` and the table made of it are written by the benches, built with these features.
    Bench(&'static str),
}

const ENTRIES: &[Entry] = &[
    entry("ch01", How::Typed),
    entry("ch02", How::Typed),
    entry("ch03", How::Typed),
    entry("every-core", How::Output("every_core", &[])),
    entry("classics", How::Peers(&["spawn-outside", "yields", "ping-pong", "chain"])),
    entry("keep-alive", How::Output("keep_alive", &[])),
    entry("keep-alive", How::Figure("keep_alive", &[&["--json"]], 5)),
    entry("one-blocking-call", How::Output("one_blocking_call", &[])),
    entry("one-blocking-call-s7", How::Output("one_blocking_call", &["s7_adaptive"])),
    entry("rounds", How::Rounds),
    entry("forty-pages-s5", How::Output("forty_pages", &["--stage", "s5_spawn_blocking"])),
    entry("legacy-images", How::Output("legacy_images", &[])),
    entry("hand-off-cost-s5", How::Output("hand_off_cost", &[])),
    entry("hand-off-cost-s6", How::Output("hand_off_cost", &["s6_block_in_place"])),
    entry("hand-off-cost-s7", How::Output("hand_off_cost", &["s7_adaptive"])),
    entry(
        "hand-off-cost",
        How::Figure(
            "hand_off_cost",
            &[&["--json"], &["s6_block_in_place", "--json"], &["s7_adaptive", "--json"]],
            3,
        ),
    ),
    entry("two-files", How::Output("two_files", &[])),
    entry("two-files", How::Figure("two_files", &[&["--json"]], 1)),
    entry("edges", How::Output("edges", &[])),
    entry("worth-it", How::Output("worth_it", &[])),
    entry("worth-it", How::Figure("worth_it", &[&["--json"]], 1)),
    entry("two-writers", How::Output("two_writers", &[])),
    entry("many-waiting", How::Output("many_waiting", &[])),
    entry("many-waiting", How::Figure("many_waiting", &[&["--json"]], 1)),
    entry("noticed", How::Output("noticed", &[])),
    entry("rescue", How::Figure("noticed", &[&["--json", "rescue"]], 1)),
    entry("threads", How::Figure("noticed", &[&["--json", "threads"]], 5)),
    entry("price", How::Output("price", &[])),
    entry("under-load", How::Bench("")),
    entry("ablation", How::Bench("ablation")),
    entry("stutter", How::Stutter("", &[])),
    entry("stutter-blocked", How::Stutter("REFERENCE_RUNTIME_BLOCKED=1", &[])),
    entry("stutter-backtrace", How::Stutter("", &["--backtrace"])),
    entry("stutter-fixed", How::Stutter("REFERENCE_RUNTIME_BLOCKED=1", &["--fixed"])),
    entry("traces", How::Traces),
    entry("service-full", How::Blocked("samples_full")),
    entry("service", How::Figure("samples_load", &[&[]], 1)),
];

const fn entry(name: &'static str, how: How) -> Entry {
    Entry { name, how }
}

impl Entry {
    /// The files below `book/data`.
    fn files(&self) -> String {
        let name = self.name;
        match self.how {
            How::Output(..) | How::Stutter(..) | How::Blocked(_) => format!("{name}.txt"),
            How::Figure(..) | How::Peers(_) | How::Bench(_) => format!("{name}.json"),
            How::Typed => format!("{name}.json, {name}.md"),
            How::Rounds => format!("{name}.json, {name}.txt"),
            How::Traces => format!("{name}/*.json"),
        }
    }

    /// What makes them, in short.
    fn about(&self) -> String {
        match self.how {
            How::Output(example, arguments) => text::command(example, arguments),
            How::Stutter(set, arguments) => {
                format!("{set} {}", text::command("stutter", arguments)).trim().to_owned()
            }
            How::Blocked(example) => format!("{} {}", text::BLOCKED, text::command(example, &[])),
            How::Figure(example, [arguments], 1) => text::command(example, arguments),
            How::Figure(example, [arguments], runs) => {
                format!("{}, {runs} times", text::command(example, arguments))
            }
            How::Figure(example, all, runs) => {
                format!("the example {example} in {} ways, {runs} times each", all.len())
            }
            How::Typed => format!("cargo run --release -p tiny --example measure -- FOLDER {}", self.name),
            How::Rounds => "the example forty_pages on more and more workers".to_owned(),
            How::Peers(rows) => format!("reference-runtime/bench/results, {}", rows.join(", ")),
            How::Bench(_) => format!("the benches, figure {}", self.name),
            How::Traces => "the examples trace_stages and stutter".to_owned(),
        }
    }

    fn make(&self, root: &Path) -> Result<()> {
        match &self.how {
            How::Output(example, arguments) => text::output(root, self.name, example, arguments),
            How::Stutter(set, arguments) => text::stutter(root, self.name, set, arguments),
            How::Blocked(example) => text::blocked(root, self.name, example),
            How::Traces => text::traces(root),
            How::Figure(example, all, runs) => data::figure(root, self.name, example, all, *runs),
            How::Typed => data::typed(root, self.name),
            How::Rounds => data::rounds(root, self.name),
            How::Bench(features) => data::bench(root, self.name, features),
            How::Peers(rows) => data::peers(root, self.name, rows),
        }
    }
}

/// Makes the files of one name in `book/data`, or all, and tells how far it is.
///
/// # Errors
///
/// If there is no such name, or, after all others were made, if a program does not build or fails.
pub fn measure(root: &Path, only: Option<&str>) -> Result<()> {
    let is_wanted = |entry: &&Entry| only.is_none_or(|only| only == entry.name);
    let wanted: Vec<&Entry> = ENTRIES.iter().filter(is_wanted).collect();
    ensure!(
        !wanted.is_empty(),
        "nothing is measured under the name `{}`; `cargo book measure --list` has the names",
        only.unwrap_or_default()
    );
    let (all, began) = (wanted.len(), Instant::now());
    let mut failed = Vec::new();
    for (at, entry) in wanted.into_iter().enumerate() {
        eprintln!("[{}/{all}] book/data/{}: {}", at + 1, entry.files(), entry.about());
        let began = Instant::now();
        let outcome = entry.make(root);
        let took = began.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => eprintln!("        took {took:.1} s"),
            Err(error) => {
                eprintln!("        FAILED after {took:.1} s: {error:#}");
                failed.push(entry.name);
            }
        }
    }
    ensure!(failed.is_empty(), "{} of {all} could not be measured: {}", failed.len(), failed.join(", "));
    eprintln!("{all} measured, in {:.0} s.", began.elapsed().as_secs_f64());
    Ok(())
}

/// What can be measured, a line each: the name, its files, what makes them.
pub fn measurements() -> String {
    let line = |entry: &Entry| format!("{:<22} {:<28} {}\n", entry.name, entry.files(), entry.about());
    ENTRIES.iter().map(line).collect()
}

fn save(root: &Path, name: &str, ending: &str, text: &str) -> Result<()> {
    let file = root.join(format!("book/data/{name}.{ending}"));
    fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Runs cargo, and gives what the program wrote.
fn run(root: &Path, words: &[&str], set: Option<(&str, &str)>) -> Result<Output> {
    let output = Command::new("cargo")
        .args(words)
        .envs(set)
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`cargo {}` fails: {}", words.join(" "), said.trim());
    Ok(output)
}

fn run_example(root: &Path, example: &str, arguments: &[&str]) -> Result<String> {
    let package = package(root, example);
    let mut words = vec!["run", "--quiet", "--release", "--package", package, "--example", example, "--"];
    words.extend(arguments);
    Ok(String::from_utf8(run(root, &words, None)?.stdout)?)
}

/// The package that has an example. Cargo finds it by itself, but then it takes the features of all packages.
fn package(root: &Path, example: &str) -> &'static str {
    let beside = root.join("reference-runtime/ecosystem/examples").join(example).with_extension("rs");
    if beside.is_file() { "reference-runtime-ecosystem" } else { "reference-runtime" }
}

/// What the figures depend on, in a line.
fn machine(root: &Path) -> Result<String> {
    let cpus = std::thread::available_parallelism()?;
    let [system, rust, commit, date] = [
        &["uname", "-sr"][..],
        &["rustc", "--version"],
        &["git", "rev-parse", "--short", "HEAD"],
        &["date", "-u", "+%F"],
    ]
    .map(|words| -> Result<String> {
        let output = Command::new(words[0]).args(&words[1..]).current_dir(root).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    });
    let (system, rust) = (system?, rust?);
    let plain = |text: &str, words| text.split([' ', '-']).take(words).collect::<Vec<_>>().join(" ");
    Ok(format!("({cpus} CPUs, {}, {}, {}, commit {})", plain(&system, 2), plain(&rust, 2), date?, commit?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_file_is_made_twice_and_each_is_listed() {
        let files: BTreeSet<String> = ENTRIES.iter().map(Entry::files).collect();
        assert_eq!(files.len(), ENTRIES.len());
        let list = measurements();
        assert!(files.iter().all(|file| list.contains(file)), "{list}");
    }

    #[test]
    fn a_name_that_nobody_measures_is_an_error_that_says_where_the_names_are() {
        let error = measure(Path::new("nowhere"), Some("nothing")).expect_err("there is no such entry");
        assert!(error.to_string().contains("`nothing`") && error.to_string().contains("--list"), "{error}");
    }
}
