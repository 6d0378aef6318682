//! Runs the demos whose output the chapters show, and writes what they print to `book/data`.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{fmt::Write, fs, path::Path, process::Command};

/// The name of a file in `book/data`, the example whose output it holds, and that one's arguments.
const OUTPUTS: &[(&str, &str, &[&str])] = &[
    ("every-core", "every_core", &[]),
    ("keep-alive", "keep_alive", &[]),
    ("one-blocking-call", "one_blocking_call", &[]),
    ("one-blocking-call-s7", "one_blocking_call", &["s7_adaptive"]),
    ("forty-pages-s5", "forty_pages", &["--stage", "s5_spawn_blocking"]),
    ("legacy-images", "legacy_images", &[]),
    ("hand-off-cost-s5", "hand_off_cost", &[]),
    ("two-files", "two_files", &[]),
    ("hand-off-cost-s6", "hand_off_cost", &["s6_block_in_place"]),
    ("edges", "edges", &[]),
    ("noticed", "noticed", &[]),
    ("hand-off-cost-s7", "hand_off_cost", &["s7_adaptive"]),
];
/// The service that stutters: what is set in its environment, and its arguments. What it says on stderr is kept, too.
const STUTTERS: &[(&str, &str, &[&str])] = &[
    ("stutter", "", &[]),
    ("stutter-blocked", "REFERENCE_RUNTIME_BLOCKED=1", &[]),
    ("stutter-backtrace", "", &["--backtrace"]),
    ("stutter-fixed", "REFERENCE_RUNTIME_BLOCKED=1", &["--fixed"]),
];
/// With the lines of our own files in a stack, and of no others, which would all have to be compiled again.
const WITH_LINES: &str = "profile.release.package.reference-runtime.debug=1";
/// The traces that the players show.
const TRACES: &str = "traces";
/// The table that sets forty pages on so many workers beside what a formula says.
const MODEL: &str = "rounds";
const MODEL_WORKERS: [usize; 6] = [1, 2, 4, 8, 16, 40];
const MODEL_RUNS: usize = 5;
const PAGES: usize = 40;
const LATENCY_MS: usize = 100;

/// Records one file of `book/data`, or all.
///
/// # Errors
///
/// If there is no such file, or its demo does not build or fails.
pub fn record(root: &Path, only: Option<&str>) -> Result<()> {
    let is_wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut recorded = 0;
    for (name, example, arguments) in OUTPUTS.iter().filter(|output| is_wanted(output.0)) {
        let output = run(root, example, arguments)?;
        save(
            root,
            name,
            "txt",
            &format!("$ {}\n{output}\n{}\n", command(example, arguments), machine(root)?),
        )?;
        recorded += 1;
    }
    for (name, set, arguments) in STUTTERS.iter().filter(|output| is_wanted(output.0)) {
        record_stutter(root, name, set, arguments)?;
        recorded += 1;
    }
    if is_wanted(TRACES) {
        record_traces(root)?;
        recorded += 1;
    }
    if is_wanted(MODEL) {
        record_model(root)?;
        recorded += 1;
    }
    ensure!(recorded > 0, "nothing of that name is recorded; book/data has the names");
    Ok(())
}

fn record_traces(root: &Path) -> Result<()> {
    let folder = root.join("book/data/traces");
    let stutter = folder.join("stutter.json");
    let folder = folder.to_str().context("the path of the repository is UTF-8")?;
    for (example, arguments) in [("trace_stages", &[folder][..]), ("stutter", &["--seconds", "1"])] {
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--quiet", "--release", "--package", "reference-runtime", "--features", "trace"]);
        cargo.args(["--example", example, "--"]).args(arguments).current_dir(root);
        if example == "stutter" {
            cargo.env("REFERENCE_RUNTIME_TRACE", &stutter);
        }
        eprintln!("{}", command(example, arguments));
        ensure!(cargo.status()?.success(), "{example} fails");
    }
    Ok(())
}

fn command(example: &str, arguments: &[&str]) -> String {
    let separator = if arguments.is_empty() { "" } else { " -- " };
    format!("cargo run --release --example {example}{separator}{}", arguments.join(" "))
}

fn run(root: &Path, example: &str, arguments: &[&str]) -> Result<String> {
    eprintln!("{}", command(example, arguments));
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--package", "reference-runtime", "--example", example, "--"])
        .args(arguments)
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "{example} fails: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// `set` is empty, or a variable and its value.
fn record_stutter(root: &Path, name: &str, set: &str, arguments: &[&str]) -> Result<()> {
    let mut command = command("stutter", arguments);
    if arguments.contains(&"--backtrace") {
        command = command.replace("--example", &format!("--config {WITH_LINES} --example"));
    }
    eprintln!("{set} {command}");
    let words = command.split(' ').skip(1);
    let output = Command::new("cargo").args(words).envs(set.split_once('=')).current_dir(root).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "stutter fails: {said}");
    // The rest is cargo's.
    let said = said.lines().filter(|line| line.starts_with("reference-runtime:"));
    let said: String = said.map(|line| format!("{line}\n")).collect();
    let printed: String = String::from_utf8(output.stdout)?.lines().map(without_registry).collect();
    let text = format!("$ {set} {command}\n{said}{printed}\n{}\n", machine(root)?);
    save(root, name, "txt", &text.replacen("$  ", "$ ", 1))
}

/// A line, without the folder of this machine in which cargo keeps other packages.
fn without_registry(line: &str) -> String {
    let other = line.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    match (line.split_once(" at /"), other) {
        (Some((space, _)), Some((_, file))) => format!("{space} at {file}\n"),
        _ => format!("{line}\n"),
    }
}

/// Forty pages, fetched directly with the client that blocks, on more and more workers.
fn record_model(root: &Path) -> Result<()> {
    let mut table = format!(
        "$ cargo book record {MODEL}\n{PAGES} pages, {LATENCY_MS} ms each, attohttpc called directly, s5_spawn_blocking\n\n"
    );
    writeln!(
        table,
        "workers   rounds   model, ms   measured, ms: median (smallest to largest of {MODEL_RUNS})"
    )?;
    let mut points = Vec::new();
    for workers in MODEL_WORKERS {
        let mut samples = Vec::new();
        for _ in 0..MODEL_RUNS {
            let count = workers.to_string();
            let arguments =
                ["--stage", "s5_spawn_blocking", "--mode", "direct", "--json", "--workers", &count];
            let line: Value = serde_json::from_str(&run(root, "forty_pages", &arguments)?)?;
            samples.push(line["ms"].as_f64().context("a run has a time")?);
        }
        samples.sort_by(f64::total_cmp);
        let rounds = PAGES.div_ceil(workers);
        let [first, median, last] = [0, MODEL_RUNS / 2, MODEL_RUNS - 1].map(|at| samples[at]);
        let model = rounds * LATENCY_MS;
        writeln!(table, "{workers:>7} {rounds:>8} {model:>11} {median:>14.0} ({first:.0} to {last:.0})")?;
        points.push(json!({ "workers": workers, "model_ms": model, "measured_ms": samples }));
    }
    let machine = machine(root)?;
    writeln!(table, "\n{machine}")?;
    save(root, MODEL, "txt", &table)?;
    save(root, MODEL, "json", &format!("{:#}\n", json!({ "machine": machine, "points": points })))
}

fn save(root: &Path, name: &str, ending: &str, text: &str) -> Result<()> {
    let file = root.join(format!("book/data/{name}.{ending}"));
    fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))
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
