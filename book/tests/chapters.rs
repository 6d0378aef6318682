//! The chapters on blocking calls keep to their template, and all that they show comes from a file that is tested or
//! recorded.

use std::{
    fs,
    path::{Path, PathBuf},
};

const CHAPTERS: &[&str] = &[
    "ch04-every-core.md",
    "ch05-reactor.md",
    "ch06-one-blocking-call.md",
    "ch07-spawn-blocking.md",
    "ch08-block-in-place.md",
    "ch09-edges.md",
    "ch10-worth-it.md",
    "ch11-noticing.md",
    "ch12-did-it-work.md",
    "ch13-rely-on-it.md",
];

/// Pages between and behind the chapters, which keep to all but the template.
const OTHERS: &[&str] = &[
    "player.md",
    "your-trace.md",
    "find-the-blocker.md",
    "migrate-from-async-std.md",
    "migrate-from-smol.md",
    "migrate-from-tokio.md",
    "a-waker-by-hand.md",
    "testing-concurrency.md",
];

const TEMPLATE: &[&str] = &[
    "Question",
    "Predict",
    "See it fail",
    "Build",
    "Test it",
    "Measure",
    "What goes wrong",
    "Exercises",
    "Check yourself",
    "How real runtimes do it",
    "Further reading",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the book lies in the repository").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn chapter(name: &str) -> String {
    read(root().join("book/src").join(name))
}

/// A fenced block: its language, its lines, and the last line of text before it.
struct Fence {
    language: String,
    body: Vec<String>,
    label: String,
}

fn fences(text: &str) -> Vec<Fence> {
    let (mut fences, mut label) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body = lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
            fences.push(Fence { language: language.to_owned(), body, label: std::mem::take(&mut label) });
        } else if !line.is_empty() {
            label = line.to_owned();
        }
    }
    fences
}

/// The file and the anchor of a block that is one include and nothing else.
fn included(body: &[String]) -> Option<(&str, Option<&str>)> {
    let [line] = body else { return None };
    let target = line.strip_prefix("{{#include ../")?.strip_suffix("}}")?;
    Some(target.split_once(':').map_or((target, None), |(file, anchor)| (file, Some(anchor))))
}

#[test]
fn each_chapter_has_the_sections_of_the_template_in_order() {
    for name in CHAPTERS {
        let text = chapter(name);
        let sections: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, TEMPLATE, "{name}");
    }
}

#[test]
fn each_listing_is_an_anchor_of_the_file_named_above_it() {
    for name in CHAPTERS.iter().chain(OTHERS) {
        for fence in fences(&chapter(name)).iter().filter(|fence| fence.language == "rust") {
            let Some((file, Some(anchor))) = included(&fence.body) else {
                panic!("{name}: a listing that is no anchor of a file: {:?}", fence.body);
            };
            let file = file.strip_prefix("../").unwrap_or_else(|| panic!("{name}: {file}"));
            assert_eq!(fence.label, format!("File `{file}`, to read:"), "{name}");
            let text = read(root().join(file));
            let places = |mark: &str| -> Vec<usize> {
                let is_mark = |line: &str| line.trim() == format!("// {mark}: {anchor}");
                text.lines().enumerate().filter(|(_, line)| is_mark(line)).map(|(at, _)| at).collect()
            };
            let (begins, ends) = (places("ANCHOR"), places("ANCHOR_END"));
            assert!(
                matches!((&begins[..], &ends[..]), ([begin], [end]) if begin + 1 < *end),
                "{name}: {file} has the anchor {anchor} in lines {begins:?} to {ends:?}"
            );
        }
    }
}

#[test]
fn each_output_is_recorded_and_each_record_is_shown() {
    let mut shown = Vec::new();
    for name in CHAPTERS.iter().chain(OTHERS) {
        for fence in fences(&chapter(name)).iter().filter(|fence| fence.language.starts_with("console")) {
            match included(&fence.body) {
                Some((file, None)) => shown.push(root().join("book").join(file)),
                Some((file, _)) => panic!("{name}: a part of {file}"),
                None => assert_is_a_command(name, &fence.body),
            }
        }
    }
    for file in &shown {
        let text = read(file);
        let command =
            text.strip_prefix("$ ").unwrap_or_else(|| panic!("{} begins with no command", file.display()));
        // Some are started with a variable in their environment.
        let program = command.split(' ').find(|word| !word.contains('='));
        assert_eq!(program, Some("cargo"), "{} begins with its command", file.display());
    }
    for entry in fs::read_dir(root().join("book/data")).expect("the folder exists") {
        let file = entry.expect("a folder that was opened can be read").path();
        if file.extension().is_some_and(|ending| ending == "txt") {
            assert!(shown.contains(&file), "{} is shown nowhere", file.display());
        }
    }
}

/// A command names an example or a test that exists.
#[track_caller]
fn assert_is_a_command(chapter: &str, body: &[String]) {
    let [command] = body else { panic!("{chapter}: more than a command: {body:?}") };
    let without_trace = command.strip_prefix("$ REFERENCE_RUNTIME_TRACE=stutter.json ");
    let command = &without_trace.map_or_else(|| command.clone(), |rest| format!("$ {rest}"));
    let tests = root().join("reference-runtime/tests");
    match command.split(' ').collect::<Vec<_>>()[..] {
        ["$", "cargo", "test", "-p", "reference-runtime", "--test", "stages_behaviour", behaviour] => {
            let table = read(tests.join("stages_behaviour/main.rs"));
            assert!(
                table.contains(&format!("        {behaviour}")),
                "{chapter}: no behaviour begins {behaviour}"
            );
        }
        [
            "$",
            flag,
            cfg,
            _,
            "cargo",
            "test",
            "--release",
            "--lib",
            "-p",
            "reference-runtime",
            _,
            _,
            module,
        ] => {
            assert_eq!(
                (flag, cfg),
                ("RUSTFLAGS=\"--cfg", "reference_runtime_loom\""),
                "{chapter}: {command}"
            );
            let file = root().join("reference-runtime/src").join(module).with_extension("rs");
            assert!(read(file).contains("loom::model"), "{chapter}: {command}");
        }
        ["$", "cargo", "run", "--release", "--features", _, "--example", example, "--", ..] => {
            let file = root().join("reference-runtime/examples").join(example).with_extension("rs");
            assert!(file.is_file(), "{chapter}: {command}");
        }
        ["$", "cargo", "test", "-p", "reference-runtime", "--features", feature, "--test", test] => {
            let manifest = read(root().join("reference-runtime/Cargo.toml"));
            assert!(
                manifest.contains(&format!("required-features = [\"{feature}\"]")),
                "{chapter}: {command}"
            );
            assert!(tests.join(test).with_extension("rs").is_file(), "{chapter}: {command}");
        }
        ["$", "cargo", "test", "-p", "reference-runtime-ecosystem", "--test", test] => {
            let file = root().join("reference-runtime/ecosystem/tests").join(test).with_extension("rs");
            assert!(file.is_file(), "{chapter}: {command}");
        }
        ["$", "cargo", "run", "--release", "--example", example, "--", ..] => {
            let file = |folder: &str| root().join(folder).join(example).with_extension("rs");
            let is_there = ["reference-runtime/examples", "reference-runtime/ecosystem/examples"]
                .iter()
                .any(|folder| file(folder).is_file());
            assert!(is_there, "{chapter}: {command}");
        }
        ["$", "cargo", "test", "-p", exercise] => {
            assert!(
                root().join("exercises").join(exercise).join("cases.rs").is_file(),
                "{chapter}: {command}"
            );
        }
        _ => panic!("{chapter}: what does `{command}` run?"),
    }
}
