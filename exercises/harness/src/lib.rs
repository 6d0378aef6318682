//! Grades an answer to an exercise, case by case.
//!
//! The typical wrong answer here is one that never returns, and Rust's own test harness has no time limit. So each
//! [`Case`] runs in a process of its own, which is killed when its budget is spent; what it broke is then said in a
//! sentence. A case may also leave threads, spent park tokens or a poisoned lock behind without touching the next one.
//!
//! An exercise is a folder with the learner's file (`src/lib.rs`), the cases (`cases.rs`) and a test target without
//! libtest that hands them to [`grade`]. The same cases, against the solution and against known wrong answers, are run
//! by the `solutions` package through [`run_named_case`] and [`run_in_child`].

use std::{
    env,
    io::{self, Read},
    panic,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a learner's case may take. A right answer takes milliseconds; the rest is for a machine that is busy.
const BUDGET: Duration = Duration::from_secs(5);

/// The argument that turns this executable into the child that runs one case.
const RUN_CASE: &str = "--run-case";

/// The exit code by which a child says that its case returned. Not 0, which an answer that calls `exit` would give.
const RETURNED: u8 = 86;

/// What a Rust process returns when its main thread panics.
const PANICKED: i32 = 101;

/// How much of a child's output is kept: an endless loop may print endlessly.
const OUTPUT_LIMIT: u64 = 16 * 1024;

/// One promise that an answer must keep, and the program that tries to break it.
#[derive(Debug)]
pub struct Case {
    /// A sentence, as the name of a test.
    pub name: &'static str,
    /// What the answer promises, in the words of the exercise.
    pub promise: &'static str,
    /// What it usually means when this case never ends.
    pub hang: &'static str,
    /// Whether this system can tell right from wrong here; a case that it cannot tell is left out, and said to be.
    pub supported: bool,
    /// Returns if the promise is kept, and panics with a sentence if it is not.
    pub run: fn(),
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The promise holds.
    Kept,
    /// The case panicked; these are its words.
    Broken(String),
    /// The case was still running when its budget was spent, and was killed.
    Hung(Duration),
    /// The case ended in a way that is no answer: it was killed by someone else, or called `exit`.
    Lost(String),
}

/// A case that has ended.
#[derive(Debug)]
pub struct Run {
    /// How.
    pub outcome: Outcome,
    /// The beginning of what it printed on the way.
    pub printed: String,
}

/// The `main` of an exercise's test target: runs the cases that the command line names, or all, and says how each
/// ended.
///
/// `cargo test -p block-on -- unpark` runs the cases with `unpark` in their names.
pub fn grade(exercise: &str, cases: &[Case]) -> ExitCode {
    if let Some(code) = run_named_case(cases.iter().map(|case| (case.name.to_owned(), case))) {
        return code;
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for case in cases {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    // The flags of libtest, such as --nocapture, reach every test target of a run: they are not filters.
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen: Vec<&Case> = cases
        .iter()
        .filter(|case| filters.is_empty() || filters.iter().any(|filter| case.name.contains(filter.as_str())))
        .collect();

    println!("\n{exercise}: {} of {} cases, each in a process of its own\n", chosen.len(), cases.len());
    let (mut kept, mut asked) = (0, 0);
    for case in chosen {
        if !case.supported {
            println!("  skipped  {}\n           this system cannot tell right from wrong here", case.name);
            continue;
        }
        asked += 1;
        let run = run_in_child(case.name, BUDGET);
        if run.outcome == Outcome::Kept {
            kept += 1;
        }
        println!("{}", report(case, &run));
    }
    println!("\n{kept} of {asked} promises kept.");
    if kept == asked {
        return ExitCode::SUCCESS;
    }
    println!(
        "The file to edit is exercises/{exercise}/src/lib.rs; then run `cargo test -p {exercise}` again.\n\
         For a hint: `cargo hint {exercise}`\n"
    );
    ExitCode::FAILURE
}

/// If this process is a child that was started to run one case, runs it.
///
/// The cases come with the names that [`run_in_child`] was given, which need not be their own: a check that runs
/// the same case against several answers gives each a longer name.
pub fn run_named_case<'a>(mut cases: impl Iterator<Item = (String, &'a Case)>) -> Option<ExitCode> {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(RUN_CASE) {
        return None;
    }
    let wanted = arguments.next().unwrap_or_default();
    let Some((_, case)) = cases.find(|(name, _)| *name == wanted) else {
        eprintln!("There is no case named {wanted:?}.");
        return Some(ExitCode::FAILURE);
    };
    // The default hook adds a note about backtraces, which would be repeated in each report.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    (case.run)();
    Some(ExitCode::from(RETURNED))
}

/// Runs the case of that name in a child of this executable, for no longer than `budget`.
pub fn run_in_child(name: &str, budget: Duration) -> Run {
    let executable = env::current_exe().expect("a running program can name its own file");
    let mut child = Command::new(executable)
        .args([RUN_CASE, name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this executable was started once, so it can be started again");
    // Both pipes are read while the child runs: a child that waits for a full pipe would look like a hang.
    let output = collect(child.stdout.take().expect("stdout was asked to be a pipe"));
    let errors = collect(child.stderr.take().expect("stderr was asked to be a pipe"));

    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours to wait for") {
            break Some(status);
        }
        if started.elapsed() >= budget {
            // It may end by itself at this moment, in which case there is nothing to kill.
            let _ = child.kill();
            child.wait().expect("the child is ours to wait for");
            break None;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let output = output.join().expect("reading a pipe does not panic");
    let errors = errors.join().expect("reading a pipe does not panic");
    let (outcome, printed) = match status {
        None => (Outcome::Hung(budget), output + &errors),
        Some(status) => match status.code() {
            Some(code) if code == i32::from(RETURNED) => (Outcome::Kept, output),
            Some(PANICKED) => (Outcome::Broken(errors.trim().to_owned()), output),
            _ => {
                (Outcome::Lost(format!("the process ended before the case did: {status}")), output + &errors)
            }
        },
    };
    Run { outcome, printed }
}

/// Reads a pipe to its end on another thread, and keeps the beginning.
fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        // A pipe that breaks has said all that it will say.
        let _ = (&mut pipe).take(OUTPUT_LIMIT).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        String::from_utf8_lossy(&kept).into_owned()
    })
}

/// What the learner reads about one case.
fn report(case: &Case, run: &Run) -> String {
    let (word, said) = match &run.outcome {
        Outcome::Kept => return format!("  kept     {}", case.name),
        Outcome::Broken(said) => ("BROKEN", said.clone()),
        Outcome::Hung(budget) => ("HUNG", format!("stopped after {} s: {}", budget.as_secs(), case.hang)),
        Outcome::Lost(how) => ("LOST", how.clone()),
    };
    let mut lines = vec![format!("promise: {}", case.promise), said];
    let printed = run.printed.trim();
    if !printed.is_empty() {
        lines.push(format!("printed on the way:\n{printed}"));
    }
    let lines = lines.join("\n").replace('\n', "\n           ");
    format!("  {word:<8} {}\n           {lines}", case.name)
}
