//! Grades `src/lib.rs`, the file beside this folder.

use make_it_worse as answer;

#[path = "../cases.rs"]
mod cases;

fn main() -> std::process::ExitCode {
    exercises::grade(env!("CARGO_PKG_NAME"), cases::CASES)
}
