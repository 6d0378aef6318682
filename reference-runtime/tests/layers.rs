//! The modules depend on each other in one direction only, and unsafe code stays where it is expected.
//!
//! Both rules are data: [`LAYERS`] and [`UNSAFE`]. The tests read the sources as text, so they see every platform and
//! every feature at once. Comments, strings and test modules do not count.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each module, and the modules that it may name besides itself. `lib.rs` is above them all and not listed.
const LAYERS: &[(&str, &[&str])] = &[
    // What protocols are made of.
    ("primitive", &[]),
    // Low, for whatever happens is recorded where it happens.
    ("trace", &["primitive"]),
    ("park", &["primitive"]),
    ("span", &[]),
    ("runnable", &["primitive", "span", "trace"]),
    ("queue", &["runnable", "primitive"]),
    ("tasks", &["runnable", "primitive"]),
    ("block_on", &["park"]),
    ("idle", &["park", "primitive", "trace"]),
    ("reactor", &["primitive"]),
    ("blocking", &["runnable", "primitive", "queue", "trace"]),
    ("local", &["runnable", "primitive", "tasks"]),
    // What puts them together.
    ("scheduler", &["runnable", "queue", "idle", "park", "reactor", "primitive", "tasks", "trace"]),
    ("runtime", &["scheduler", "reactor", "blocking", "block_on", "local", "runnable", "primitive", "trace"]),
    // What a user sees.
    ("task", &["runtime", "runnable", "scheduler", "local", "time"]),
    ("net", &["reactor", "runtime", "time", "scheduler"]),
    ("time", &["reactor", "runtime"]),
    // Standard streams block in place, and take turns under a lock; `io::timeout` is that of `time`.
    ("io", &["scheduler", "primitive", "park", "time"]),
    // The forms that block wait with `block_on` and tell the scheduler, those with a time-out sleep.
    ("sync", &["primitive", "block_on", "scheduler", "time"]),
    ("channel", &["sync"]),
    ("future", &["time"]),
    ("stream", &["time"]),
    // Files block in place as the standard streams do, and take turns with others in the same way.
    ("fs", &["scheduler", "io"]),
    ("os", &["fs", "net", "process"]),
    // Of `task` the macro `task_local!`, which async-std's prelude has.
    ("prelude", &["future", "io", "stream", "task"]),
    // Other people's crates on this one.
    ("hyper", &["task", "time"]),
    ("surf", &["net", "time"]),
    // `process` starts programs and waits for pipes and for their ends; whom nobody waits for, a task does. Where pipes
    // cannot be watched they block in place, in turn with others.
    ("process", &["reactor", "runtime", "scheduler", "time", "task", "io"]),
    ("signal", &["reactor", "runtime", "time"]),
    // The book's chapters: the public face, and the parts that a chapter mounts.
    (
        "stages",
        &[
            "runtime",
            "task",
            "net",
            "time",
            "io",
            "sync",
            "fs",
            "runnable",
            "queue",
            "idle",
            "tasks",
            "park",
            "reactor",
            "blocking",
            "block_on",
            "primitive",
            "trace",
        ],
    ),
];

/// The names that `lib.rs` re-exports, and the module that each comes from.
const ROOT_NAMES: &[(&str, &str)] = &[
    ("Builder", "runtime"),
    ("Handle", "runtime"),
    ("Metrics", "runtime"),
    ("Runtime", "runtime"),
    ("task_local", "task"),
];

/// Where `unsafe` may be written: in a file, or, where the path is a folder, in one function of all its files.
const UNSAFE: &[&str] = &[
    "runnable/raw.rs",
    "runnable/pointers.rs",
    "runnable/locals.rs",
    "runnable/thread_bound.rs",
    "queue/local.rs",
    "reactor/",
    "sync/mutex/guard.rs",
];

#[test]
fn modules_depend_in_one_direction() {
    let sources = sources();
    let modules: BTreeSet<String> = sources.iter().map(|(path, _)| module_of(path)[0].clone()).collect();
    let mut complaints = Vec::new();
    for (path, text) in of_every_build(&sources) {
        if path != "lib.rs" {
            complaints.extend(forbidden(path, text, &modules));
        }
    }
    assert!(complaints.is_empty(), "see LAYERS in tests/layers.rs:\n{}", complaints.join("\n"));
}

#[test]
fn unsafe_code_stays_where_it_is_expected() {
    let complaints = misplaced_unsafe(&sources());
    assert!(complaints.is_empty(), "see UNSAFE in tests/layers.rs:\n{}", complaints.join("\n"));
}

#[test]
fn a_planted_edge_is_found_however_it_is_written() {
    let modules: BTreeSet<String> = LAYERS.iter().map(|(module, _)| (*module).to_owned()).collect();
    let found = |text: &str| forbidden("runnable/state.rs", text, &modules);
    for line in [
        "use crate::scheduler::Worker;",
        "use crate::{primitive::Arc, scheduler::{self, Worker}};",
        "pub(crate) use crate :: scheduler;",
        "fn f() { crate::scheduler::wake() }",
        "macro_rules! m { () => { $crate::scheduler::wake() } }",
        "use super::super::scheduler;",
        "mod inner { use super::super::super::scheduler; }",
        "#[cfg(not(test))] use crate::scheduler;",
        "use crate::Runtime;",
        "use crate::Nobody;",
        "use crate::*;",
    ] {
        let complaints = found(&format!("//! A header.\n\nuse crate::primitive::Mutex;\n{line}\n"));
        assert_eq!(complaints.len(), 1, "{line}: {complaints:?}");
        assert!(complaints[0].starts_with("src/runnable/state.rs:4: "), "{line}: {complaints:?}");
    }
    for line in [
        "// use crate::scheduler;",
        "/// [`Worker`](crate::scheduler::Worker)",
        "/* /* */ use crate::scheduler; */",
        "const TEXT: &str = \"\\\" use crate::scheduler;\";",
        "const TEXT: &str = r#\"\" use crate::scheduler;\"#;",
        "fn f<'a>(c: &'a char) -> bool { *c == '\"' } // use crate::scheduler; \"",
        "#[cfg(test)] mod tests { use crate::scheduler; }",
        "#[cfg(all(test, not(reference_runtime_loom)))] mod tests { fn f() { crate::scheduler::f() } }",
        "#[cfg(test)] #[allow(unused)] use crate::{primitive, scheduler};",
        "pub(in crate::runnable) fn f() {}",
        "use super::raw; use self::raw::scheduler; use other::crate_like::scheduler;",
        "use crate::runnable::raw;",
    ] {
        assert_eq!(found(line), Vec::<String>::new(), "{line}");
    }
    let unlisted = forbidden("novelty.rs", "use crate::primitive;", &modules);
    assert_eq!(unlisted.len(), 1, "a module without a row is reported: {unlisted:?}");
}

#[test]
fn planted_unsafe_code_is_found() {
    let source = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let block = "fn f() {\n    unsafe { g() }\n}\n";
    assert_eq!(misplaced_unsafe(&[source("park.rs", block)]).len(), 1);
    assert!(misplaced_unsafe(&[source("park.rs", block)])[0].starts_with("src/park.rs:2: "));
    assert!(
        misplaced_unsafe(&[source("queue/local.rs", block), source("runnable/raw.rs", "unsafe fn f() {}")])
            .is_empty()
    );
    assert!(
        misplaced_unsafe(&[source(
            "park.rs",
            "#![deny(unsafe_code)] // unsafe\nconst A: &str = \"unsafe\";"
        )])
        .is_empty()
    );
    assert!(
        misplaced_unsafe(&[source("reactor/poll.rs", block)]).is_empty(),
        "one function of the folder may"
    );
    let two =
        misplaced_unsafe(&[source("reactor/poll.rs", block), source("reactor/mod.rs", "unsafe fn h() {}")]);
    assert_eq!(two.len(), 1, "a second may not: {two:?}");
}

/// Every source file, as its path below `src` and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the crate's sources can be read") {
            let path: PathBuf = entry.expect("a folder that was opened can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                let below = path
                    .strip_prefix(&root)
                    .expect("it was found there")
                    .to_string_lossy()
                    .replace('\\', "/");
                sources.push((below, text));
            }
        }
    }
    sources.sort();
    sources
}

/// The module that a file holds, as the names on the way to it.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// The sources without the files that only a test build has: those of a `#[cfg(test)] mod name;`, and what is below.
fn of_every_build(sources: &[(String, String)]) -> Vec<&(String, String)> {
    let mut tests = Vec::new();
    for (path, text) in sources {
        let folder = if path == "lib.rs" { String::new() } else { module_of(path).join("/") + "/" };
        tests.extend(without_tests(tokens(text)).1.iter().map(|name| format!("{folder}{name}")));
    }
    let is_test = |path: &str| {
        let below = |test: &String| path.strip_prefix(test.as_str());
        tests.iter().filter_map(below).any(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    sources.iter().filter(|(path, _)| !is_test(path)).collect()
}

/// A sentence for each path in the file that names a module it must not name.
fn forbidden(path: &str, text: &str, modules: &BTreeSet<String>) -> Vec<String> {
    let own = module_of(path)[0].clone();
    let Some((_, allowed)) = LAYERS.iter().find(|(module, _)| *module == own) else {
        return vec![format!("src/{path}:1: the module `{own}` has no row in the table")];
    };
    let mut complaints = Vec::new();
    for (name, line) in named_at_the_root(&without_tests(tokens(text)).0, module_of(path).len()) {
        let public =
            ROOT_NAMES.iter().find(|(public, _)| *public == name).map(|(_, module)| (*module).to_owned());
        let target = if modules.contains(&name) { Some(name.clone()) } else { public };
        match target {
            Some(target) if target == own || allowed.contains(&target.as_str()) => {}
            Some(target) => complaints.push(format!("src/{path}:{line}: `{own}` must not name `{target}`")),
            None => complaints.push(format!("src/{path}:{line}: `crate::{name}` is no module; name one")),
        }
    }
    complaints
}

/// What follows each `crate::`, and each `super::` that leads out of the top module, with its line.
fn named_at_the_root(tokens: &[Token], depth: usize) -> Vec<(String, usize)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    // For each open brace, whether it is that of a module.
    let (mut braces, mut is_module) = (Vec::new(), false);
    for at in 0..tokens.len() {
        match text(at) {
            "mod" if text(at + 2) == "{" => is_module = true,
            "{" => braces.push(std::mem::take(&mut is_module)),
            "}" => {
                braces.pop();
            }
            _ => {}
        }
        let begins = at == 0 || text(at - 1) != "::";
        let mut next = at;
        match text(at) {
            // `pub(in crate::x)` names an ancestor, which is no dependency.
            "crate" if at == 0 || text(at - 1) != "in" => next += 1,
            "super" if begins => {
                let mut up = 0;
                while text(next) == "super" && text(next + 1) == "::" {
                    (up, next) = (up + 1, next + 2);
                }
                if up < depth + braces.iter().filter(|is_module| **is_module).count() {
                    continue;
                }
                next -= 1;
            }
            _ => continue,
        }
        if text(next) != "::" {
            continue;
        }
        next += 1;
        if text(next) != "{" {
            found.push((text(next).to_owned(), tokens[next].line));
            continue;
        }
        // The first name of each part of the group.
        let (mut nested, mut is_first) = (0, true);
        while let Some(token) = tokens.get(next) {
            match token.text.as_str() {
                "{" => nested += 1,
                "}" if nested == 1 => break,
                "}" => nested -= 1,
                "," if nested == 1 => is_first = true,
                name if nested == 1 && is_first => {
                    found.push((name.to_owned(), token.line));
                    is_first = false;
                }
                _ => {}
            }
            next += 1;
        }
    }
    found
}

/// A sentence for each `unsafe` outside [`UNSAFE`].
fn misplaced_unsafe(sources: &[(String, String)]) -> Vec<String> {
    let mut complaints = Vec::new();
    // For each folder that has one function for it: that function.
    let mut functions: Vec<(&str, String)> = Vec::new();
    for (path, text) in of_every_build(sources) {
        for (function, line) in unsafe_functions(&without_tests(tokens(text)).0) {
            let Some(place) = UNSAFE.iter().find(|place| path.starts_with(**place)) else {
                complaints.push(format!("src/{path}:{line}: unsafe code has no place here"));
                continue;
            };
            if !place.ends_with('/') {
                continue;
            }
            let this = format!("{path}: {function}");
            match functions.iter().find(|(folder, _)| folder == place) {
                Some((_, other)) if *other == this => {}
                Some((_, other)) => {
                    complaints
                        .push(format!("src/{path}:{line}: the one unsafe function of {place} is {other}"));
                }
                None => functions.push((place, this)),
            }
        }
    }
    complaints
}

/// For each `unsafe`, the function it is in and its line.
fn unsafe_functions(tokens: &[Token]) -> Vec<(String, usize)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    // For each open brace, the function whose body it opens, if it does; and the one whose signature is being read.
    let (mut braces, mut signature): (Vec<Option<&str>>, Option<&str>) = (Vec::new(), None);
    let mut parentheses = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "fn" => signature = Some(text(at + 1)),
            "(" | "[" => parentheses += 1,
            ")" | "]" => parentheses -= 1,
            ";" if parentheses == 0 => signature = None,
            "{" => braces.push(signature.take()),
            "}" => {
                braces.pop();
            }
            "unsafe" => {
                let inside = braces.iter().rev().find_map(|function| *function);
                let function =
                    if text(at + 1) == "fn" { text(at + 2) } else { inside.unwrap_or("no function") };
                found.push((function.to_owned(), token.line));
            }
            _ => {}
        }
    }
    found
}

/// A word or a sign of the source.
struct Token {
    text: String,
    line: usize,
}

/// The source without its comments, its strings and its numbers.
fn tokens(source: &str) -> Vec<Token> {
    let characters: Vec<char> = source.chars().collect();
    let at = |index: usize| characters.get(index).copied().unwrap_or('\0');
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let (mut tokens, mut index, mut line) = (Vec::new(), 0, 1);
    while index < characters.len() {
        let start = index;
        let first = at(index);
        if first == '/' && at(index + 1) == '/' {
            while index < characters.len() && at(index) != '\n' {
                index += 1;
            }
        } else if first == '/' && at(index + 1) == '*' {
            let mut nested = 0;
            loop {
                match (at(index), at(index + 1)) {
                    ('/', '*') => (nested, index) = (nested + 1, index + 2),
                    ('*', '/') => (nested, index) = (nested - 1, index + 2),
                    _ => index += 1,
                }
                if nested == 0 || index >= characters.len() {
                    break;
                }
            }
        } else if first == '"' {
            index = end_of_string(&characters, index);
        } else if first == '\'' && (at(index + 1) == '\\' || at(index + 2) == '\'') {
            // A character; what is left are lifetimes.
            index += if at(index + 1) == '\\' { 3 } else { 2 };
            while index < characters.len() && at(index) != '\'' {
                index += 1;
            }
            index += 1;
        } else if is_word(first) {
            while is_word(at(index)) {
                index += 1;
            }
            let word: String = characters[start..index].iter().collect();
            let hashes = characters[index..].iter().take_while(|character| **character == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && at(index + hashes) == '"' {
                let end: Vec<char> = format!("\"{}", "#".repeat(hashes)).chars().collect();
                index += hashes + 1;
                while index < characters.len() && !characters[index..].starts_with(&end) {
                    index += 1;
                }
                index += end.len();
            } else if matches!(word.as_str(), "b" | "c") && at(index) == '"' {
                index = end_of_string(&characters, index);
            } else if !first.is_ascii_digit() {
                tokens.push(Token { text: word, line });
            }
        } else {
            index += if first == ':' && at(index + 1) == ':' { 2 } else { 1 };
            if !first.is_whitespace() {
                tokens.push(Token { text: characters[start..index].iter().collect(), line });
            }
        }
        index = index.min(characters.len());
        line += characters[start..index].iter().filter(|character| **character == '\n').count();
    }
    tokens
}

/// Behind the string that begins with the quote at `index`.
fn end_of_string(characters: &[char], mut index: usize) -> usize {
    index += 1;
    while index < characters.len() && characters[index] != '"' {
        index += if characters[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// The tokens without the items that only a test build has, and the names of those that are modules in other files.
fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token.text != "#" || tokens.peek().is_none_or(|next| next.text != "[") {
            kept.push(token);
            continue;
        }
        let mut attribute = Vec::new();
        let mut brackets = 0;
        for part in tokens.by_ref() {
            brackets += match part.text.as_str() {
                "[" => 1,
                "]" => -1,
                _ => 0,
            };
            attribute.push(part);
            if brackets == 0 {
                break;
            }
        }
        if !is_for_tests(&attribute) {
            kept.push(token);
            kept.extend(attribute);
            continue;
        }
        // The item ends with its semicolon, or with the brace that closes its body.
        let (mut item, mut open) = (Vec::new(), 0);
        for part in tokens.by_ref() {
            match part.text.as_str() {
                "{" | "(" | "[" => open += 1,
                "}" | ")" | "]" => open -= 1,
                _ => {}
            }
            let is_use = item.contains(&"use".to_owned());
            let ends = open == 0 && (part.text == ";" || part.text == "}" && !is_use);
            item.push(part.text);
            if ends {
                break;
            }
        }
        if let [.., keyword, name, end] = item.as_slice() {
            if keyword == "mod" && end == ";" {
                files.push(name.clone());
            }
        }
    }
    (kept, files)
}

/// Whether this is `cfg(test)` or `cfg(all(…, test, …))`.
fn is_for_tests(attribute: &[Token]) -> bool {
    let text = |at: usize| attribute.get(at).map_or("", |token| token.text.as_str());
    text(1) == "cfg"
        && (3..attribute.len()).any(|at| {
            text(at) == "test" && !(text(at - 1) == "(" && text(at - 2) == "not") && text(3) != "any"
        })
}
