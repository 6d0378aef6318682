//! The tables fit the sources: each fault's words are there, and each scenario has its tests and what breaks them.

use reference_runtime_faults::{Broken, FAULTS, SCENARIOS, Test};
use std::{collections::BTreeSet, fs, path::Path};

fn runtime() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies below the runtime")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn assert_is_a_test((target, test): Test) {
    let tests = runtime().join("tests");
    if target == "stages_behaviour" {
        let behaviour = test.split("::").next().expect("split yields one");
        let table = read(tests.join("stages_behaviour/main.rs"));
        assert!(table.contains(&format!("        {behaviour},\n")), "no behaviour {behaviour}");
        return;
    }
    let text = read(tests.join(target).with_extension("rs"));
    let is_there =
        text.contains(&format!("#[test]\nfn {test}() {{")) || text.contains(&format!("\nfn {test}() {{"));
    assert!(is_there, "{target} has no test {test}");
}

#[test]
fn the_words_of_each_fault_are_in_its_file_once() {
    let mut names = BTreeSet::new();
    for fault in FAULTS {
        assert!(names.insert(fault.name), "two faults are called \"{}\"", fault.name);
        let text = read(runtime().join("src").join(fault.file));
        assert_eq!(text.matches(fault.from).count(), 1, "\"{}\" in {}", fault.name, fault.file);
        assert_ne!(fault.from, fault.to, "\"{}\" changes nothing", fault.name);
    }
}

#[test]
fn each_test_that_is_named_exists() {
    for fault in FAULTS {
        assert!(!fault.tests.is_empty(), "\"{}\" is to fail no test", fault.name);
        fault.tests.iter().copied().for_each(assert_is_a_test);
    }
    SCENARIOS.iter().flat_map(|scenario| scenario.tests).copied().for_each(assert_is_a_test);
}

#[test]
fn each_scenario_is_broken_by_a_fault_that_names_one_of_its_tests_or_says_why_not() {
    for scenario in SCENARIOS {
        match scenario.broken_by {
            Broken::Stage => {
                let is_of_the_suite = |(target, _): &Test| *target == "stages_behaviour";
                assert!(scenario.tests.iter().all(is_of_the_suite), "{}", scenario.what);
            }
            Broken::Nothing(why) => assert!(why.len() > 40, "{}: why not?", scenario.what),
            Broken::Faults(names) => {
                assert!(!names.is_empty(), "{}", scenario.what);
                for name in names {
                    let fault = FAULTS.iter().find(|fault| fault.name == *name);
                    let fault = fault.unwrap_or_else(|| panic!("{}: no fault \"{name}\"", scenario.what));
                    let breaks_it = scenario.tests.iter().any(|test| fault.tests.contains(test));
                    assert!(breaks_it, "{}: \"{name}\" names none of its tests", scenario.what);
                }
            }
        }
    }
}
