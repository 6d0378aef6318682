//! What is published: the features and dependencies that the documentation names, licences, and the files of the package.
#![cfg(not(reference_runtime_loom))]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// What may be linked: all of these let a program be sold without its sources.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_feature_has_its_row_in_the_documentation() {
    let features = keys(&this_package(&metadata(&["--no-deps"]))["features"]);
    let library = text("src/lib.rs");
    let table = library.split_once("//! # Features").expect("lib.rs has a section on them").1;
    let table = table.split("//! # ").next().expect("a split has a first part");
    let rows = first_cells(table).filter(|name| name != "default");
    assert_eq!(rows.collect::<BTreeSet<_>>(), without("default", features));
}

#[test]
fn docs_rs_shows_all_features_but_three() {
    let package = this_package(&metadata(&["--no-deps"]));
    let list = |value: &Value| -> BTreeSet<String> {
        value.as_array().expect("a list").iter().map(string).collect()
    };
    let mut shown = list(&package["metadata"]["docs"]["rs"]["features"]);
    shown.extend(list(&package["features"]["default"]));
    shown.extend(["ablation", "default", "stages", "surf"].map(str::to_owned));
    assert_eq!(shown, keys(&package["features"]), "see [package.metadata.docs.rs] in Cargo.toml");
}

#[test]
fn every_dependency_has_its_row_with_its_licence_and_its_size() {
    let all = metadata(&["--all-features", "--filter-platform", &host()]);
    let dependencies: BTreeSet<String> = this_package(&all)["dependencies"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| string(&dependency["name"]))
        .collect();
    let page = text("DEPENDENCIES.md");
    let rows: Vec<Vec<String>> = rows(&page).filter(|cells| cells.len() == 5).collect();
    let rows = &rows[1..]; // without the head
    let named: BTreeSet<String> = rows.iter().map(|cells| cells[0].clone()).collect();
    assert_eq!(named, dependencies, "DEPENDENCIES.md and Cargo.toml name the same crates");
    let direct = linked(&all, 1);
    for cells in rows {
        let [name, licence, lines, ..] = &cells[..] else { unreachable!("five cells") };
        // Of the others this platform has no sources.
        let Some(package) = direct.iter().find(|package| string(&package["name"]) == *name) else {
            assert!(["loom", "rustix"].contains(&&**name), "{name} is not linked");
            continue;
        };
        assert_eq!(*licence, string(&package["license"]), "{name}");
        let counted = lines_of_rust(package);
        let stated: usize = lines.replace(',', "").parse().expect("a number of lines");
        let is_near = stated * 2 >= counted && stated <= counted + counted / 2;
        assert!(is_near, "DEPENDENCIES.md says that {name} has {stated} lines; it has {counted}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_features_bring_as_many_crates_as_the_page_says() {
    let package = this_package(&metadata(&["--no-deps"]));
    let brings = |feature: &String| package["features"][feature].to_string().contains("dep:");
    let features: BTreeSet<String> = keys(&package["features"]).into_iter().filter(brings).collect();
    let page = text("DEPENDENCIES.md");
    let rows: Vec<_> = rows(&page).filter(|cells| cells.len() == 2).skip(1).collect();
    let named = rows.iter().map(|cells| cells[0].clone()).filter(|name| name != "none");
    assert_eq!(named.collect::<BTreeSet<_>>(), features, "each feature that brings a crate has a row");
    for cells in rows {
        let feature = if cells[0] == "none" { "" } else { &cells[0] };
        let tree = cargo(&[
            "tree",
            "--edges=normal",
            "--prefix=none",
            "--no-default-features",
            "--features",
            feature,
            "--target",
            &host(),
        ]);
        let crates: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        let others = crates.iter().filter(|name| !name.is_empty() && !name.starts_with("reference-runtime"));
        let counted = others.count();
        let stated: usize = cells[1].parse().expect("a number of crates");
        assert!(stated.abs_diff(counted) <= 1 + counted / 10, "{}: {counted} crates, not {stated}", cells[0]);
    }
}

#[test]
fn everything_that_is_linked_may_be_linked_anywhere() {
    let all = metadata(&["--all-features", "--filter-platform", &host()]);
    let linked = linked(&all, usize::MAX);
    assert!(linked.len() > 20, "it has dependencies");
    for package in linked {
        let licence = string(&package["license"]);
        assert!(is_allowed(&licence), "{}: {licence}; allowed are {LICENCES:?}", package["name"]);
    }
}

#[test]
fn licences_are_told_apart() {
    for licence in [
        "MIT",
        "MIT OR GPL-3.0-only",
        "MIT/Apache-2.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "GPL-3.0-only OR (ISC AND MIT)",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
    ] {
        assert!(is_allowed(licence), "{licence}");
    }
    for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR ISC) AND LGPL-2.1", "", "MIT OR", "(MIT"]
    {
        assert!(!is_allowed(licence), "{licence}");
    }
}

/// On a registry's page there are no files beside it.
#[test]
fn the_readme_links_to_whole_addresses() {
    let readme = text("README.md");
    let targets: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.len() > 3);
    for target in targets {
        assert!(target.starts_with("https://") || target.starts_with('#'), "{target}");
    }
}

#[test]
fn the_package_holds_the_library_and_no_more() {
    let list = cargo(&["package", "--list", "--allow-dirty"]);
    let files: BTreeSet<&str> = list.lines().collect();
    for file in ["Cargo.toml", "DEPENDENCIES.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"]
    {
        assert!(files.contains(file), "{file} is missing: {list}");
    }
    let made = [
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        ".cargo_vcs_info.json",
        "DEPENDENCIES.md",
        "README.md",
    ];
    for file in files {
        assert!(
            made.contains(&file)
                || file.starts_with("LICENSE-")
                || file.starts_with("src/") && file.ends_with(".rs"),
            "{file} has no place in the package"
        );
    }
}

/// Runs cargo on this package.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn metadata(arguments: &[&str]) -> Value {
    let json = cargo(&[&["metadata", "--format-version=1"], arguments].concat());
    serde_json::from_str(&json).expect("JSON")
}

/// The platform of the compiler in use.
fn host() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

fn this_package(metadata: &Value) -> Value {
    let packages = metadata["packages"].as_array().expect("a list");
    let this = packages.iter().find(|package| package["name"] == env!("CARGO_PKG_NAME"));
    this.expect("this package is one of them").clone()
}

/// This package and what it links within so many steps, procedural macros too.
fn linked(metadata: &Value, steps: usize) -> Vec<Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a list");
    let mut pending = vec![(string(&this_package(metadata)["id"]), 0)];
    let mut seen = BTreeSet::new();
    while let Some((id, step)) = pending.pop() {
        if !seen.insert(id.clone()) || step == steps {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == *id).expect("each package has a node");
        for dependency in node["deps"].as_array().expect("a list") {
            let kinds = dependency["dep_kinds"].as_array().expect("a list");
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                pending.push((string(&dependency["pkg"]), step + 1));
            }
        }
    }
    let packages = metadata["packages"].as_array().expect("a list");
    packages.iter().filter(|package| seen.contains(&string(&package["id"]))).cloned().collect()
}

/// Lines in the files below `src` of a package.
fn lines_of_rust(package: &Value) -> usize {
    let manifest = PathBuf::from(string(&package["manifest_path"]));
    let (mut folders, mut lines) = (vec![manifest.with_file_name("src")], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a package has sources") {
            let path = entry.expect("a folder that was opened can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                lines +=
                    String::from_utf8_lossy(&fs::read(path).expect("a file can be read")).lines().count();
            }
        }
    }
    lines
}

/// Whether an SPDX expression can be met with [`LICENCES`] alone. `AND` binds more strongly than `OR`; the slash is what
/// was written before there was `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words).unwrap_or(false) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `None`: not an expression.
fn any_of(words: &mut Words<'_>) -> Option<bool> {
    let mut allowed = all_of(words)?;
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all_of(words)?;
    }
    Some(allowed)
}

fn all_of(words: &mut Words<'_>) -> Option<bool> {
    let mut allowed = licence(words)?;
    while words.next_if_eq(&"AND").is_some() {
        allowed &= licence(words)?;
    }
    Some(allowed)
}

fn licence(words: &mut Words<'_>) -> Option<bool> {
    let first = words.next()?;
    if first == "(" {
        let allowed = any_of(words)?;
        return (words.next()? == ")").then_some(allowed);
    }
    let mut name = first.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", words.next()?);
    }
    Some(LICENCES.contains(&&*name))
}

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of each row of the tables in a page, without marks of code. The line below a head is left out.
fn rows(page: &str) -> impl Iterator<Item = Vec<String>> {
    let lines = page.lines().map(|line| line.trim_start_matches("//!").trim());
    let rows = lines.filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let rows = rows.filter(|row| row.contains(|character: char| character.is_alphanumeric()));
    rows.map(|row| row.split('|').map(|cell| cell.trim().replace('`', "")).collect())
}

fn first_cells(table: &str) -> impl Iterator<Item = String> {
    rows(table).skip(1).map(|cells| cells[0].clone())
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().expect("an object").keys().cloned().collect()
}

fn without(name: &str, mut names: BTreeSet<String>) -> BTreeSet<String> {
    names.remove(name);
    names
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
