//! What the attributes say to functions that are not as they should be, and where.
//!
//! The compiler is called on each source with the macros that cargo has built for this test.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs};

/// The newest build of the macros beside this test.
fn macros() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let folder = test.parent().expect("it is in a folder");
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.trim_start_matches("lib").starts_with("reference_runtime_macros-")
            && [".so", ".dylib", ".dll"].iter().any(|end| name.ends_with(end))
    };
    let files = fs::read_dir(folder).expect("the folder of the test can be read");
    let built = files.filter_map(|file| Some(file.ok()?.path())).filter(is_ours);
    built
        .max_by_key(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
        .expect("cargo builds the macros before their tests")
}

/// What the compiler says to the source.
fn compile(name: &str, source: &str) -> Output {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}.rs"));
    fs::write(&file, source).expect("there is room for a source");
    let mut macros_argument = std::ffi::OsString::from("reference_runtime=");
    macros_argument.push(macros());
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--color=never", "--extern"])
        .arg(macros_argument)
        .arg("--out-dir")
        .args([&folder, &file])
        .output()
        .expect("there is a compiler")
}

/// The first error is this one, and stands there: the line and the column where `marked` begins in the source. No
/// other follows.
#[track_caller]
fn assert_error(name: &str, source: &str, marked: &str, message: &str) {
    let output = compile(name, source);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it compiles");
    let at = source.find(marked).expect("it is in the source");
    let line = source[..at].lines().count().max(1);
    let column = at - source[..at].rfind('\n').map_or(0, |end| end + 1) + 1;
    let mut errors = said.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.next(), Some(&*format!("error: {message}")), "{said}");
    assert!(errors.next().is_some_and(|last| last.contains("aborting due to 1 previous error")), "{said}");
    assert!(said.contains(&format!("{name}.rs:{line}:{column}\n")), "not at {line}:{column}: {said}");
}

#[test]
fn a_function_that_is_not_async() {
    assert_error(
        "not_async",
        "#[reference_runtime::main]\npub fn main() {}\n",
        "fn main",
        "the function `main` is not `async`, and so needs no #[reference_runtime::main]: add `async`",
    );
}

#[test]
fn parameters() {
    assert_error(
        "parameters",
        "#[reference_runtime::test]\nasync fn add(one: u32, other: u32) {}\n",
        "one",
        "#[reference_runtime::test]: nobody gives `add` its parameters; it must have none",
    );
}

#[test]
fn generics() {
    assert_error(
        "generics",
        "#[reference_runtime::main]\nasync fn run<T>() {}\n",
        "<T>",
        "#[reference_runtime::main]: nobody says what the generics of `run` stand for",
    );
}

#[test]
fn what_is_no_function() {
    assert_error(
        "no_function",
        "#[reference_runtime::main]\npub struct Main;\n",
        "struct",
        "#[reference_runtime::main] stands on an `async fn`, and this is none",
    );
}

#[test]
fn a_function_without_a_body() {
    assert_error(
        "no_body",
        "pub trait Runs {\n    #[reference_runtime::main]\n    async fn run();\n}\n",
        "run()",
        "#[reference_runtime::main]: the function `run` has no body",
    );
}

#[test]
fn unsafe_functions() {
    assert_error(
        "not_safe",
        "#[reference_runtime::test]\nasync unsafe fn run() {}\n",
        "unsafe",
        "#[reference_runtime::test]: the function must not be `unsafe`",
    );
}

#[test]
fn options_that_do_not_exist() {
    assert_error(
        "unknown",
        "#[reference_runtime::main(worker_thread = 2)]\nasync fn run() {}\n",
        "worker_thread",
        "there is no option `worker_thread`; the options are `worker_threads = N` and `crate = \"path\"`",
    );
    assert_error(
        "flavor",
        "#[reference_runtime::main(flavor = \"current_thread\")]\nasync fn run() {}\n",
        "flavor",
        "there are no flavors: the one scheduler keeps to one thread where that is faster; `worker_threads = 1` makes \
         it do so always",
    );
    assert_error(
        "no_option",
        "#[reference_runtime::main(4)]\nasync fn run() {}\n",
        "4",
        "this is the place of an option; the options are `worker_threads = N` and `crate = \"path\"`",
    );
}

#[test]
fn options_without_a_value_or_given_twice() {
    assert_error(
        "no_value",
        "#[reference_runtime::main(worker_threads)]\nasync fn run() {}\n",
        "worker_threads",
        "the option `worker_threads` needs a value; the options are `worker_threads = N` and `crate = \"path\"`",
    );
    assert_error(
        "twice",
        "#[reference_runtime::main(worker_threads = 1, worker_threads = 2)]\nasync fn run() {}\n",
        "worker_threads = 2",
        "the option `worker_threads` is given twice",
    );
}

#[test]
fn values_that_no_option_has() {
    assert_error(
        "zero",
        "#[reference_runtime::main(worker_threads = 0)]\nasync fn run() {}\n",
        "0)",
        "a runtime needs a worker: give at least 1",
    );
    assert_error(
        "text",
        "#[reference_runtime::main(worker_threads = \"2\")]\nasync fn run() {}\n",
        "\"2\"",
        "`worker_threads` is a number, such as 4",
    );
    assert_error(
        "no_path",
        "#[reference_runtime::main(crate = \"a-b\")]\nasync fn run() {}\n",
        "\"a-b\"",
        "`crate` is a path, such as \"crate::runtime\"",
    );
}

#[test]
fn an_error_of_the_body_stands_where_it_is() {
    let source = "mod runtime { pub mod task { pub fn block_on<F>(_: F) {} } }\n\
                  #[reference_runtime::main(crate = \"crate::runtime\")]\n\
                  async fn run() {\n    let _: u32 = \"text\";\n}\n";
    let output = compile("body", source);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("body.rs:4:18\n"), "{said}");
    let fine = source.replace("\"text\"", "7");
    assert!(
        compile("fine", &fine).status.success(),
        "{}",
        String::from_utf8_lossy(&compile("fine", &fine).stderr)
    );
}

#[test]
fn a_path_that_leads_nowhere_is_reported_where_it_stands() {
    let output =
        compile("nowhere", "#[reference_runtime::main(crate = \"crate::gone\")]\nasync fn run() {}\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("nowhere.rs:1:35\n"), "{said}");
}
