//! A reader who follows only the text of chapters 1 to 3 types working code.
//!
//! These tests are that reader. They take the text of a chapter, type each listing into the file that is named above
//! it, and run each command. What a program prints must be what the book shows, but for the times it took. The outputs
//! are files in `book/listings/output`, and `BLESS=1 cargo test -p book --test listings` writes them anew.
//!
//! What the reader has in the end is the package `tiny` in `book/listings`. So the listings are formatted, linted and
//! tested as any code, and the book takes them from there.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The chapters whose listings make one project, in order.
const CHAPTERS: &[&str] = &["ch01-block-on.md", "ch02-wakers.md", "ch03-tasks.md"];

/// Files of the package that nobody types, each with its reason.
const NOT_TYPED: &[(&str, &str)] = &[
    ("examples/flagged.rs", "is shown in part, for its fault"),
    ("examples/measure.rs", "makes the figures"),
    ("examples/quiz_detached.rs", "asks what it prints"),
    ("examples/quiz_two_wakers.rs", "asks what it prints"),
    ("examples/quiz_wakes.rs", "asks what it prints"),
    ("tests/waker_by_hand.rs", "is shown in an appendix"),
];

/// What a reader does.
#[derive(Debug, Clone)]
enum Step {
    /// Types a listing into a file.
    Type { file: String, place: Place, text: String },
    /// Runs a program of the project, and reads its output.
    Example { name: String, output: String },
    /// Runs a program of this repository that is not typed; a quiz may ask what it prints.
    OfThePackage { name: String, output: String },
    /// Runs the tests of one file.
    Test { name: String },
}

/// Where a listing goes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    New,
    AtTheEnd,
    InPlaceOfAll,
}

fn book() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a chapter has its reader do. A listing that only is to be read names a file of the repository, and is left out.
fn steps(chapter: &str) -> Vec<Step> {
    let text = read(book().join("src").join(chapter));
    let mut lines = text.lines().map(str::trim_end);
    let (mut steps, mut label) = (Vec::new(), None);
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match language {
                "rust" => {
                    let label: String =
                        label.take().unwrap_or_else(|| panic!("{chapter}: no file above {body:?}"));
                    steps.extend(listing(chapter, &label, &body));
                }
                "console" => steps.extend(body_of_console(chapter, &body)),
                _ if language.starts_with("quiz prints=") => {
                    let name = language.replace("quiz prints=", "");
                    let output = format!("listings/output/{name}.txt");
                    steps.push(Step::OfThePackage { name, output });
                }
                _ => {}
            }
        } else if !line.is_empty() {
            label = Some(line.to_owned());
        }
    }
    steps
}

/// The step of a listing below a line such as "File `src/bell.rs`, new:".
fn listing(chapter: &str, label: &str, body: &[&str]) -> Option<Step> {
    let [include] = body else { panic!("{chapter}: a listing that is no include: {body:?}") };
    let text =
        included(include).unwrap_or_else(|| panic!("{chapter}: a listing that is no include: {include}"));
    let parts = label.strip_prefix("File `").and_then(|rest| rest.split_once('`'));
    let Some((file, place)) = parts else {
        panic!("{chapter}: above a listing stands its file, and not {label:?}")
    };
    let place = match place {
        ", new:" => Place::New,
        ", at the end:" => Place::AtTheEnd,
        ", in place of what is there:" => Place::InPlaceOfAll,
        ", to read:" => {
            let path = book().parent().expect("the book lies in the repository").join(file);
            assert!(path.is_file(), "{chapter}: there is no {file}");
            return None;
        }
        _ => panic!("{chapter}: where does {label:?} want its listing to go?"),
    };
    Some(Step::Type { file: file.to_owned(), place, text })
}

/// The text behind `{{#include path:anchor}}`, without the lines that mark anchors.
fn included(line: &str) -> Option<String> {
    let target = line.strip_prefix("{{#include ")?.strip_suffix("}}")?;
    let (path, anchor) = target.split_once(':').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let text = read(book().join("src").join(path));
    let Some(anchor) = anchor else {
        assert!(!text.contains("ANCHOR"), "{path} has anchors: include one of them");
        return Some(text);
    };
    let (begin, end) = (format!("// ANCHOR: {anchor}"), format!("// ANCHOR_END: {anchor}"));
    let lines = text.lines().skip_while(|line| line.trim() != begin).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| line.trim() != end).collect();
    assert!(!lines.is_empty(), "{path} has no anchor {anchor}, or nothing in it");
    assert!(text.lines().any(|line| line.trim() == end), "{path}: the anchor {anchor} has no end");
    Some(lines.iter().filter(|line| !line.contains("// ANCHOR")).map(|line| format!("{line}\n")).collect())
}

/// The steps of a console fence: one command, and below it the output that the book shows.
fn body_of_console(chapter: &str, body: &[&str]) -> Option<Step> {
    let command = body.first().and_then(|line| line.strip_prefix("$ "));
    let command = command.unwrap_or_else(|| panic!("{chapter}: no command in {body:?}"));
    match command.split(' ').collect::<Vec<_>>()[..] {
        ["cargo", "run", "--example", name] => {
            let expected = format!("{{{{#include ../listings/output/{name}.txt}}}}");
            assert_eq!(body[1..], [expected], "{chapter}: `{command}` shows what was printed");
            Some(Step::Example { name: name.to_owned(), output: format!("listings/output/{name}.txt") })
        }
        ["cargo", "test", "--test", name] => Some(Step::Test { name: name.to_owned() }),
        // In the repository, where the program is there already.
        ["cargo", "run", "-p", "tiny", "--example", name] => {
            let shown = format!("{{{{#include ../listings/output/{name}.txt}}}}");
            assert_eq!(body[1..], [shown], "{chapter}: `{command}` shows what was printed");
            let file = format!("examples/{name}.rs");
            assert!(book().join("listings").join(&file).is_file(), "{chapter}: {command}");
            let is_typed = NOT_TYPED.iter().all(|(not_typed, _)| *not_typed != file);
            let output = format!("listings/output/{name}.txt");
            (!is_typed).then(|| Step::OfThePackage { name: name.to_owned(), output })
        }
        // How the project begins, and what measures and grades.
        ["cargo", "new", "--lib", "tiny"]
        | ["cargo", "test", "-p", _]
        | ["cargo", "book", "measure", _]
        | ["cargo", "run", "--release", ..] => None,
        _ => panic!("{chapter}: what does `{command}` do to the reader's project?"),
    }
}

/// The project of a reader, with what has been typed so far.
struct Project {
    folder: PathBuf,
    files: BTreeMap<String, String>,
}

impl Project {
    /// As `cargo new --lib tiny` leaves it.
    fn new(name: &str) -> Project {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("listings").join(name);
        let _ = fs::remove_dir_all(&folder);
        Project { folder, files: BTreeMap::from([("src/lib.rs".to_owned(), "// of cargo new\n".to_owned())]) }
    }

    fn type_in(&mut self, file: &str, place: Place, text: &str) {
        let known = self.files.get(file);
        let text = match (place, known) {
            (Place::New, None) | (Place::InPlaceOfAll, Some(_)) => text.to_owned(),
            (Place::AtTheEnd, Some(before)) => format!("{before}\n{text}"),
            (Place::New, Some(_)) => panic!("{file} is there already"),
            (_, None) => panic!("{file} is not there yet"),
        };
        self.files.insert(file.to_owned(), text);
    }

    /// Compiles the library and one program as cargo would, and runs it; gives what it printed.
    fn run(&self, kind: &str, name: &str) -> (String, bool) {
        for (file, text) in &self.files {
            let path = self.folder.join(file);
            fs::create_dir_all(path.parent().expect("a file is in a folder"))
                .expect("the folder can be made");
            fs::write(path, text).expect("the folder for temporary files can be written");
        }
        self.rustc(&["--crate-type", "lib", "--crate-name", "tiny", "src/lib.rs"]);
        let (file, program) = (format!("{kind}/{name}.rs"), self.folder.join(format!("{name}-{kind}")));
        let output = program.to_str().expect("a path of ours is UTF-8");
        let mut arguments = vec!["--extern", "tiny=libtiny.rlib", "-o", output, &file];
        if kind == "tests" {
            arguments.push("--test");
        }
        self.rustc(&arguments);
        let output =
            Command::new(&program).stdin(Stdio::null()).output().expect("it was compiled for this machine");
        let error = String::from_utf8_lossy(&output.stderr);
        (String::from_utf8_lossy(&output.stdout).into_owned() + &error, output.status.success())
    }

    /// Runs a program; says what is wrong if it prints something else than the book shows.
    fn prints(&self, name: &str, output: &str) -> Option<String> {
        let (printed, _) = self.run("examples", name);
        let file = book().join(output);
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &printed).expect("the sources can be written");
        }
        let shown = fs::read_to_string(&file).unwrap_or_default();
        let is_same = normalised(&printed) == normalised(&shown);
        (!is_same).then(|| format!("{name} printed:\n{printed}and {output} says:\n{shown}"))
    }

    fn rustc(&self, arguments: &[&str]) {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.current_dir(&self.folder).args(["--edition", "2024", "-D", "warnings"]).args(arguments);
        let output = command.output().expect("rustc compiled this test");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The output without what differs from run to run: how long, and how many thousand times.
fn normalised(output: &str) -> String {
    let mut normal = String::new();
    let mut rest = output;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let length = rest[at..].find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len() - at);
        let (number, after) = rest[at..].split_at(length);
        let is_time = [" ms", " µs", " ns"].iter().any(|unit| after.starts_with(unit));
        let varies = is_time || (length > 4 && after.starts_with(" times"));
        normal += &rest[..at];
        normal += if varies { "#" } else { number };
        rest = after;
    }
    normal + rest
}

/// Follows the chapters up to this one, and runs what it says to run.
fn follow(chapter: &str) {
    let mut project = Project::new(chapter.trim_end_matches(".md"));
    let mut broken = Vec::new();
    for followed in CHAPTERS {
        let runs = *followed == chapter;
        for step in steps(followed) {
            match step {
                Step::Type { file, place, text } => project.type_in(&file, place, &text),
                _ if !runs => {}
                Step::Example { name, output } => broken.extend(project.prints(&name, &output)),
                Step::OfThePackage { name, output } => {
                    let file = format!("examples/{name}.rs");
                    project.files.insert(file.clone(), read(book().join("listings").join(&file)));
                    broken.extend(project.prints(&name, &output));
                    project.files.remove(&file);
                }
                Step::Test { name } => {
                    let (printed, passed) = project.run("tests", &name);
                    assert!(passed, "{chapter}: the tests of {name} fail for the reader:\n{printed}");
                }
            }
        }
        if runs {
            break;
        }
    }
    assert!(broken.is_empty(), "{chapter}, to be run with BLESS=1 if that is right:\n{}", broken.join("\n"));
}

#[test]
fn chapter_1_can_be_typed_and_run() {
    follow(CHAPTERS[0]);
}

#[test]
fn chapter_2_can_be_typed_and_run() {
    follow(CHAPTERS[1]);
}

#[test]
fn chapter_3_can_be_typed_and_run() {
    follow(CHAPTERS[2]);
}

/// So that what is formatted, linted and tested is what the reader has.
#[test]
fn the_reader_ends_with_the_package_of_this_repository() {
    let mut project = Project::new("whole");
    for chapter in CHAPTERS {
        for step in steps(chapter) {
            if let Step::Type { file, place, text } = step {
                project.type_in(&file, place, &text);
            }
        }
    }
    let package = book().join("listings");
    let mut there = BTreeMap::new();
    for folder in ["src", "examples", "tests"] {
        for entry in fs::read_dir(package.join(folder)).expect("the package has this folder") {
            let name = entry.expect("a folder that was opened can be read").file_name();
            let file = format!("{folder}/{}", name.to_str().expect("our names are UTF-8"));
            if NOT_TYPED.iter().all(|(not_typed, _)| *not_typed != file) {
                let text = read(package.join(&file));
                let lines = text.lines().filter(|line| !line.contains("// ANCHOR"));
                there.insert(file, lines.map(|line| format!("{line}\n")).collect::<String>());
            }
        }
    }
    assert_eq!(project.files.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (file, text) in there {
        assert_eq!(project.files[&file], text, "{file}");
    }
}

#[test]
fn only_what_differs_from_run_to_run_is_left_out_of_a_comparison() {
    let cases = [
        ("ready after 201 ms, polled 3903258 times", "ready after # ms, polled # times"),
        ("gave up after 1 s, polled 1001 times", "gave up after 1 s, polled 1001 times"),
        ("500500 polls, 3 left", "500500 polls, 3 left"),
    ];
    for (output, expected) in cases {
        assert_eq!(normalised(output), expected);
    }
}
