//! `cargo faults`: shows that the tests fail on a runtime that is broken.

use anyhow::{Result, ensure};
use reference_runtime_faults::{Broken, Ended, FAULTS, Fault, SCENARIOS, Test, Tree};
use std::{env, path::Path, process::ExitCode, thread, time::Instant};

const HELP: &str = "\
Breaks the runtime on purpose, in a copy of its sources, and expects its tests to fail.

Usage:
  cargo faults             every fault, one after the other; half an hour
  cargo faults --short     some of them
  cargo faults WORDS       those with these words in their name
  cargo faults --sound     the same tests on a sound copy: all have to pass
  cargo faults --list      the scenarios, their tests, and what breaks each

For a fault one of its tests has to fail; each that passes all the same is told. The copy is in target/faults.
";

/// A short run takes one fault of so many.
const SHORT: usize = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["--list"] => {
            list();
            Ok(())
        }
        ["--sound"] => sound(),
        ["--short"] => break_with(FAULTS.iter().step_by(SHORT).collect()),
        _ => {
            let name = words.join(" ");
            break_with(FAULTS.iter().filter(|fault| fault.name.contains(&name)).collect())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the package lies in the repository")
}

fn list() {
    for scenario in SCENARIOS {
        println!("{}", scenario.what);
        for (target, test) in scenario.tests {
            println!("    test    {target} {test}");
        }
        match scenario.broken_by {
            Broken::Stage => println!("    broken  by the stage before"),
            Broken::Faults(faults) => {
                faults.iter().for_each(|fault| println!("    broken  by the fault \"{fault}\""));
            }
            Broken::Nothing(why) => println!("    broken  by nothing: {why}"),
        }
    }
}

/// Every test that a fault names passes on a copy without one.
fn sound() -> Result<()> {
    let tree = Tree::of(root())?;
    let mut tests: Vec<Test> = FAULTS.iter().flat_map(|fault| fault.tests).copied().collect();
    tests.sort_unstable();
    tests.dedup();
    tree.compile(&tests)?;
    let mut failed = 0;
    for test in &tests {
        let ended = tree.run(*test, true)?;
        println!("{ended:?}: {} {}", test.0, test.1);
        failed += usize::from(ended != Ended::Passed);
    }
    ensure!(failed == 0, "{failed} of {} tests fail on a sound copy", tests.len());
    println!("all {} pass", tests.len());
    Ok(())
}

fn break_with(faults: Vec<&Fault>) -> Result<()> {
    ensure!(!faults.is_empty(), "no fault has these words in its name; `cargo faults --list` has all");
    let tree = Tree::of(root())?;
    let mut survived = Vec::new();
    for (at, fault) in faults.iter().enumerate() {
        println!("\n{} of {}: {} ({})", at + 1, faults.len(), fault.name, fault.file);
        let began = Instant::now();
        tree.plant(fault)?;
        let ended = tests_of(&tree, fault);
        tree.mend(fault)?;
        let failed = ended?;
        println!("    {failed} of {} fail, {} s", fault.tests.len(), began.elapsed().as_secs());
        if failed == 0 {
            survived.push(fault.name);
        }
    }
    ensure!(survived.is_empty(), "no test fails on: {}", survived.join("; "));
    println!("\nEach of {} faults fails a test.", faults.len());
    Ok(())
}

/// How many of the fault's tests fail on it. They run beside each other, for most of them hang and need no core.
fn tests_of(tree: &Tree, fault: &Fault) -> Result<usize> {
    tree.compile(fault.tests)?;
    let ended: Vec<Result<Ended>> = thread::scope(|scope| {
        let run = |test: &Test| {
            let test = *test;
            scope.spawn(move || tree.run(test, false))
        };
        let running: Vec<_> = fault.tests.iter().map(run).collect();
        running.into_iter().map(|run| run.join().expect("it does not panic")).collect()
    });
    let mut failed = 0;
    for (test, ended) in fault.tests.iter().zip(ended) {
        let ended = ended?;
        println!("    {ended:?}: {} {}", test.0, test.1);
        failed += usize::from(ended != Ended::Passed);
    }
    Ok(failed)
}
