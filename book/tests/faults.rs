//! The text fits the repository; and each check of that is shown to fail on a planted fault.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

#[test]
fn nothing_is_wrong_with_the_text_of_the_book() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults/book");
    book::render(root(), Some(&folder)).unwrap_or_else(|error| panic!("{error:#}"));
    let complaints = book::complaints(root(), &folder).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(complaints.is_empty(), "{} faults:\n{}", complaints.len(), complaints.join("\n"));
}

/// A repository of one package, one exercise and a book of two pages, in which nothing is wrong.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"demo\", \"exercises/a-cell\"]\n"),
    ("demo/Cargo.toml", "[package]\nname = \"demo\"\nedition = \"2024\"\n[features]\ntrace = []\n"),
    ("demo/src/lib.rs", "// ANCHOR: seven\npub fn seven() -> u32 {\n    7\n}\n// ANCHOR_END: seven\n"),
    ("demo/examples/shown.rs", "fn main() {}\n"),
    ("demo/tests/stages_behaviour.rs", ""),
    ("exercises/a-cell/Cargo.toml", "[package]\nname = \"a-cell\"\nedition = \"2024\"\n"),
    ("exercises/a-cell/src/lib.rs", ""),
    ("exercises/a-cell/cases.rs", ""),
    ("reference-runtime/tests/stages_behaviour/main.rs", "table! {\n    a_wake_is_kept: s1,\n}\n"),
    (".cargo/config.toml", "[alias]\nbook = \"run --package demo --\"\nhint = \"run --package demo --\"\n"),
    (
        "book.toml",
        "[book]\nsrc = \"book/src\"\n[build]\nbuild-dir = \"target/book\"\ncreate-missing = false\n",
    ),
    ("book/src/SUMMARY.md", "- [One](ch01-one.md)\n- [Two](two.md)\n"),
    ("book/src/ch01-one.md", CHAPTER),
    (
        "book/src/two.md",
        "# Two\n\n## A part\n\nSee `cargo book build`, `cargo test -p\ndemo` and `cargo hint a-cell`.\n",
    ),
    ("book/data/shown.txt", "$ cargo run --example shown\nnothing\n"),
    ("README.md", "Run `cargo test`.\n"),
];

const CHAPTER: &str = "# 1. One

## Question

## Predict

## See it fail

```console
{{#include ../data/shown.txt}}
```

## Build

File `demo/src/lib.rs`, to read:

```rust
{{#include ../../demo/src/lib.rs:seven}}
```

## Test it

```console
$ cargo test -p demo --test stages_behaviour a_wake
```

```console
$ RUSTFLAGS=\"--cfg x\" cargo run --release --features trace \\
    --example shown -- --any thing
```

## Measure

## What goes wrong

See [two](two.md), [a part of it](two.md#a-part), [this](#build), [elsewhere](https://example.org/#x).

## Exercises

```console
$ cargo test -p a-cell
```

## Check yourself

```quiz
Is it?

- [ ] no
  It is.
- [x] yes
  It is.
```

## How real runtimes do it

## Further reading
";

/// The repository with one text in place of another in one file.
fn planted(name: &str, file: &str, text: &str, fault: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults").join(name);
    let _ = fs::remove_dir_all(&root);
    let mut is_planted = text.is_empty();
    for (path, whole) in FILES {
        let mut whole = (*whole).to_owned();
        if *path == file {
            assert!(whole.contains(text), "{name}: there is no {text:?} in {file}");
            whole = whole.replacen(text, fault, 1);
            is_planted = true;
        }
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be written");
        fs::write(path, whole).expect("as above");
    }
    assert!(is_planted, "{name}: there is no {file}");
    root
}

/// What is said of the repository, by the build or by the check.
fn said(root: &Path) -> Vec<String> {
    match book::render(root, None) {
        Ok(built) => book::complaints(root, &built).unwrap_or_else(|error| panic!("{error:#}")),
        Err(error) => vec![format!("{error:#}")],
    }
}

#[test]
fn a_book_without_a_fault_is_not_complained_of() {
    assert_eq!(said(&planted("none", "", "", "")), Vec::<String>::new());
}

#[test]
fn each_fault_is_found_and_named_with_its_file_and_line() {
    const ONE: &str = "book/src/ch01-one.md";
    const TWO: &str = "book/src/two.md";
    const LIB: &str = "demo/src/lib.rs";
    let include = "{{#include ../../demo/src/lib.rs:seven}}";
    // A name; what is replaced where, and by what; where the complaint says that it is; and some of its words.
    let faults: &[(&str, &str, &str, &str, &str, &str)] = &[
        ("no-file", ONE, "lib.rs:seven", "none.rs:seven", "ch01-one.md:18", "no file ../../demo/src/none.rs"),
        ("no-anchor", ONE, "lib.rs:seven", "lib.rs:eight", "ch01-one.md:18", "has no anchor `eight`"),
        ("no-end-of-anchor", LIB, "// ANCHOR_END: seven\n", "", "ch01-one.md:18", "ends 0 times"),
        ("anchor-twice", LIB, "}\n", "}\n// ANCHOR: seven\n", "ch01-one.md:18", "begins 2 times"),
        (
            "empty-anchor",
            LIB,
            "pub fn seven() -> u32 {\n    7\n}\n",
            "\n",
            "ch01-one.md:18",
            "nothing in the anchor",
        ),
        (
            "anchor-reversed",
            LIB,
            "// ANCHOR: seven\npub fn seven() -> u32 {\n    7\n}\n// ANCHOR_END: seven\n",
            "// ANCHOR_END: seven\n\n// ANCHOR: seven\n",
            "ch01-one.md:18",
            "in order",
        ),
        ("marks-shown", ONE, "lib.rs:seven", "lib.rs", "ch01-one.md:18", "has anchors"),
        ("by-line", ONE, "lib.rs:seven", "lib.rs:1:2", "ch01-one.md:18", "by number"),
        ("endless-include", ONE, "seven}}", "seven", "ch01-one.md:18", "without an end"),
        ("typed-in", ONE, include, "fn seven() {}", "ch01-one.md:17", "not included"),
        ("unnamed", ONE, "File `demo/src/lib.rs`", "A file", "ch01-one.md:17", "does not name"),
        ("misnamed", ONE, "File `demo/src/lib.rs`", "File `lib.rs`", "ch01-one.md:17", "does not name"),
        ("no-section", ONE, "## Measure\n\n", "", "ch01-one.md:32", "where \"Measure\" is due"),
        ("out-of-order", ONE, "## Predict", "## Question", "ch01-one.md:5", "where \"Predict\" is due"),
        ("no-last", ONE, "## Further reading\n", "", "ch01-one.md:56", "\"Further reading\" is missing"),
        (
            "one-more",
            ONE,
            "## Further reading\n",
            "## Further reading\n\n## The end\n",
            "ch01-one.md:59",
            "no section",
        ),
        ("no-quiz", ONE, "```quiz", "```text", "ch01-one.md:44", "no quiz"),
        ("no-grader", ONE, "-p a-cell", "-p demo", "exercises/a-cell", "no chapter shows"),
        ("no-package", ONE, "-p demo", "-p none", "ch01-one.md:24", "no package `none`"),
        ("no-example", ONE, "--example shown", "--example none", "ch01-one.md:28", "the example `none`"),
        ("no-test", ONE, "--test stages_behaviour", "--test none", "ch01-one.md:24", "the test `none`"),
        ("no-behaviour", ONE, "a_wake", "a_sleep", "ch01-one.md:24", "no behaviour begins `a_sleep`"),
        ("no-feature", ONE, "trace", "traces", "ch01-one.md:28", "the feature `traces`"),
        ("no-subcommand", TWO, "cargo book", "cargo books", "two.md:5", "no command `books`"),
        ("no-word", TWO, "book build", "book burn", "two.md:5", "does not know the word `burn`"),
        ("no-package-in-prose", TWO, "\ndemo`", "\nnone`", "two.md:5", "no package `none`"),
        ("no-exercise", TWO, "a-cell", "a-wall", "two.md:6", "no exercise `a-wall`"),
        ("no-command-of-readme", "README.md", "cargo test", "cargo tset", "README.md:1", "no command `tset`"),
        ("no-page", ONE, "(two.md)", "(three.md)", "ch01-one.md:36", "three.html, which is not there"),
        ("no-part", ONE, "#a-part", "#a-whole", "ch01-one.md:36", "`#a-whole`"),
        ("no-own-part", ONE, "(#build)", "(#built)", "ch01-one.md:36", "`#built`"),
        (
            "typed-output",
            ONE,
            "{{#include ../data/shown.txt}}",
            "nothing",
            "ch01-one.md:9",
            "neither a command",
        ),
        ("unshown", ONE, "{{#include ../data/shown.txt}}", "$ cargo test", "shown.txt:1", "no page shows"),
        (
            "no-command",
            "book/data/shown.txt",
            "$ cargo run --example shown\n",
            "",
            "shown.txt:1",
            "begins with",
        ),
        (
            "bad-command",
            "book/data/shown.txt",
            "example shown",
            "example none",
            "shown.txt:1",
            "example `none`",
        ),
        (
            "output-below",
            ONE,
            "-p a-cell\n",
            "-p a-cell\nall promises kept\n",
            "ch01-one.md:40",
            "typed in, not recorded",
        ),
    ];
    let mut missed = Vec::new();
    for (name, file, text, fault, place, words) in faults {
        let said = said(&planted(name, file, text, fault));
        let is_found = said.iter().any(|line| line.contains(place) && line.contains(words));
        if !is_found {
            missed.push(format!("{name}: nothing said of {place} {words:?}, but: {said:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
