//! Outputs as they are, and traces.

use super::{machine, package, run, run_example, save};
use anyhow::{Context, Result};
use std::path::Path;

/// Asks the runtime to say which polls block.
pub(super) const BLOCKED: &str = "REFERENCE_RUNTIME_BLOCKED=1";
/// With the lines of our own files in a stack, and of no others, which would all have to be compiled again.
const WITH_LINES: &str = "profile.release.package.reference-runtime.debug=1";

pub(super) fn command(example: &str, arguments: &[&str]) -> String {
    let separator = if arguments.is_empty() { "" } else { " -- " };
    format!("cargo run --release --example {example}{separator}{}", arguments.join(" "))
}

pub(super) fn output(root: &Path, name: &str, example: &str, arguments: &[&str]) -> Result<()> {
    let output = run_example(root, example, arguments)?;
    let text = format!("$ {}\n{output}\n{}\n", command(example, arguments), machine(root)?);
    save(root, name, "txt", &text)
}

pub(super) fn traces(root: &Path) -> Result<()> {
    let folder = root.join("book/data/traces");
    let stutter = folder.join("stutter.json");
    let not_utf8 = "the path of the repository is UTF-8";
    let (folder, stutter) = (folder.to_str().context(not_utf8)?, stutter.to_str().context(not_utf8)?);
    let words = ["run", "--quiet", "--release", "--package", "reference-runtime", "--features", "trace"];
    let stages = [&words[..], &["--example", "trace_stages", "--", folder]].concat();
    run(root, &stages, None)?;
    let service = [&words[..], &["--example", "stutter", "--", "--seconds", "1"]].concat();
    run(root, &service, Some(("REFERENCE_RUNTIME_TRACE", stutter)))?;
    Ok(())
}

/// `set` is empty, or a variable and its value.
pub(super) fn stutter(root: &Path, name: &str, set: &str, arguments: &[&str]) -> Result<()> {
    let mut command = command("stutter", arguments);
    if arguments.contains(&"--backtrace") {
        command = command.replace("--example", &format!("--config {WITH_LINES} --example"));
    }
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let output = run(root, &words, set.split_once('='))?;
    let said = said(output.stderr)?;
    let printed: String = String::from_utf8(output.stdout)?.lines().map(without_registry).collect();
    let text = format!("$ {set} {command}\n{said}{printed}\n{}\n", machine(root)?);
    save(root, name, "txt", &text.replacen("$  ", "$ ", 1))
}

/// What an example prints, after what the runtime says of its polls.
pub(super) fn blocked(root: &Path, name: &str, example: &str) -> Result<()> {
    let words = ["run", "--quiet", "--release", "--package", package(root, example), "--example", example];
    let output = run(root, &words, BLOCKED.split_once('='))?;
    let (said, printed) = (said(output.stderr)?, String::from_utf8(output.stdout)?);
    let text = format!("$ {BLOCKED} {}\n{said}\n{printed}\n{}\n", command(example, &[]), machine(root)?);
    save(root, name, "txt", &text)
}

/// The lines of the runtime. The rest is cargo's.
fn said(stderr: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(stderr)?;
    let lines = text.lines().filter(|line| line.starts_with("reference-runtime:"));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// A line, without the folder of this machine in which cargo keeps other packages.
fn without_registry(line: &str) -> String {
    let other = line.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    match (line.split_once(" at /"), other) {
        (Some((space, _)), Some((_, file))) => format!("{space} at {file}\n"),
        _ => format!("{line}\n"),
    }
}
