//! The demos of the book, run as its readers run them, and what the book says that they print.
#![cfg(all(unix, not(reference_runtime_loom)))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// What a demo prints. It must end well.
fn run(example: &str, arguments: &[&str]) -> String {
    let output = Command::new(examples().join(example)).args(arguments).output().expect("the example runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The folder of the built examples. Cargo builds them beside the tests only when it is not told which tests to build,
/// so this asks again.
fn examples() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let test = env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("the profile's directory");
        let name = match profile.file_name().and_then(|name| name.to_str()).expect("the profile's name") {
            "debug" => "dev",
            name => name,
        };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "reference-runtime", "--profile", name]);
        for example in [
            "edges",
            "every_core",
            "keep_alive",
            "many_waiting",
            "noticed",
            "one_blocking_call",
            "legacy_images",
            "sort_beside_ticker",
            "stutter",
            "two_files",
            "two_writers",
            "worth_it",
        ] {
            build.args(["--example", example]);
        }
        let target = profile.parent().expect("the target directory");
        build.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(build.status().expect("cargo runs").success(), "the examples build");
        profile.join("examples")
    })
}

/// What the book shows of a demo, without the command before it and the machine after it.
fn shown(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/data").join(name).with_extension("txt");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (command, rest) = text.split_once('\n').expect("the first line is the command");
    assert!(command.starts_with("$ cargo run --release --example "), "{command}");
    let (output, machine) = rest.trim_end().rsplit_once('\n').expect("the last line names the machine");
    assert!(machine.starts_with('(') && machine.ends_with(')'), "{machine}");
    output.trim_end().to_owned()
}

/// Numbers become one letter, so that only words and the shape are left.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for character in text.trim_end().chars() {
        let character = if character.is_ascii_digit() { '#' } else { character };
        // A number's width and the space before it vary together.
        let repeats = matches!(character, '#' | ' ' | '.') && plain.ends_with(['#', ' ', '.']);
        if repeats {
            plain.pop();
        }
        plain.push(if repeats { '#' } else { character });
    }
    plain
}

/// The last number of each row below the head of the table.
fn ticks(output: &str) -> Vec<u32> {
    let rows = output.lines().skip(3);
    rows.map(|row| row.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("ticks")).collect()
}

#[test]
fn every_core_measures_what_the_book_shows() {
    // What is measured and in which unit; the figures have units of their own.
    let rows = |output: &str| -> Vec<String> {
        let rows = output.lines().skip(1).filter(|line| !line.is_empty());
        rows.map(|row| row.chars().take(29).collect()).collect()
    };
    let output = run("every_core", &["--quick"]);
    assert_eq!(rows(&output), rows(&shown("every-core")));
    assert_eq!(rows(&output).len(), 7);
}

#[test]
fn a_server_whose_tasks_wait_in_their_sockets_answers_as_many_clients_as_it_has_workers() {
    let answered = |output: &str| -> Vec<String> {
        let rows = output.lines().skip(3);
        rows.map(|row| {
            row.split_whitespace().skip_while(|word| word.parse::<u32>().is_err()).take(3).collect()
        })
        .collect()
    };
    for output in [run("keep_alive", &["--quick"]), shown("keep-alive")] {
        assert_eq!(answered(&output), ["2of8", "8of8", "8of8"], "{output}");
    }
    // The last column: who asks is never at rest.
    let cores = |row: usize| -> f64 {
        let output = shown("keep-alive");
        let row = output.lines().nth(3 + row).expect("three rows");
        row.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number")
    };
    assert!(cores(1) > 0.2 && cores(2) < 0.05);
}

#[test]
fn the_seven_edges_end_panic_and_hang_as_the_book_says() {
    assert_eq!(run("edges", &[]), format!("{}\n", shown("edges")));
}

#[test]
fn a_monitor_that_learns_keeps_a_beat_beside_tasks_that_sleep() {
    let row = |output: &str, name: &str| -> Vec<f64> {
        let row = output.lines().find_map(|line| line.strip_prefix(name));
        let figures = row.unwrap_or_else(|| panic!("no row {name}:\n{output}")).split_whitespace();
        figures.filter_map(|figure| figure.parse().ok()).collect()
    };
    // What is shown was measured; of this run, in whatever company, only the shape counts.
    run("noticed", &["--quick"]);
    let shown = shown("noticed");
    let [off, forgets, learns] = row(&shown, "40 tasks block for 50 ms, the first time")[..] else {
        panic!("{shown}")
    };
    assert!(off > 900.0 && forgets < 100.0 && learns < 100.0, "{shown}");
    let [off, _, learns] = row(&shown, "a beat of 1 ms, 64 sleeping: late by, p50")[..] else {
        panic!("{shown}")
    };
    assert!(off > 100.0 && learns < 1.0, "{shown}");
}

/// Unless this machine was so busy that the other worker was awake: then it is run again.
#[test]
fn on_stage_4_nothing_ticks_beside_one_blocking_call() {
    let outputs = (0..5).map(|_| run("one_blocking_call", &[]));
    let output = outputs.into_iter().find(|output| ticks(output) == [0; 5]).expect("five zeros in five runs");
    assert_eq!(without_numbers(&output), without_numbers(&shown("one-blocking-call")));
    assert_eq!(ticks(&shown("one-blocking-call")), [0; 5]);
}

#[test]
fn on_stage_7_a_task_ticks_beside_a_blocking_call() {
    let output = run("one_blocking_call", &["s7_adaptive"]);
    // The sorts are too short for a tick in this profile.
    assert!(ticks(&output)[..3].iter().all(|ticks| *ticks > 0), "{output}");
    assert!(ticks(&shown("one-blocking-call-s7")).iter().all(|ticks| *ticks > 0));
}

#[test]
fn pings_are_answered_beside_thumbnails_on_the_pool_only() {
    let output = run("legacy_images", &[]);
    let before = |output: &str| -> Vec<u32> {
        let rows = output.lines().skip(3);
        rows.map(|row| row.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("pings"))
            .collect()
    };
    for output in [&output, &shown("legacy-images")] {
        let [direct, moved] = before(output)[..] else { panic!("two rows:\n{output}") };
        assert!(direct == 0 && moved > 0, "{output}");
    }
    assert_eq!(without_numbers(&output), without_numbers(&shown("legacy-images")));
}

#[test]
fn a_join_of_two_reads_is_parallel_on_the_pool_and_serial_in_place() {
    let claims = |output: &str| -> Vec<(String, bool)> {
        let claim = |line: &str| {
            let (name, rest) = line.split_once(": ")?;
            let overlap = rest.rsplit_once("at the same time: ")?.1;
            Some((name.to_owned(), overlap.trim().parse().expect("true or false")))
        };
        output.lines().filter_map(claim).collect()
    };
    let expected = [
        ("join! of two spawn_blocking".to_owned(), true),
        ("join! of two block_in_place".to_owned(), false),
        ("a task for each block_in_place".to_owned(), true),
    ];
    assert_eq!(claims(&run("two_files", &[])), expected);
    assert_eq!(claims(&shown("two-files")), expected);
    assert_eq!(claims(&run("two_files", &["s5_spawn_blocking"])), expected[..1]);
}

#[test]
fn a_service_stutters_as_the_book_says_and_the_runtime_says_why() {
    let words = |output: &str| without_numbers(output.trim_end());
    assert_eq!(words(&run("stutter", &["--seconds", "1"])), words(&shown("stutter")));
    let gap = |output: &str| -> u32 {
        let gap = output.split_once("the longest gap was ").expect("the output says so").1;
        gap.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    assert!(gap(&shown("stutter")) > 100);
    // These two were started with a variable, which their first line names.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/data");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the book shows it");
    let blocked = read("stutter-blocked.txt");
    for part in ["$ REFERENCE_RUNTIME_BLOCKED=1 cargo run ", "task \"connection\" (", "in flock"] {
        assert!(blocked.contains(part), "{part}: {blocked}");
    }
    let fixed = read("stutter-fixed.txt");
    assert!(gap(&fixed) < 100 && !fixed.contains("blocked its thread"), "{fixed}");
    // The stack leads to the sleep after which the log is written.
    let source = include_str!("../examples/stutter.rs");
    let sleep =
        source.lines().position(|line| line.contains("time::sleep(LOGGED_EVERY)")).expect("it sleeps");
    let stack = read("stutter-backtrace.txt");
    assert!(stack.contains(&format!("examples/stutter.rs:{}:", sleep + 1)), "{stack}");
    assert!(stack.contains("select::Select"), "{stack}");
}

/// It would not end otherwise.
#[test]
fn a_task_ticks_beside_sorts_on_the_only_worker() {
    let output = run("sort_beside_ticker", &["20000"]);
    let words: Vec<Vec<&str>> =
        output.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(words, [["sort", "10", "ticks"], ["par_sort", "10", "ticks"]]);
}

/// The cells below the heads, which begin in this line.
fn cells(output: &str, head: usize) -> Vec<Vec<String>> {
    let cells = |row: &str| {
        row.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
    };
    output.lines().skip(head).map(cells).collect()
}

#[test]
fn four_ways_to_count_give_the_same_counts_and_what_they_take_is_shown() {
    let (output, shown) = (cells(&run("worth_it", &["--quick"]), 2), cells(&shown("worth-it"), 2));
    assert_eq!(output[0], shown[0]);
    // The names and the lines of code, which do not depend on the machine.
    for (row, shown) in output.iter().zip(&shown).skip(1) {
        assert_eq!(row[..2], shown[..2]);
    }
    let column = |name: &str| -> Vec<f64> {
        let at = shown[0].iter().position(|head| head == name).expect("the head is there");
        // The first head has no name above it.
        shown[1..].iter().map(|row| row[at + 1].parse().expect("a number")).collect()
    };
    // What the chapter says of them.
    let [sync, _, _, pooled] = column("CPU, ms")[..] else { panic!("four ways") };
    assert!(pooled > sync, "{shown:?}");
    let [sync, _, _, pooled] = column("sleeps")[..] else { panic!("four ways") };
    assert!(pooled > 10.0 * (sync + 1.0), "{shown:?}");
    let reads = column("reads");
    assert!(reads.iter().all(|count| (count - reads[0]).abs() < 20.0), "{shown:?}");
}

#[test]
fn lines_in_pieces_are_mixed_and_lines_of_one_writer_are_not() {
    let output = run("two_writers", &[]);
    assert_eq!(output, format!("{}\n", shown("two-writers")));
    // ANCHOR: whole
    let lines = ["left 1", "left 4", "left 9", "right 16", "right 25", "right 36"];
    let whole = output.split("\n\n").map(|part| part.lines().filter(|line| lines.contains(line)).count());
    assert_eq!(whole.collect::<Vec<_>>(), [0, 0, 6], "{output}");
    // ANCHOR_END: whole
}

#[test]
fn connections_that_wait_in_tasks_take_less_memory_than_in_threads() {
    let (output, shown) = (cells(&run("many_waiting", &["--quick"]), 1), cells(&shown("many-waiting"), 1));
    assert_eq!(output[0], shown[0]);
    assert_eq!(output.len(), 3);
    let last: Vec<f64> =
        shown.last().expect("rows").iter().map(|cell| cell.parse().expect("a number")).collect();
    assert!(last[1] > last[2], "{shown:?}");
}
