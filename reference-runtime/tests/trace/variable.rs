//! `REFERENCE_RUNTIME_TRACE`: each test starts this program again with the variable set, to run the test of the same name.

use std::process::{Command, Output};

use reference_runtime::{Builder, block_on, task};

use super::{Scratch, check, turn};

const VARIABLE: &str = "REFERENCE_RUNTIME_TRACE";
/// Set in the program that is started.
const CHILD: &str = "REFERENCE_RUNTIME_TEST_TRACE_CHILD";

/// Runs a test of this program with the variable set.
fn child(test: &str, file: &Scratch) -> Output {
    let mut child = Command::new(std::env::current_exe().expect("a test has a program"));
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    child.env(CHILD, "1").env(VARIABLE, &file.0).output().expect("the program starts")
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

fn read(file: &Scratch, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = std::fs::read_to_string(&file.0).unwrap_or_else(|error| panic!("{error}: {said}"));
    check::check(&text).unwrap_or_else(|what| panic!("{what}:\n{text}"));
    text
}

#[test]
fn a_program_is_recorded_until_the_thread_ends_that_started_its_runtime() {
    if is_child() {
        // On a thread of the test's, which ends after it.
        block_on(task::spawn(async {}));
        return;
    }
    let _turn = turn();
    let file = Scratch::new("thread");
    let output =
        child("variable::a_program_is_recorded_until_the_thread_ends_that_started_its_runtime", &file);
    assert!(read(&file, &output).contains("\"name\":\"spawn\""));
}

#[test]
fn a_program_is_recorded_until_its_runtime_is_shut_down() {
    if is_child() {
        let runtime = Builder::new().worker_threads(1).build().expect("a runtime starts");
        runtime.block_on(runtime.spawn(async {}));
        drop(runtime);
        // Nothing that comes later is needed.
        std::process::abort();
    }
    let _turn = turn();
    let file = Scratch::new("runtime");
    let output = child("variable::a_program_is_recorded_until_its_runtime_is_shut_down", &file);
    assert!(!output.status.success(), "it aborts");
    let text = std::fs::read_to_string(&file.0).expect("it was written before");
    check::check(&text).expect("it is a trace");
}

#[test]
fn a_file_that_cannot_be_written_is_reported() {
    if is_child() {
        block_on(task::spawn(async {}));
        return;
    }
    let _turn = turn();
    let file = Scratch(std::env::temp_dir().join("reference-runtime-no-such-folder").join("trace.json"));
    let output = child("variable::a_file_that_cannot_be_written_is_reported", &file);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(VARIABLE) && said.contains("cannot write"), "{said}");
    assert!(output.status.success(), "the program itself goes on");
}
