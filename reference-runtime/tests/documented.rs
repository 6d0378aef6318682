//! Every public item says what it does, shows it, and names its errors and whether it may be cancelled.
//!
//! rustc asks for a comment at each public item (`missing_docs`), and rustdoc runs the examples that there are. Neither
//! minds one that is not there. So this reads the sources as text, a line at a time, as rustfmt lays them out:
//!
//! * a function, a type or a trait has an example; a module may leave that to its items;
//! * a function that returns a `Result` has a section `# Errors`;
//! * an `async fn` has a section `# Cancel safety`, or says in its own words what dropping its future does.
//!
//! What rustdoc does not show is left out: `#[doc(hidden)]`, and what is there under loom alone.

use std::fs;
use std::path::{Path, PathBuf};

/// Not for users of the library: the book's stages, and the parts that its measurements leave out.
const LEFT_OUT: &[&str] = &["stages/", "scheduler/parts.rs"];

/// Attributes of items that rustdoc does not show.
const NOT_SHOWN: &[&str] = &["doc(hidden)", "cfg(reference_runtime_loom)"];

/// Items that stand without an example, and why.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[];

#[test]
fn every_public_item_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut complaints = Vec::new();
    let mut items = 0;
    for path in sources(&root) {
        let below =
            path.strip_prefix(&root).expect("it was found there").to_string_lossy().replace('\\', "/");
        if LEFT_OUT.iter().any(|left_out| below.starts_with(left_out)) || below.contains("tests") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file is text");
        for item in public_items(&text) {
            items += 1;
            let lacks = item.lacks();
            if !lacks.is_empty() {
                complaints.push(format!(
                    "src/{below}:{}: `{}` has no {}",
                    item.line,
                    item.name,
                    lacks.join(", no ")
                ));
            }
        }
    }
    assert!(items > 200, "the sources are not where they were: {items} public items found");
    assert!(complaints.is_empty(), "{} items:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn what_is_missing_is_found() {
    let lacking = |text: &str| public_items(text).iter().flat_map(Item::lacks).collect::<Vec<_>>();
    assert_eq!(lacking("/// Adds.\npub fn add() {}\n"), ["example"]);
    assert_eq!(
        lacking("/// Adds.\n///\n/// ```\n/// add();\n/// ```\n#[inline]\npub fn add() {}\n"),
        [""; 0]
    );
    assert_eq!(
        lacking("/// ```\n/// ```\npub fn open(\n    path: &str,\n) -> io::Result<File> {\n"),
        ["# Errors"]
    );
    assert_eq!(lacking("/// ```\n/// ```\npub fn wait() -> (Guard, WaitTimeoutResult) {\n"), [""; 0]);
    assert_eq!(lacking("/// ```\n/// ```\npub fn wait() -> BarrierWaitResult<u8> {\n"), [""; 0]);
    assert_eq!(lacking("/// ```\n/// ```\npub fn poll() -> Poll<Result<u8, E>> {\n"), ["# Errors"]);
    // Hidden ones need nothing, and hide nothing but themselves.
    assert_eq!(lacking("#[doc(hidden)]\npub const fn slot() {}\n"), [""; 0]);
    assert_eq!(lacking("/// One.\n#[cfg(reference_runtime_loom)]\npub fn new() {}\n"), [""; 0]);
    assert_eq!(
        lacking("/// One.\n#[cfg(not(reference_runtime_loom))]\n#[inline]\npub fn new() {}\n"),
        ["example"]
    );
    assert_eq!(lacking("#[doc(hidden)]\npub fn slot() {}\n\n/// Adds.\npub fn add() {}\n"), ["example"]);
    assert_eq!(lacking("/// ```\n/// ```\n    pub async fn wait(&self) {\n"), ["# Cancel safety"]);
    assert_eq!(
        lacking(
            "/// ```\n/// ```\n/// # Errors\n/// # Cancel safety\npub async fn f() -> Result<(), E> {}\n"
        ),
        [""; 0]
    );
    assert_eq!(lacking("pub(crate) fn add() {}\nfn sub() {}\npub use self::x;\npub mod inner;\n"), [""; 0]);
    assert_eq!(lacking("pub struct Bare;\n"), ["comment", "example"]);
    assert_eq!(lacking("/// Not a comment of the next.\n\npub trait Bare {}\n"), ["comment", "example"]);
    // What stands in a private module, or in a macro for several types, counts as well: it is made public somewhere.
    assert_eq!(
        lacking("        /// ```\n        /// ```\n        pub fn f(&self) -> Result<(), ()> {}\n"),
        ["# Errors"]
    );
}

/// A public item of a source file.
struct Item {
    name: String,
    line: usize,
    /// Its comment.
    says: String,
    is_function: bool,
    is_async: bool,
    returns_result: bool,
}

impl Item {
    /// What ought to be in its comment and is not.
    fn lacks(&self) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        if self.says.is_empty() {
            lacks.push("comment");
        }
        if !self.says.contains("```") && !WITHOUT_EXAMPLE.iter().any(|(name, _)| *name == self.name) {
            lacks.push("example");
        }
        if self.is_function && self.returns_result && !self.says.contains("# Error") {
            lacks.push("# Errors");
        }
        if self.is_async && !self.says.contains("# Cancel safety") {
            lacks.push("# Cancel safety");
        }
        lacks
    }
}

fn public_items(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut items, mut says, mut attributes, mut in_attribute) =
        (Vec::new(), String::new(), String::new(), false);
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        if let Some(comment) = code.strip_prefix("///") {
            says.push_str(comment);
            says.push('\n');
            continue;
        }
        if code.starts_with("//") {
            // A remark, or a mark for the book, between the two.
            continue;
        }
        if in_attribute || code.starts_with("#[") {
            // One attribute may take several lines.
            in_attribute = !code.ends_with(']');
            attributes.push_str(code);
            continue;
        }
        let signature =
            || lines[index..].iter().take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>();
        if let Some(item) = public_item(code, index + 1, &says, signature) {
            if !NOT_SHOWN.iter().any(|attribute| attributes.contains(attribute)) {
                items.push(item);
            }
        }
        says.clear();
        attributes.clear();
    }
    items
}

/// The item that begins on this line, if one does.
fn public_item<'a>(
    code: &str,
    line: usize,
    says: &str,
    following: impl FnOnce() -> Vec<&'a str>,
) -> Option<Item> {
    let mut words = code
        .strip_prefix("pub ")?
        .split(|character: char| !(character.is_alphanumeric() || character == '_'));
    let mut is_async = false;
    let kind = loop {
        match words.next()? {
            "async" => is_async = true,
            "const" | "unsafe" => {}
            kind => break kind,
        }
    };
    let is_function = match kind {
        "fn" => true,
        "struct" | "enum" | "trait" | "union" => false,
        _ => return None,
    };
    let following = following().join(" ");
    let signature = following.split(['{', ';']).next().unwrap_or_default();
    let returns = signature.split("->").last().filter(|_| signature.contains("->")).unwrap_or_default();
    let returns_result = returns.split("where").next().is_some_and(is_result);
    let name = words.next()?.to_owned();
    Some(Item { name, line, says: says.to_owned(), is_function, is_async, returns_result })
}

/// Whether a type is a `Result`, or has one in it: not one whose name only ends so.
fn is_result(returned: &str) -> bool {
    returned.match_indices("Result<").any(|(start, _)| {
        !returned[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    }) || returned.contains("fmt::Result")
}

/// Every source file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the crate's sources can be read") {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
