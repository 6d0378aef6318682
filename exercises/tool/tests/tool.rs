//! The tool on exercises of its own, and the repository's exercises as the tool needs them.

use exercise_tool::{Exercise, Status, all, find, hint, reset, status};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The top of the repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the tool lies in exercises/tool")
}

const STUB: &str =
    "//! Write [`seven`].\n\n/// Seven.\npub fn seven() -> u32 {\n    todo!(\"return it\")\n}\n";

const CASES: &str = "
use super::answer::seven;
use exercises::Case;

pub const CASES: &[Case] = &[
    Case { name: \"it_is_odd\", promise: \"\", hang: \"\", supported: true, run: || assert_eq!(seven() % 2, 1) },
    Case { name: \"it_is_seven\", promise: \"\", hang: \"\", supported: true, run: || assert_eq!(seven(), 7) },
];
";

const GRADE: &str = "
use lucky_number as answer;
#[path = \"../cases.rs\"]
mod cases;
fn main() -> std::process::ExitCode {
    exercises::grade(env!(\"CARGO_PKG_NAME\"), cases::CASES)
}
";

/// A repository with one exercise, `lucky-number`, graded by the harness of this one.
fn small_repository(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // From an earlier run. The compiled files may stay.
    let _ = fs::remove_dir_all(root.join("exercises"));
    let harness = repository().join("exercises/harness");
    for (file, text) in [
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/*\"]\n".to_owned()),
        (
            "exercises/lucky-number/Cargo.toml",
            format!(
                "[package]\nname = \"lucky-number\"\nedition = \"2024\"\n\
                 description = \"Exercise of chapter 1: a number\"\n\
                 [package.metadata.exercise]\nchapter = 1\ncore = true\n\
                 [lib]\ntest = false\ndoctest = false\n\
                 [dev-dependencies]\nexercises = {{ path = {harness:?} }}\n\
                 [[test]]\nname = \"grade\"\nharness = false\n"
            ),
        ),
        ("exercises/lucky-number/cases.rs", CASES.to_owned()),
        ("exercises/lucky-number/hints.md", "one\n\n---\n\ntwo\n---\nthree\n".to_owned()),
        ("exercises/lucky-number/src/lib.rs", STUB.to_owned()),
        ("exercises/lucky-number/tests/grade.rs", GRADE.to_owned()),
        ("solutions/lucky-number/stub.rs", STUB.to_owned()),
    ] {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be written");
        fs::write(path, text).expect("the folder for temporary files can be written");
    }
    root
}

fn answer_with(root: &Path, text: &str) {
    fs::write(root.join("exercises/lucky-number/src/lib.rs"), text).expect("it was written before");
}

fn only(root: &Path) -> Exercise {
    let mut exercises = all(root).expect("the manifest is as it should be");
    assert_eq!(exercises.len(), 1);
    exercises.remove(0)
}

#[test]
fn progress_tells_untouched_from_broken_from_begun_from_solved() {
    let root = small_repository("progress");
    let exercise = only(&root);
    let status = || status(&root, &exercise).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(status(), Status::Untouched);
    answer_with(&root, "pub fn seven() -> u32 { \"seven\" }");
    assert_eq!(status(), Status::Broken);
    answer_with(&root, "pub fn seven() -> u32 { 4 }");
    assert_eq!(status(), Status::Kept(0, 2));
    answer_with(&root, "pub fn seven() -> u32 { 9 }");
    assert_eq!(status(), Status::Kept(1, 2));
    answer_with(&root, "pub fn seven() -> u32 { 7 }");
    assert_eq!(status(), Status::Solved);
}

#[test]
fn a_status_reads_as_a_word() {
    for (status, word) in [
        (Status::Untouched, "untouched"),
        (Status::Broken, "does not compile yet"),
        (Status::Kept(0, 7), "compiles, 0 of 7"),
        (Status::Kept(3, 7), "3 of 7"),
        (Status::Solved, "solved"),
    ] {
        assert_eq!(status.to_string(), word);
    }
}

#[test]
fn hints_come_one_at_a_time() {
    let root = small_repository("hints");
    let exercise = only(&root);
    let hint = |number| hint(&root, &exercise, number);
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        assert_eq!(hint(number).expect("there are three"), text);
    }
    assert!(hint(0).is_err() && hint(4).is_err());
    fs::write(root.join("exercises/lucky-number/hints.md"), "one\n---\ntwo\n").expect("as above");
    let error = hint(1).expect_err("two are not three").to_string();
    assert!(error.contains("hints.md"), "{error}");
}

#[test]
fn a_reset_keeps_every_file_that_it_replaces() {
    let root = small_repository("reset");
    let exercise = only(&root);
    let answer = root.join("exercises/lucky-number/src/lib.rs");
    assert_eq!(reset(&root, &exercise).expect("nothing is to be done"), None);
    for text in ["my first try", "my second try"] {
        answer_with(&root, text);
        let backup = reset(&root, &exercise).expect("both can be written").expect("there was a file");
        assert_eq!(fs::read_to_string(&backup).expect("it was written"), text);
        assert_eq!(fs::read_to_string(&answer).expect("it is there"), STUB);
    }
    let kept = fs::read_dir(root.join("exercises/lucky-number/backup")).expect("it was made").count();
    assert_eq!(kept, 2);
}

#[test]
fn an_unknown_name_is_answered_with_those_that_there_are() {
    let root = small_repository("names");
    for name in ["lucky", "nothing-like-it"] {
        let error = find(&root, name).expect_err("it is no name").to_string();
        assert!(error.contains(name) && error.contains("lucky-number"), "{error}");
    }
}

#[test]
fn a_manifest_that_does_not_say_its_chapter_is_named() {
    let root = small_repository("manifest");
    let path = root.join("exercises/lucky-number/Cargo.toml");
    let whole = fs::read_to_string(&path).expect("it was written");
    for (part, fault) in
        [("chapter = 1\n", ""), ("core = true\n", ""), ("of chapter 1:", "of chapter 2:"), (": a number", "")]
    {
        fs::write(&path, whole.replacen(part, fault, 1)).expect("as above");
        let error = all(&root).expect_err("something is missing").to_string();
        assert!(error.contains("lucky-number"), "{part:?}: {error}");
    }
}

#[test]
fn every_exercise_has_three_hints_of_a_readable_length() {
    for exercise in all(repository()).unwrap_or_else(|error| panic!("{error:#}")) {
        let mut hints = Vec::new();
        for number in 1..=3 {
            let hint = hint(repository(), &exercise, number).unwrap_or_else(|error| panic!("{error:#}"));
            assert!(hint.lines().count() <= 16, "{}, hint {number}: too long for a hint", exercise.name);
            assert!(!hints.contains(&hint), "{}, hint {number}: said before", exercise.name);
            hints.push(hint);
        }
    }
}

#[test]
fn the_readme_lists_every_exercise() {
    let readme = fs::read_to_string(repository().join("exercises/README.md")).expect("it is there");
    let table = readme.lines().skip_while(|line| !line.starts_with("| Chapter |")).skip(2);
    let table: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
    let exercises = all(repository()).unwrap_or_else(|error| panic!("{error:#}"));
    let expected: Vec<String> = exercises
        .iter()
        .map(|exercise| {
            let star = if exercise.is_core { "★ " } else { "" };
            format!("| {} | {star}`{}` | {} |", exercise.chapter, exercise.name, exercise.task)
        })
        .collect();
    assert_eq!(table, expected, "the table should read:\n{}\n", expected.join("\n"));
}

/// A learner's file may be half done at any time, and must not turn the rest red.
#[test]
fn the_tests_of_the_whole_repository_leave_the_learners_files_alone() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("it is there");
    let manifest: toml::Table = manifest.parse().expect("it is a manifest");
    let default = manifest["workspace"]["default-members"].as_array().expect("it names what is tested");
    let is_default = |path: &str| default.iter().any(|member| member.as_str() == Some(path));
    assert!(is_default("solutions"), "the graders are tested");
    for exercise in all(repository()).unwrap_or_else(|error| panic!("{error:#}")) {
        assert!(!is_default(&format!("exercises/{}", exercise.name)), "{} is tested", exercise.name);
    }
}
