//! Lists the answers in this folder, each beside its exercise's cases, as modules for `tests/check.rs`.
//!
//! So that an exercise is added by adding files: nothing needs to be registered. A folder of an exercise holds the
//! pristine `stub.rs`, a `solution.rs` and any number of `mutants`, wrong answers that name the cases they must fail.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rerun-if-changed=.");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let exercises = here.parent().expect("the workspace is above").join("exercises");
    let (mut modules, mut answers) = (String::new(), String::new());
    for exercise in names_in(&here, |path| path.join("solution.rs").is_file()) {
        let folder = here.join(&exercise);
        let cases = exercises.join(&exercise).join("cases.rs");
        assert!(cases.is_file(), "solutions/{exercise} has no cases: {} is missing", cases.display());
        let mut add = |name: &str, kind: &str, file: PathBuf| {
            let module = format!("{}_{}", exercise, name).replace('-', "_");
            modules += &format!(
                "mod {module} {{\n    #[path = {file:?}]\n    pub mod answer;\n    \
                 #[path = {cases:?}]\n    pub mod cases;\n}}\n"
            );
            let kind = kind.replace("FAILS", &format!("{module}::answer::FAILS"));
            answers += &format!(
                "    Answer {{ exercise: {exercise:?}, name: {name:?}, kind: {kind}, cases: {module}::cases::CASES }},\n"
            );
        };
        add("stub", "Kind::Stub", folder.join("stub.rs"));
        add("solution", "Kind::Solution", folder.join("solution.rs"));
        for mutant in
            names_in(&folder.join("mutants"), |path| path.extension().is_some_and(|end| end == "rs"))
        {
            let file = folder.join("mutants").join(&mutant);
            add(mutant.trim_end_matches(".rs"), "Kind::Mutant(FAILS)", file);
        }
    }
    let text = format!("{modules}\nconst ANSWERS: &[Answer] = &[\n{answers}];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("answers.rs");
    fs::write(&out, text).unwrap_or_else(|error| panic!("{} cannot be written: {error}", out.display()));
}

/// The names in a folder that `wanted` accepts, in order.
fn names_in(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder that was opened can be read").path())
        .filter(|path| wanted(path))
        .map(|path| path.file_name().expect("an entry has a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
