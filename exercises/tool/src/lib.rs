//! What the exercises are, how far the learner is in each, and the help there is.
//!
//! There is no file of its own for any of this: an exercise is a folder with a `cases.rs`, its manifest says the rest,
//! and how far the learner is follows from comparing, compiling and grading the file that the learner edits.

use anyhow::{Context, Result, bail, ensure};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One exercise, as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exercise {
    /// Its package, and its folder below `exercises` and `solutions`.
    pub name: String,
    /// The chapter that it belongs to.
    pub chapter: i64,
    /// Whether later exercises and chapters build on it.
    pub is_core: bool,
    /// What the learner writes, without the chapter.
    pub task: String,
}

/// How far the learner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The file is the stub.
    Untouched,
    /// The file was edited, and the compiler refuses it.
    Broken,
    /// It compiles, and keeps so many of so many promises.
    Kept(usize, usize),
    /// It keeps them all.
    Solved,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untouched => f.write_str("untouched"),
            Self::Broken => f.write_str("does not compile yet"),
            Self::Kept(0, all) => write!(f, "compiles, 0 of {all}"),
            Self::Kept(kept, all) => write!(f, "{kept} of {all}"),
            Self::Solved => f.write_str("solved"),
        }
    }
}

/// Every exercise below `root`, by chapter; in a chapter those first that others build on.
///
/// # Errors
///
/// If a manifest does not say what it should, with its path.
pub fn all(root: &Path) -> Result<Vec<Exercise>> {
    let folder = root.join("exercises");
    let mut exercises = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.join("cases.rs").is_file() {
            exercises.push(read_manifest(&path)?);
        }
    }
    exercises.sort_by_key(|exercise| (exercise.chapter, !exercise.is_core, exercise.name.clone()));
    Ok(exercises)
}

fn read_manifest(folder: &Path) -> Result<Exercise> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let manifest: toml::Table = text.parse().with_context(|| format!("{} is no manifest", path.display()))?;
    let exercise = || -> Option<Exercise> {
        let package = manifest.get("package")?;
        let about = package.get("metadata")?.get("exercise")?;
        let chapter = about.get("chapter")?.as_integer()?;
        let (start, task) = package.get("description")?.as_str()?.split_once(": ")?;
        (start == format!("Exercise of chapter {chapter}")).then_some(())?;
        Some(Exercise {
            name: package.get("name")?.as_str()?.to_owned(),
            chapter,
            is_core: about.get("core")?.as_bool()?,
            task: task.to_owned(),
        })
    };
    let Some(exercise) = exercise() else {
        bail!(
            "{} must have a description `Exercise of chapter N: what is written` and, below \
             [package.metadata.exercise], that `chapter` and whether it is `core`",
            path.display()
        );
    };
    ensure!(folder.ends_with(&exercise.name), "{}: the package has not its folder's name", path.display());
    Ok(exercise)
}

/// The exercise of that name.
///
/// # Errors
///
/// If there is none; the error has the names of those that there are.
pub fn find(root: &Path, name: &str) -> Result<Exercise> {
    let exercises = all(root)?;
    if let Some(exercise) = exercises.iter().find(|exercise| exercise.name == name) {
        return Ok(exercise.clone());
    }
    let alike: Vec<&str> = exercises
        .iter()
        .map(|exercise| exercise.name.as_str())
        .filter(|other| other.contains(name) || name.contains(other))
        .collect();
    let names: Vec<&str> = exercises.iter().map(|exercise| exercise.name.as_str()).collect();
    let offer = if alike.is_empty() { names } else { alike };
    bail!("there is no exercise `{name}`; there is: {}", offer.join(", "))
}

/// The file that the learner edits.
fn answer(root: &Path, exercise: &Exercise) -> PathBuf {
    root.join("exercises").join(&exercise.name).join("src/lib.rs")
}

fn stub(root: &Path, exercise: &Exercise) -> PathBuf {
    root.join("solutions").join(&exercise.name).join("stub.rs")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// How far the learner is, by grading the file. The stub itself is not graded: it keeps nothing.
///
/// # Errors
///
/// If a file cannot be read, or cargo not be started.
pub fn status(root: &Path, exercise: &Exercise) -> Result<Status> {
    if read(&answer(root, exercise))? == read(&stub(root, exercise))? {
        return Ok(Status::Untouched);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let test = |more: &[&str]| {
        Command::new(&cargo)
            .args(["test", "--quiet", "--package", &exercise.name])
            .args(more)
            .current_dir(root)
            .output()
            .context("cargo cannot be started")
    };
    if !test(&["--no-run"])?.status.success() {
        return Ok(Status::Broken);
    }
    let graded = test(&[])?;
    let output = String::from_utf8_lossy(&graded.stdout).into_owned();
    let Some((kept, all)) = output.lines().rev().find_map(counts) else {
        bail!("the grader of {} has not ended as it should:\n{output}", exercise.name);
    };
    Ok(if kept == all { Status::Solved } else { Status::Kept(kept, all) })
}

/// What the grader's last line says: `3 of 7 promises kept.`
fn counts(line: &str) -> Option<(usize, usize)> {
    let (kept, all) = line.strip_suffix(" promises kept.")?.split_once(" of ")?;
    Some((kept.parse().ok()?, all.parse().ok()?))
}

/// One of the three hints, counted from 1.
///
/// # Errors
///
/// If there is no such hint, which is so if the exercise has not three.
pub fn hint(root: &Path, exercise: &Exercise, number: usize) -> Result<String> {
    let path = root.join("exercises").join(&exercise.name).join("hints.md");
    let text = read(&path)?;
    let hints: Vec<&str> = text.split("\n---\n").map(str::trim).collect();
    ensure!(
        hints.len() == 3 && hints.iter().all(|hint| !hint.is_empty()),
        "{} must hold three hints with a line `---` between them",
        path.display()
    );
    let hint = number.checked_sub(1).and_then(|at| hints.get(at)).context("there are three hints")?;
    Ok((*hint).to_owned())
}

/// Puts the stub back in place of the learner's file, which is kept; returns where. `None` if it was the stub already.
///
/// # Errors
///
/// If a file cannot be read or written. The learner's file is not touched before its copy is written.
pub fn reset(root: &Path, exercise: &Exercise) -> Result<Option<PathBuf>> {
    let (answer, stub) = (answer(root, exercise), read(&stub(root, exercise))?);
    let text = read(&answer)?;
    if text == stub {
        return Ok(None);
    }
    let folder = root.join("exercises").join(&exercise.name).join("backup");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let backup = (1..)
        .map(|number| folder.join(format!("lib-{number}.rs")))
        .find(|path| !path.exists())
        .expect("some number is free");
    fs::write(&backup, text).with_context(|| format!("{} cannot be written", backup.display()))?;
    fs::write(&answer, stub).with_context(|| format!("{} cannot be written", answer.display()))?;
    Ok(Some(backup))
}
