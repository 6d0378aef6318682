//! Every row runs on every runtime that can take part, with tiny sizes and in processes, as the real measurement does.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Output},
};

fn bench(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_reference-runtime-bench");
    Command::new(program).args(arguments).output().expect("the program of this package starts")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the program prints UTF-8")
}

#[test]
fn every_row_runs_on_every_runtime_and_is_written_down() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("every_row");
    let folder = folder.to_str().expect("the build directory has a name in UTF-8");
    // What an earlier run of this test left there.
    let _ = fs::remove_dir_all(folder);

    let ran = bench(&["all", "--tiny", "--limit", "60", "--out", folder]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));

    let list = bench(&["list"]);
    let (rows, _) = text(&list.stdout).split_once("\n\n").expect("the rows stand before the runtimes");
    let rows: Vec<&str> = rows.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(rows.contains(&"yields"));
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for row in rows {
        let file = format!("{folder}/{row}.json");
        let written = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let results: serde_json::Value = serde_json::from_str(&written).expect("results are JSON");
        assert_eq!(results["row"], row);
        assert!(results["runtimes"].as_array().is_some_and(|runtimes| runtimes.len() > 1), "{row}");
        for runtime in results["runtimes"].as_array().into_iter().flatten() {
            let median = runtime["metrics"][0]["summary"]["median"].as_f64();
            assert!(median.is_some_and(|median| median.is_finite() && median >= 0.0), "{row}: {runtime}");
        }
        assert!(!written.contains("/home/") && !written.contains("/tmp/"), "{row} holds a path");
        // A name that is a common word proves nothing.
        let host = host.trim();
        assert!(host.len() < 8 || !written.contains(host), "{row} holds the name of the machine");
    }

    let shown = bench(&["show", "yields", "--out", folder]);
    assert!(text(&shown.stdout).contains("ns/yield"), "{}", text(&shown.stderr));
}

#[test]
fn what_is_asked_wrongly_is_answered_with_a_sentence() {
    for (arguments, sentence) in [
        (&["pair", "yields", "ours", "nobody"][..], "there is no runtime \"nobody\""),
        (&["row", "timers", "--runtimes", "futures-pool"], "has no timers"),
        (&["show", "--out", "no/such/folder"], "no results of these rows"),
        (&["--child"], "for the program itself"),
        (&["--load", "x"], "the load generator takes"),
    ] {
        let ran = bench(arguments);
        assert!(!ran.status.success(), "{arguments:?}");
        assert!(text(&ran.stderr).contains(sentence), "{arguments:?}: {}", text(&ran.stderr));
        assert!(!text(&ran.stderr).contains("panicked"), "{arguments:?}");
    }
}

#[test]
fn a_turn_that_takes_too_long_is_reported_and_the_others_go_on() {
    // The row takes 5 s.
    let ran = bench(&["pair", "idle", "ours", "smol", "--rounds", "1", "--limit", "1"]);
    assert!(!ran.status.success());
    assert_eq!(text(&ran.stderr).matches("was not done within 1 s").count(), 2, "{}", text(&ran.stderr));
}
