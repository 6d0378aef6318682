//! What mdBook does not look at: whether the text still fits the repository that it is about.
//!
//! [`complaints`] reads the pages that `SUMMARY.md` names and returns a line for each fault, with its file and line.
//! A fault is
//!
//! - an include of a file or an anchor that is not there, or of an anchor that is empty, unbalanced or there twice
//!   (mdBook renders such an anchor as nothing),
//! - a listing in Rust that is no include, or whose file is not named above it,
//! - a chapter without a section of the template, or with one out of order; one without a quiz,
//! - an exercise that no chapter names, and a recorded output that no page shows,
//! - a `cargo` command that names no package, example, test, feature, alias or word that there is, and
//! - a link to a page or to a part of a page that is not there.

mod commands;
mod includes;
mod links;

pub(crate) use includes::faults as faults_of_includes;

use anyhow::{Context, Result};
use commands::Workspace;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The sections of a chapter.
const TEMPLATE: &[&str] = &[
    "Question",
    "Predict",
    "See it fail",
    "Build",
    "Test it",
    "Measure",
    "What goes wrong",
    "Exercises",
    "Check yourself",
    "How real runtimes do it",
    "Further reading",
];

/// How many listings in Rust are no include, page by page, and why.
const TYPED_IN: &[(&str, usize, &str)] = &[];

/// Texts beside the book that name commands.
const OTHERS: &[&str] =
    &["README.md", "exercises/README.md", "reference-runtime/README.md", ".github/CONTRIBUTING.md"];

/// A page of the text.
pub(crate) struct Page {
    /// As it is given in a complaint.
    name: String,
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Fence {
    /// Of its first line, counted from 1.
    line: usize,
    /// Up to a comma or a space.
    language: String,
    body: Vec<String>,
    /// The last line of text before it.
    label: String,
}

impl Page {
    fn read(root: &Path, path: PathBuf) -> Result<Page> {
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        Ok(Page { name, path, text })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A complaint about a line, which is counted from 1.
    fn fault(&self, line: usize, words: impl AsRef<str>) -> String {
        format!("{}:{line}: {}", self.name, words.as_ref())
    }

    /// Whether it is a chapter with a number.
    fn is_chapter(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("ch").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    fn fences(&self) -> Vec<Fence> {
        let (mut fences, mut label) = (Vec::new(), String::new());
        let mut lines = self.text.lines().zip(1..);
        while let Some((text, line)) = lines.next() {
            if let Some(info) = text.strip_prefix("```") {
                let body = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
                fences.push(Fence {
                    line,
                    language: info.split([',', ' ']).next().unwrap_or_default().to_owned(),
                    body: body.map(str::to_owned).collect(),
                    label: std::mem::take(&mut label),
                });
            } else if !text.is_empty() {
                label = text.to_owned();
            }
        }
        fences
    }

    /// The lines outside of fences, with their numbers.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut is_inside = false;
        self.text.lines().zip(1..).filter_map(move |(text, line)| {
            let is_mark = text.starts_with("```");
            is_inside ^= is_mark;
            (!is_inside && !is_mark).then_some((line, text))
        })
    }
}

/// The pages that the summary of the book below `root` names.
pub(crate) fn pages(root: &Path, source: &Path) -> Result<Vec<Page>> {
    let summary = Page::read(root, source.join("SUMMARY.md"))?;
    let targets = summary.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.is_empty()).map(|target| Page::read(root, source.join(target))).collect()
}

/// What is wrong with the text of the book below `root`, which was built into `built`.
///
/// # Errors
///
/// If the text or the workspace around it cannot be read.
pub fn complaints(root: &Path, built: &Path) -> Result<Vec<String>> {
    let source = root.join(crate::render::config(root)?.book.src);
    let pages = pages(root, &source)?;
    let workspace = Workspace::read(root)?;
    let mut faults = Vec::new();
    for page in &pages {
        faults.extend(includes::faults(page));
        faults.extend(faults_of_listings(root, page));
        if page.is_chapter() {
            faults.extend(faults_of_sections(page));
        }
        faults.extend(workspace.faults(page));
        faults.extend(links::faults(built, &source, page)?);
    }
    for other in OTHERS.iter().map(|other| root.join(other)).filter(|other| other.is_file()) {
        faults.extend(workspace.faults(&Page::read(root, other)?));
    }
    faults.extend(faults_of_exercises(root, &pages)?);
    faults.extend(faults_of_outputs(root, &pages, &workspace)?);
    Ok(faults)
}

/// Each listing in Rust is an include, and the line above it names the file.
fn faults_of_listings(root: &Path, page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    let mut typed_in = 0;
    for fence in page.fences().iter().filter(|fence| fence.language == "rust") {
        let target = match &fence.body[..] {
            [line] => line.trim().strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")),
            _ => None,
        };
        let Some(target) = target else {
            typed_in += 1;
            if typed_in > allowed(page) {
                faults.push(page.fault(fence.line, "a listing in Rust that is not included from a file"));
            }
            continue;
        };
        let file = target.split(':').next().unwrap_or_default();
        let file = page.path.with_file_name("").join(file);
        let file = crate::render::plain(&file);
        let file = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let named = fence.label.split('`').nth(1).unwrap_or_default();
        // What the reader types has its path in the reader's own project.
        if named.is_empty() || !(file == named || file == format!("book/listings/{named}")) {
            faults
                .push(page.fault(fence.line, format!("the line above this listing does not name `{file}`")));
        }
    }
    if typed_in < allowed(page) {
        faults.push(page.fault(1, "fewer listings are typed in than the check allows; lower its number"));
    }
    faults
}

fn allowed(page: &Page) -> usize {
    TYPED_IN.iter().find(|(name, _, _)| page.path.ends_with(name)).map_or(0, |(_, count, _)| *count)
}

/// The sections of the template, in order, and a quiz in the one that is for it.
fn faults_of_sections(page: &Page) -> Vec<String> {
    let sections: Vec<(usize, &str)> =
        page.prose().filter_map(|(line, text)| Some((line, text.strip_prefix("## ")?))).collect();
    for (at, expected) in TEMPLATE.iter().enumerate() {
        match sections.get(at) {
            Some((_, section)) if section == expected => {}
            Some((line, section)) => {
                let words = format!("the section \"{section}\" stands where \"{expected}\" is due");
                return vec![page.fault(*line, words)];
            }
            None => {
                let line = page.text.lines().count();
                return vec![page.fault(line, format!("the section \"{expected}\" is missing"))];
            }
        }
    }
    let mut faults = Vec::new();
    if let Some((line, section)) = sections.get(TEMPLATE.len()) {
        faults.push(page.fault(*line, format!("the template has no section \"{section}\"")));
    }
    let line_of = |name: &str| sections.iter().find(|(_, section)| *section == name).map(|found| found.0);
    let (from, to) = (line_of("Check yourself"), line_of("How real runtimes do it"));
    let is_between = |line: usize| from.is_some_and(|from| line > from) && to.is_some_and(|to| line < to);
    if !page.fences().iter().any(|fence| fence.language == "quiz" && is_between(fence.line)) {
        faults.push(page.fault(from.unwrap_or(1), "nothing to check yourself with: no quiz"));
    }
    faults
}

/// Each exercise is named by a chapter, with the command that grades it.
fn faults_of_exercises(root: &Path, pages: &[Page]) -> Result<Vec<String>> {
    let folder = root.join("exercises");
    let mut faults = Vec::new();
    if !folder.is_dir() {
        return Ok(faults);
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.path().join("cases.rs").is_file() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    for name in names {
        let command = format!("$ cargo test -p {name}");
        let grades = |page: &Page| page.text.lines().any(|line| line == command);
        if !pages.iter().any(|page| page.is_chapter() && grades(page)) {
            faults.push(format!("exercises/{name}: no chapter shows `{}`", &command[2..]));
        }
    }
    Ok(faults)
}

/// What a console shows is a command, or a recorded output that begins with one; and each record is shown.
fn faults_of_outputs(root: &Path, pages: &[Page], workspace: &Workspace) -> Result<Vec<String>> {
    let (mut faults, mut shown) = (Vec::new(), BTreeSet::new());
    for page in pages {
        for fence in page.fences().iter().filter(|fence| fence.language == "console") {
            let Some(first) = fence.body.first() else {
                faults.push(page.fault(fence.line, "an empty console"));
                continue;
            };
            let include = |line: &String| {
                let target = line.strip_prefix("{{#include ")?.strip_suffix("}}")?;
                Some(crate::render::plain(&page.path.with_file_name("").join(target)))
            };
            let included: Vec<PathBuf> = fence.body.iter().filter_map(include).collect();
            // A command may go on in the next line.
            let command = if first.starts_with("$ ") {
                1 + fence.body.iter().take_while(|line| line.ends_with('\\')).count()
            } else {
                0
            };
            if command == 0 && included.is_empty() {
                faults.push(page.fault(fence.line, "neither a command nor a recorded output"));
            } else if command + included.len() != fence.body.len() {
                faults.push(page.fault(fence.line, "an output that is typed in, not recorded"));
            }
            shown.extend(included);
        }
    }
    let folder = root.join("book/data");
    if !folder.is_dir() {
        return Ok(faults);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        let page = Page::read(root, path)?;
        if !shown.contains(&page.path) {
            faults.push(page.fault(1, "no page shows this output"));
        }
        let command = page.text.lines().next().and_then(|line| line.strip_prefix("$ "));
        match command {
            Some(command) => faults.extend(workspace.fault_of(command).map(|fault| page.fault(1, fault))),
            None => faults.push(page.fault(1, "a recorded output begins with its command, as `$ cargo …`")),
        }
    }
    Ok(faults)
}
