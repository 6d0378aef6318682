//! The harness itself: each way in which a case can end is told from the others.
//!
//! Without libtest, because the harness starts this very executable again for each case.

use exercises::{Case, Outcome, run_in_child, run_named_case};
use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

const CASES: &[Case] = &[
    case("returns", || ()),
    case("panics", || panic!("two workers hold one task")),
    case("hangs", || {
        loop {
            thread::park();
        }
    }),
    case("spins", || {
        loop {
            std::hint::spin_loop();
        }
    }),
    case("exits", || std::process::exit(0)),
    case("aborts", || std::process::abort()),
    // More than any pipe holds: a parent that did not read would take it for a hang.
    case("talks", || println!("{}", "word ".repeat(100_000))),
];

const fn case(name: &'static str, run: fn()) -> Case {
    Case { name, promise: "", hang: "", supported: true, run }
}

fn main() -> ExitCode {
    if let Some(code) = run_named_case(CASES.iter().map(|case| (case.name.to_owned(), case))) {
        return code;
    }
    let long = Duration::from_secs(60);
    let short = Duration::from_millis(300);

    assert_eq!(run_in_child("returns", long).outcome, Outcome::Kept);
    let Outcome::Broken(said) = run_in_child("panics", long).outcome else {
        panic!("a panic is told as such")
    };
    assert!(said.contains("two workers hold one task"), "the panic's own words are kept: {said}");
    assert!(said.contains("harness.rs"), "and where it was: {said}");
    for name in ["hangs", "spins"] {
        let started = Instant::now();
        assert_eq!(run_in_child(name, short).outcome, Outcome::Hung(short), "{name}");
        assert!(started.elapsed() < long, "{name} was stopped");
    }
    for name in ["exits", "aborts", "no such case"] {
        assert!(matches!(run_in_child(name, long).outcome, Outcome::Lost(_)), "{name} is no answer");
    }
    let talk = run_in_child("talks", long);
    assert_eq!(talk.outcome, Outcome::Kept, "output does not block a case");
    assert!(
        talk.printed.starts_with("word word") && talk.printed.len() < 100_000,
        "and only its beginning is kept"
    );

    println!("harness: each way in which a case can end is told from the others");
    ExitCode::SUCCESS
}
