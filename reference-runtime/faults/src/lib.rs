//! What the runtime must survive, the test for each of it, and a fault by which that test is shown to fail.
//!
//! A test that nothing can make fail proves nothing. So each [`Scenario`] names what breaks it: an earlier stage of the
//! runtime, which the suite of all stages runs and expects to fail; or a [`Fault`], a few words of the sources that are
//! replaced by others in a copy of them. `cargo faults` applies one after the other and runs the tests that are to fail.
//!
//! The faults are kept apart from the code that they break, so that nobody who reads it has to read around them. That
//! their words are still there is checked by `cargo test`, in a moment; that the tests fail takes minutes.

mod faults;
mod scenarios;
mod tree;

pub use faults::FAULTS;
pub use scenarios::SCENARIOS;
pub use tree::{Ended, Tree};

/// A test: the target, which is a file of `reference-runtime/tests`, and its name in there.
pub type Test = (&'static str, &'static str);

/// Something that the runtime must survive.
#[derive(Debug)]
pub struct Scenario {
    /// In a few words.
    pub what: &'static str,
    /// The tests for it.
    pub tests: &'static [Test],
    /// What is shown to fail them.
    pub broken_by: Broken,
}

/// What a scenario is shown to fail on.
#[derive(Debug)]
pub enum Broken {
    /// The stage before the one that brought it, in the suite of all stages.
    Stage,
    /// One of [`FAULTS`] or several.
    Faults(&'static [&'static str]),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// A mistake that somebody might make.
#[derive(Debug)]
pub struct Fault {
    /// As its author would not put it.
    pub name: &'static str,
    /// Below `reference-runtime/src`.
    pub file: &'static str,
    /// Words that are in the file once.
    pub from: &'static str,
    /// What stands in their place.
    pub to: &'static str,
    /// One of them has to fail, and each is run.
    pub tests: &'static [Test],
}
