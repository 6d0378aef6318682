//! Runs a behaviour in a process of its own that ends by itself when its time is up.

use std::env;
use std::process::{self, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use reference_runtime::stages::Stage;

/// What the child is to run: behaviour, stage and seconds.
const ERRAND: &str = "REFERENCE_RUNTIME_BEHAVIOUR";
/// The child's last words if the behaviour returned.
const PASSED: &str = "the behaviour returned";
/// The child's exit code when its time was up.
const OUT_OF_TIME: i32 = 3;
/// Only a hang takes so long.
const SECONDS_TO_PASS: u64 = 60;
/// Enough to reach the point where a stage hangs. One that would get by after all looks like a hang to us;
/// then the stage is too slow, or the table wrong, and the test on the next stage tells.
const SECONDS_TO_FAIL: u64 = 3;

/// The behaviour returns on this stage.
pub(crate) fn passes(behaviour: &str, stage: Stage) {
    let output = run(behaviour, stage, SECONDS_TO_PASS);
    assert!(!is_out_of_time(&output), "{behaviour} hangs on {stage}:\n{}", text(&output));
    assert!(has_passed(&output), "{behaviour} fails on {stage}:\n{}", text(&output));
}

/// The behaviour hangs on this stage, or panics with a sentence that names the stage that has it.
pub(crate) fn fails(behaviour: &str, stage: Stage, first: Stage) {
    let output = run(behaviour, stage, SECONDS_TO_FAIL);
    assert!(!has_passed(&output), "{stage} has {behaviour} already: is {first} the first?");
    // What a sleep or a socket says without a reactor knows of runtimes, not of stages.
    let said = text(&output);
    let is_told = said.contains(first.name()) || first == Stage::S4Reactor && said.contains("has shut down");
    assert!(
        is_out_of_time(&output) || is_told,
        "{behaviour} fails on {stage} without a word of {first}:\n{said}"
    );
}

/// The behaviour does not return on this stage.
pub(crate) fn hangs(behaviour: &str, stage: Stage) {
    let output = run(behaviour, stage, SECONDS_TO_FAIL);
    assert!(is_out_of_time(&output), "{behaviour} does not hang on {stage}:\n{}", text(&output));
}

/// Starts this very program again, to run one behaviour.
fn run(behaviour: &str, stage: Stage, seconds: u64) -> Output {
    let program = env::current_exe().expect("a test knows its own path");
    Command::new(program)
        .args(["--exact", "the_child_of_a_watchdog_runs_one_behaviour", "--nocapture", "--test-threads=1"])
        .env(ERRAND, format!("{behaviour} {stage} {seconds}"))
        // Many a child panics as expected, and a backtrace takes a second of symbol lookup.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("a test can be started once more")
}

fn has_passed(output: &Output) -> bool {
    output.status.success() && text(output).contains(PASSED)
}

fn is_out_of_time(output: &Output) -> bool {
    output.status.code() == Some(OUT_OF_TIME)
}

fn text(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// A behaviour by its name.
pub(crate) type Behaviour = (&'static str, fn(Stage));

/// In a child: runs the behaviour it was started for.
pub(crate) fn run_if_child(behaviours: &[Behaviour]) {
    let Ok(errand) = env::var(ERRAND) else { return };
    let mut words = errand.split(' ');
    let mut word = || words.next().expect("an errand has three words");
    let (behaviour, stage, seconds) = (word(), word(), word());
    let run =
        behaviours.iter().find(|(name, _)| *name == behaviour).expect("the behaviour is in the table").1;
    let stage = stage.parse().expect("the stage is one");
    let seconds = seconds.parse().expect("the time is a number");
    // The child itself ends when its time is up: it does so even if the test that started it is gone.
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(seconds));
        eprintln!("out of time after {seconds} s");
        process::exit(OUT_OF_TIME);
    });
    run(stage);
    println!("{PASSED}");
}
