//! Commands in the text, against the workspace that they are to be run in.

use super::Page;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What cargo can do by itself.
const BUILT_IN: &[&str] = &[
    "add", "bench", "build", "check", "clean", "clippy", "doc", "fmt", "fetch", "install", "metadata",
    "miri", "new", "publish", "run", "test", "tree", "update",
];

/// What the workspace has.
pub(super) struct Workspace {
    root: PathBuf,
    packages: BTreeSet<String>,
    features: BTreeSet<String>,
    /// By kind (`example`, `test`, `bin`, `bench`): the package and the name.
    targets: BTreeMap<String, BTreeSet<(String, String)>>,
    /// The words that each stands for.
    aliases: BTreeMap<String, Vec<String>>,
}

impl Workspace {
    pub(super) fn read(root: &Path) -> Result<Workspace> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
            .arg(root.join("Cargo.toml"))
            .output()
            .context("cargo cannot be started")?;
        ensure!(output.status.success(), "cargo metadata fails: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gives JSON")?;
        let mut workspace = Workspace {
            root: root.to_owned(),
            packages: BTreeSet::new(),
            features: BTreeSet::new(),
            targets: BTreeMap::new(),
            aliases: aliases(root)?,
        };
        for package in metadata["packages"].as_array().context("cargo metadata lists packages")? {
            let name = package["name"].as_str().context("a package has a name")?.to_owned();
            if let Some(features) = package["features"].as_object() {
                workspace.features.extend(features.keys().cloned());
            }
            for target in package["targets"].as_array().context("a package has targets")? {
                let kind = target["kind"][0].as_str().context("a target has a kind")?.to_owned();
                let target = target["name"].as_str().context("a target has a name")?.to_owned();
                workspace.targets.entry(kind).or_default().insert((name.clone(), target));
            }
            workspace.packages.insert(name);
        }
        Ok(workspace)
    }

    /// What is wrong with the commands of a page: those of its consoles, and those in its sentences.
    pub(super) fn faults(&self, page: &Page) -> Vec<String> {
        let mut found = Vec::new();
        for fence in
            page.fences().iter().filter(|fence| ["console", "sh", "bash"].contains(&&*fence.language))
        {
            let mut lines = fence.body.iter().zip(fence.line + 1..).peekable();
            while let Some((text, line)) = lines.next() {
                let mut command = text.strip_prefix("$ ").unwrap_or(text).to_owned();
                // A line may go on in the next.
                while let Some(open) = command.strip_suffix('\\').map(str::to_owned) {
                    command = open + lines.next().map_or("", |(text, _)| text);
                }
                found.push((line, command));
            }
        }
        let lines: Vec<(usize, &str)> = page.prose().collect();
        let prose: String = lines.iter().map(|(_, text)| format!("{text} ")).collect();
        let mut at = 0;
        while let Some(begin) = prose[at..].find("`cargo ").map(|found| at + found + 1) {
            let Some(length) = prose[begin..].find('`') else { break };
            let before = prose[..begin].len();
            let mut passed = 0;
            let line = lines.iter().find(|(_, text)| {
                passed += text.len() + 1;
                passed > before
            });
            found.push((line.map_or(1, |line| line.0), prose[begin..begin + length].to_owned()));
            at = begin + length + 1;
        }
        let is_cargos = |command: &str| command.split_whitespace().any(|word| word == "cargo");
        let commands = found.iter().filter(|(_, command)| is_cargos(command));
        commands
            .filter_map(|(line, command)| self.fault_of(command).map(|fault| page.fault(*line, fault)))
            .collect()
    }

    /// What is wrong with a command, if anything is.
    pub(super) fn fault_of(&self, command: &str) -> Option<String> {
        // Two may stand on one line.
        command.split(" && ").filter(|part| part.contains("cargo ")).find_map(|part| {
            let words: Vec<String> = part.split_whitespace().map(str::to_owned).collect();
            self.fault(&words).map(|fault| format!("`{}`: {fault}", part.trim()))
        })
    }

    fn fault(&self, words: &[String]) -> Option<String> {
        let at = words.iter().position(|word| word == "cargo")?;
        let mut words: Vec<String> =
            words[at + 1..].iter().filter(|word| !word.starts_with('+')).cloned().collect();
        let word = words.first()?.clone();
        if word.starts_with('-') || is_placeholder(&word) {
            return None;
        }
        if let Some(alias) = self.aliases.get(&word) {
            let own: Vec<String> = words.drain(..).skip(1).collect();
            if let Some(fault) = self.fault_of_own_words(&word, &own) {
                return Some(fault);
            }
            words.clone_from(alias);
        } else if !BUILT_IN.contains(&&*word) {
            return Some(format!("cargo has no command `{word}`, and there is no alias of that name"));
        }
        self.fault_of_options(&words)
    }

    /// Of the tools of this repository, whose aliases hand them what follows.
    fn fault_of_own_words(&self, alias: &str, own: &[String]) -> Option<String> {
        let first = own.first().filter(|word| !word.starts_with('-') && !is_placeholder(word))?;
        match alias {
            "book" if !crate::WORDS.contains(&&**first) => {
                Some(format!("`cargo book` does not know the word `{first}`"))
            }
            "hint" | "reset" if !self.root.join("exercises").join(first).join("cases.rs").is_file() => {
                Some(format!("there is no exercise `{first}`"))
            }
            _ => None,
        }
    }

    fn fault_of_options(&self, words: &[String]) -> Option<String> {
        let words = words.split(|word| word == "--").next().unwrap_or_default();
        let value_of = |names: &[&str]| {
            let at = words.iter().position(|word| names.contains(&&**word))?;
            words.get(at + 1).filter(|value| !is_placeholder(value))
        };
        let package = value_of(&["-p", "--package"]);
        if let Some(name) = package.filter(|name| !self.packages.contains(*name)) {
            return Some(format!("the workspace has no package `{name}`"));
        }
        for kind in ["example", "test", "bin", "bench"] {
            let Some(name) = value_of(&[&*format!("--{kind}")]) else { continue };
            let is_there = self.targets.get(kind).is_some_and(|targets| {
                targets
                    .iter()
                    .any(|(of, target)| target == name && package.is_none_or(|package| package == of))
            });
            if !is_there {
                let of = package.map_or("no package".to_owned(), |package| format!("`{package}` not"));
                return Some(format!("{of} has the {kind} `{name}`").replace("not has", "has not"));
            }
        }
        let features = value_of(&["--features"]).map_or("", |features| features);
        let missing = features.split(',').find(|name| !name.is_empty() && !self.features.contains(*name));
        if let Some(name) = missing {
            return Some(format!("no package has the feature `{name}`"));
        }
        self.fault_of_test(words)
    }

    /// The suite that runs on all stages takes the beginning of a behaviour's name.
    fn fault_of_test(&self, words: &[String]) -> Option<String> {
        let at = words.iter().position(|word| word == "stages_behaviour")?;
        let behaviour = words.get(at + 1).filter(|word| !word.starts_with('-'))?;
        let table = self.root.join("reference-runtime/tests/stages_behaviour/main.rs");
        let table = fs::read_to_string(table).unwrap_or_default();
        let is_there = table.lines().any(|line| line.trim().starts_with(&**behaviour));
        (!is_there).then(|| format!("no behaviour begins `{behaviour}`"))
    }
}

/// A word in capitals stands for something that the reader chooses; so does a dot that stands for more.
fn is_placeholder(word: &str) -> bool {
    word.contains('…') || (word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase()))
}

fn aliases(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let file = root.join(".cargo/config.toml");
    let Ok(text) = fs::read_to_string(&file) else { return Ok(BTreeMap::new()) };
    let table: toml::Table = text.parse().with_context(|| format!("{} cannot be read", file.display()))?;
    let aliases = table.get("alias").and_then(|aliases| aliases.as_table()).cloned().unwrap_or_default();
    let words = |value: toml::Value| -> Vec<String> {
        value.as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    Ok(aliases.into_iter().map(|(name, value)| (name, words(value))).collect())
}
