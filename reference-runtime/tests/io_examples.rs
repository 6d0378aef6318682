//! The examples of files and standard streams, each in a child process.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

#[path = "../examples/line_count.rs"]
mod line_count;
#[path = "../examples/list_dir.rs"]
mod list_dir;
#[path = "../examples/print_file.rs"]
mod print_file;
#[path = "../examples/stdin_echo.rs"]
mod stdin_echo;
#[path = "../examples/stdin_timeout.rs"]
mod stdin_timeout;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Duration;

use common::talk::talk;
use common::{LONG, folder::Folder};
use reference_runtime::block_on;

#[test]
fn line_count_prints_the_same_three_times() {
    let folder = Folder::new();
    let path = folder.join("lines");
    std::fs::write(&path, "one\n\nzwölf\n".repeat(1000)).expect("it is written");
    let child =
        |path: &str| block_on(line_count::count(path.as_ref())).expect("the file and the streams are there");
    let path = path.to_str().expect("it is UTF-8");
    talk("line_count_prints_the_same_three_times", path, child, |talk| {
        assert_eq!(talk.rest(), "3\n0\n5\n".repeat(3000));
        talk.ends();
        let report = talk.complaints();
        let ways = report.iter().filter_map(|line| line.split_once(": 3000 lines in "));
        assert_eq!(ways.map(|way| way.0).collect::<Vec<_>>(), ["sync", "half async", "async"]);
    });
}

#[test]
fn list_dir_prints_the_names() {
    let folder = Folder::new();
    for name in ["one", "two", "three"] {
        std::fs::write(folder.join(name), "").expect("it is written");
    }
    let child = |path: &str| block_on(list_dir::list(path.as_ref())).expect("the folder is there");
    let path = folder.path().to_str().expect("it is UTF-8");
    talk("list_dir_prints_the_names", path, child, |talk| {
        assert_eq!(talk.rest().lines().collect::<BTreeSet<_>>(), BTreeSet::from(["one", "two", "three"]));
    });
}

#[test]
fn print_file_prints_it() {
    let child = |path: &str| block_on(print_file::print(path.as_ref())).expect("the file is there");
    talk("print_file_prints_it", "Cargo.toml", child, |talk| {
        assert_eq!(talk.rest(), std::fs::read_to_string("Cargo.toml").expect("it is there"));
    });
}

#[test]
fn stdin_echo_says_it_again() {
    let child = |_: &str| block_on(stdin_echo::echo()).expect("both streams are there");
    talk("stdin_echo_says_it_again", "echo", child, |talk| {
        talk.say("one\ntwo\nthree");
        talk.close();
        assert_eq!(talk.rest(), "one\ntwo\nthree");
    });
}

#[test]
fn stdin_timeout_has_the_line_or_gives_up() {
    for scenario in ["a line", "nothing"] {
        let child = |scenario: &str| match scenario {
            "nothing" => {
                let error = block_on(stdin_timeout::ask(Duration::from_millis(5))).expect_err("nobody types");
                assert_eq!(error.kind(), ErrorKind::TimedOut);
            }
            _ => block_on(stdin_timeout::ask(LONG)).expect("somebody types"),
        };
        talk("stdin_timeout_has_the_line_or_gives_up", scenario, child, |talk| {
            if scenario == "a line" {
                talk.say("a name\n");
                assert_eq!(talk.rest(), "you typed \"a name\"\n");
            }
            // The input stays open.
            talk.ends();
        });
    }
}
