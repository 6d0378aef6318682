//! Checks the graders: what they accept is right, and what is wrong they catch, each wrong answer in the cases that it
//! says and in no other.
//!
//! `cargo test -p solutions -- hand-off` checks the exercises with that in their names.
//!
//! The learner's own files are not looked at. Of each exercise this takes the pristine copy of the stub, so the check
//! is green however far the learner has come.

use exercises::{Case, Outcome, run_in_child, run_named_case};
use std::{
    collections::BTreeSet,
    env, fs,
    path::Path,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

// The cases are compiled once for each answer, which is the point; an answer is public where a learner writes it; and a
// stub or a wrong answer need not use all that it is given.
#[allow(clippy::duplicate_mod, dead_code, unreachable_pub)]
mod answers {
    use super::{Answer, Kind};
    include!(concat!(env!("OUT_DIR"), "/answers.rs"));
    pub(super) const ALL: &[Answer] = ANSWERS;
}

/// What a case may take that should end by itself. Long, for nothing is learnt from a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a case may take that should fail, in which many hang. One that would have failed later has failed all the same.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// How many children run at once. Most of them sleep until they are killed, so this may exceed the number of cores.
const LANES: usize = 4;

/// One file that answers an exercise, compiled with the exercise's cases.
struct Answer {
    exercise: &'static str,
    name: &'static str,
    kind: Kind,
    cases: &'static [Case],
}

enum Kind {
    /// Must fail every case, by a panic.
    Stub,
    /// Must pass every case.
    Solution,
    /// Must fail these cases and no others.
    Mutant(&'static [&'static str]),
}

impl Answer {
    /// The name under which a child runs one of this answer's cases.
    fn child_name(&self, case: &Case) -> String {
        format!("{}/{}/{}", self.exercise, self.name, case.name)
    }

    fn must_fail(&self, case: &Case) -> bool {
        match self.kind {
            Kind::Stub => true,
            Kind::Solution => false,
            Kind::Mutant(fails) => fails.contains(&case.name),
        }
    }

    /// What is wrong with how this case ended, if anything is.
    fn complaint(&self, case: &Case, outcome: &Outcome) -> Option<String> {
        let name = self.child_name(case);
        match (&self.kind, outcome) {
            (Kind::Stub, Outcome::Broken(said)) if said.contains("not yet implemented") => None,
            (Kind::Stub, other) => {
                Some(format!("{name}: a stub fails by its `todo!`, but this ended as {other:?}"))
            }
            (_, Outcome::Kept) if !self.must_fail(case) => None,
            (_, Outcome::Kept) => {
                Some(format!("{name}: this wrong answer should fail the case, but passes it"))
            }
            (_, Outcome::Broken(_) | Outcome::Hung(_)) if self.must_fail(case) => None,
            (_, other) => Some(format!("{name}: should pass, but ended as {other:?}")),
        }
    }
}

fn main() -> ExitCode {
    let named = answers::ALL
        .iter()
        .flat_map(|answer| answer.cases.iter().map(|case| (answer.child_name(case), case)));
    if let Some(code) = run_named_case(named) {
        return code;
    }
    let started = Instant::now();
    let mut complaints = complaints_about_the_set();
    complaints.extend(complaints_about_the_runs());
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("checked {} answers in {:.1} s", answers::ALL.len(), started.elapsed().as_secs_f32());
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What can be said without running anything: the files, and what the mutants claim.
fn complaints_about_the_set() -> Vec<String> {
    let mut complaints = Vec::new();
    let solved: BTreeSet<&str> = answers::ALL.iter().map(|answer| answer.exercise).collect();
    let exercises = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises");
    for entry in fs::read_dir(exercises).expect("the exercises are beside the solutions") {
        let path = entry.expect("a folder that was opened can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.join("cases.rs").exists() && !solved.contains(name.as_str()) {
            complaints.push(format!("{name}: an exercise without a solution"));
        }
    }
    for exercise in solved {
        let mutants: Vec<(&Answer, &[&str])> = answers::ALL
            .iter()
            .filter(|answer| answer.exercise == exercise)
            .filter_map(
                |answer| if let Kind::Mutant(fails) = answer.kind { Some((answer, fails)) } else { None },
            )
            .collect();
        if mutants.len() < 2 {
            complaints.push(format!("{exercise}: has {} mutants; two are the least", mutants.len()));
        }
        for (mutant, fails) in &mutants {
            if fails.is_empty() {
                complaints.push(format!("{exercise}/{}: a mutant that no case kills", mutant.name));
            }
            for fail in *fails {
                if !mutant.cases.iter().any(|case| case.name == *fail) {
                    complaints.push(format!("{exercise}/{}: names {fail:?}, which is no case", mutant.name));
                }
            }
        }
        for case in mutants.iter().take(1).flat_map(|(mutant, _)| mutant.cases) {
            if !mutants.iter().any(|(_, fails)| fails.contains(&case.name)) {
                complaints.push(format!("{exercise}: {} kills no mutant", case.name));
            }
        }
    }
    complaints
}

/// Runs every case against every answer.
fn complaints_about_the_runs() -> Vec<String> {
    // The flags of libtest reach every test target of a run: they are not filters.
    let filters: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |answer: &&Answer| {
        filters.is_empty() || filters.iter().any(|filter| answer.exercise.contains(filter))
    };
    let runs: Vec<(&Answer, &Case)> = answers::ALL
        .iter()
        .filter(is_wanted)
        .flat_map(|answer| answer.cases.iter().filter(|case| case.supported).map(move |case| (answer, case)))
        .collect();
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some((answer, case)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A stub's panic is looked for, so a stub is given the time to say it.
                    let hurry = answer.must_fail(case) && !matches!(answer.kind, Kind::Stub);
                    let budget = if hurry { IMPATIENCE } else { PATIENCE };
                    let outcome = run_in_child(&answer.child_name(case), budget).outcome;
                    let complaint = answer.complaint(case, &outcome);
                    complaints.lock().expect("no holder panics").extend(complaint);
                }
            });
        }
    });
    complaints.into_inner().expect("no holder panics")
}
