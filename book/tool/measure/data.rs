//! Data of figures.

use super::{machine, run, run_example, save};
use crate::figure::check;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{fmt::Write, fs, path::Path};

/// Of the figure that sets forty pages beside a formula.
const WORKERS: [usize; 6] = [1, 2, 4, 8, 16, 40];
const RUNS: usize = 5;
const PAGES: usize = 40;
const LATENCY_MS: usize = 100;

/// The runtimes beside ours in the figure of the peers, as their results call them, and what the figure does.
const SHOWN: [(&str, &str); 7] = [
    ("s3", "stage 3, stealing"),
    ("s4", "stage 4, reactor"),
    ("s5", "stage 5, spawn_blocking"),
    ("s6", "stage 6, block_in_place"),
    ("ours", "stage 7, adaptive"),
    ("tokio", "tokio"),
    ("smol", "smol"),
];

/// Lets the benches measure a figure; they write its data and its table.
pub(super) fn bench(root: &Path, name: &str, features: &str) -> Result<()> {
    let package = ["run", "--quiet", "--release", "--package", "reference-runtime-bench"];
    run(root, &[&package[..], &["--features", features, "--", "figure", name]].concat(), None)?;
    Ok(())
}

/// Runs an example with each of the arguments, `runs` times.
pub(super) fn figure(root: &Path, name: &str, example: &str, all: &[&[&str]], runs: usize) -> Result<()> {
    let mut whole = Value::Null;
    for run in 1..=runs {
        for arguments in all {
            if runs * all.len() > 1 {
                eprintln!("        run {run} of {runs}: {}", arguments.join(" "));
            }
            let printed = run_example(root, example, arguments)?;
            let part: Value = serde_json::from_str(&printed)
                .with_context(|| format!("{example} {} prints no JSON", arguments.join(" ")))?;
            merge(&mut whole, part)?;
        }
    }
    finish(root, name, whole, &format!("cargo book measure {name}"), &machine(root)?)
}

/// Adds the samples of a part to those of the whole. Lanes are of one run, and the last stays.
fn merge(whole: &mut Value, part: Value) -> Result<()> {
    if whole.is_null() || part.get("lanes").is_some() {
        *whole = part;
        return Ok(());
    }
    let series = whole["series"].as_array_mut().context("the data has no series")?;
    for new in part["series"].as_array().context("the data has no series")? {
        let Some(known) = series.iter_mut().find(|known| known["name"] == new["name"]) else {
            series.push(new.clone());
            continue;
        };
        // What was computed comes out the same each time.
        if known["model"] == true {
            continue;
        }
        let points = known["points"].as_array_mut().context("a series has no points")?;
        for point in new["points"].as_array().context("a series has no points")? {
            let is_same = |known: &&mut Value| known["x"] == point["x"] && known["label"] == point["label"];
            match points.iter_mut().find(is_same) {
                Some(known) => {
                    let samples = point["samples"].as_array().context("a point has no samples")?;
                    let all = known["samples"].as_array_mut().context("a point has no samples")?;
                    all.extend(samples.iter().cloned());
                }
                None => points.push(point.clone()),
            }
        }
    }
    Ok(())
}

/// Writes the file, if it is one that a figure can be drawn from.
fn finish(root: &Path, name: &str, mut data: Value, command: &str, machine: &str) -> Result<()> {
    data["command"] = json!(command);
    data["machine"] = json!(machine);
    let text = laid_out(&data);
    check(&text).context("the program prints what no figure can be drawn from")?;
    save(root, name, "json", &text)
}

/// A line for each point, so that a change shows where it is.
fn laid_out(data: &Value) -> String {
    let mut text = "{\n".to_owned();
    for key in ["title", "command", "machine", "unit", "x"] {
        if let Some(value) = data.get(key) {
            writeln!(text, "  \"{key}\": {value},").expect("a String takes any text");
        }
    }
    let none = Vec::new();
    let (key, inner) = if data.get("lanes").is_some() { ("lanes", "spans") } else { ("series", "points") };
    let outer = data[key].as_array().unwrap_or(&none);
    let outer: Vec<String> = outer
        .iter()
        .map(|item| {
            let mut head = item.clone();
            let parts = head.as_object_mut().and_then(|head| head.remove(inner)).unwrap_or_default();
            let parts: Vec<String> =
                parts.as_array().unwrap_or(&none).iter().map(|part| format!("      {part}")).collect();
            let head = head.to_string();
            let head = head.trim_end_matches('}');
            format!("    {head}, \"{inner}\": [\n{}\n    ]}}", parts.join(",\n"))
        })
        .collect();
    write!(text, "  \"{key}\": [\n{}\n  ]\n}}\n", outer.join(",\n")).expect("as above");
    text
}

/// What the program of chapters 1 to 3 measures: it writes both files, and leaves to us who made them.
pub(super) fn typed(root: &Path, name: &str) -> Result<()> {
    let folder = root.join("target/measure");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let to = folder.to_str().context("the path of the repository is UTF-8")?;
    run(root, &["run", "--quiet", "--release", "-p", "tiny", "--example", "measure", "--", to, name], None)?;
    let read = |ending: &str| {
        let file = folder.join(name).with_extension(ending);
        fs::read_to_string(&file).with_context(|| format!("{} was not written", file.display()))
    };
    let data = serde_json::from_str(&read("json")?).context("it is not JSON")?;
    finish(root, name, data, &format!("cargo book measure {name}"), &machine(root)?)?;
    save(root, name, "md", &read("md")?)
}

/// Forty pages, fetched directly with the client that blocks, on more and more workers.
pub(super) fn rounds(root: &Path, name: &str) -> Result<()> {
    let command = format!("cargo book measure {name}");
    let mut table = format!(
        "$ {command}\n{PAGES} pages, {LATENCY_MS} ms each, attohttpc called directly, s5_spawn_blocking\n\n\
         workers   rounds   model, ms   measured, ms: median (smallest to largest of {RUNS})\n"
    );
    let mut measured = Vec::new();
    for workers in WORKERS {
        let mut samples = Vec::new();
        for run in 1..=RUNS {
            eprintln!("        {workers} workers, run {run} of {RUNS}");
            let count = workers.to_string();
            let arguments =
                ["--stage", "s5_spawn_blocking", "--mode", "direct", "--json", "--workers", &count];
            let line: Value = serde_json::from_str(&run_example(root, "forty_pages", &arguments)?)?;
            samples.push(line["ms"].as_f64().context("a run has a time")?);
        }
        samples.sort_by(f64::total_cmp);
        let rounds = PAGES.div_ceil(workers);
        let [first, median, last] = [0, RUNS / 2, RUNS - 1].map(|at| samples[at]);
        let model = rounds * LATENCY_MS;
        writeln!(table, "{workers:>7} {rounds:>8} {model:>11} {median:>14.0} ({first:.0} to {last:.0})")?;
        measured.push(json!({ "x": workers, "samples": samples }));
    }
    let model: Vec<Value> = (1..=PAGES)
        .map(|workers| json!({ "x": workers, "samples": [PAGES.div_ceil(workers) * LATENCY_MS] }))
        .collect();
    let machine = machine(root)?;
    writeln!(table, "\n{machine}")?;
    save(root, name, "txt", &table)?;
    let data = json!({
        "title": "Forty pages with a client that blocks, on more and more workers",
        "unit": "until all are there, ms",
        "x": "workers",
        "series": [
            { "name": "measured", "points": measured },
            { "name": "the model, ⌈40 / W⌉ × 100 ms", "model": true, "points": model },
        ],
    });
    finish(root, name, data, &command, &machine)
}

/// Takes the times from the results that were measured beside the peers, without a run.
pub(super) fn peers(root: &Path, name: &str, rows: &[&str]) -> Result<()> {
    let (mut series, mut machine) = (Vec::new(), String::new());
    for row in rows {
        let file = root.join("reference-runtime/bench/results").join(row).with_extension("json");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("`cargo bench-peers row {row}` writes {}", file.display()))?;
        let results: Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        series.push(peers_of_row(&results).with_context(|| file.display().to_string())?);
        let of = machine_of(&results)?;
        ensure!(
            machine.is_empty() || machine == of,
            "{row} was measured elsewhere or on another day than the others: `cargo bench-peers row {}` measures all",
            rows.join(" ")
        );
        machine = of;
    }
    let data = json!({
        "title": "Four classic benchmarks of tasks, on two workers",
        "unit": "ns",
        "x": "",
        "series": series,
    });
    let command = format!("cargo bench-peers row {} && cargo book measure {name}", rows.join(" "));
    finish(root, name, data, &command, &machine)
}

fn peers_of_row(results: &Value) -> Result<Value> {
    let runtimes = results["runtimes"].as_array().context("it has no runtimes")?;
    let (mut points, mut unit) = (Vec::new(), Value::Null);
    for (name, label) in SHOWN {
        let found = runtimes.iter().find(|runtime| runtime["name"] == name);
        let found = found.with_context(|| format!("it has no results of {name}"))?;
        let metrics = found["metrics"].as_array().context("a runtime has no metrics")?;
        let time = metrics.iter().find(|metric| metric["name"] == "time").context("no time was measured")?;
        let rounds = time["rounds"].as_array().context("the time has no rounds")?;
        let samples: Vec<&Value> = rounds.iter().filter_map(Value::as_array).flatten().collect();
        ensure!(unit.is_null() || unit == time["unit"], "the runtimes have different units");
        unit = time["unit"].clone();
        points.push(json!({ "label": label, "samples": samples }));
    }
    Ok(json!({ "name": results["about"], "unit": unit, "points": points }))
}

/// As the line of all other files.
fn machine_of(results: &Value) -> Result<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("the results do not say where from");
    let of = &results["machine"];
    let (system, rust) = (text(&of["system"])?, text(&of["rustc"])?);
    let system = system.split('-').next().unwrap_or_default();
    let rust = rust.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let (date, commit) = (text(&results["date"])?, text(&results["commit"])?);
    Ok(format!("({} CPUs, {system}, {rust}, {date}, commit {})", of["cores"], &commit[..commit.len().min(7)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_by_series_and_point() {
        let part = |samples: &[f64]| {
            json!({ "title": "t", "unit": "u", "series": [
                { "name": "a", "points": [{ "x": 1.0, "samples": samples }] },
                { "name": "m", "model": true, "points": [{ "x": 1.0, "samples": [5.0] }] } ] })
        };
        let mut whole = Value::Null;
        merge(&mut whole, part(&[1.0])).expect("it is the first");
        merge(&mut whole, part(&[2.0, 3.0])).expect("it has the same series");
        merge(&mut whole, json!({ "series": [{ "name": "b", "points": [{ "x": 1.0, "samples": [9.0] }] }] }))
            .expect("it has one more");
        assert_eq!(whole["series"][0]["points"][0]["samples"], json!([1.0, 2.0, 3.0]));
        assert_eq!(whole["series"][1]["points"][0]["samples"], json!([5.0]));
        assert_eq!(whole["series"][2]["name"], "b");
    }

    #[test]
    fn the_layout_is_json_that_a_figure_can_be_drawn_from() {
        let data = json!({ "title": "t", "command": "c", "machine": "m", "unit": "u", "x": "",
            "series": [{ "name": "a {", "unit": "v}", "points": [{ "label": "l", "samples": [1.5, 2.0] }] }] });
        let text = laid_out(&data);
        assert_eq!(serde_json::from_str::<Value>(&text).expect("it is JSON"), data);
        check(&text).expect("it has all that it needs");
        assert!(text.contains("\n      {\"label\":\"l\",\"samples\":[1.5,2.0]}\n"), "{text}");
    }
}
