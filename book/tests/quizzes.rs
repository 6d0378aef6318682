//! A quiz in the text becomes a question that a reader can answer, and one that asks nothing sensible stops the build.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SETTINGS: &str =
    "[book]\nsrc = \"text\"\n[build]\nbuild-dir = \"target/book\"\ncreate-missing = false\n";

const QUIZ: &str = "```quiz\nIs *this* a question?\n\n- [ ] no, see `that`\n  It is\n  one.\n- [x] yes\n  As you see in [one](one.md#one).\n```\n";

/// A book of one page. Two programs have left an output.
fn small_book(name: &str, page: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quizzes").join(name);
    let _ = fs::remove_dir_all(&root);
    for (file, text) in [
        ("book.toml", SETTINGS),
        ("text/SUMMARY.md", "[One](one.md)"),
        ("text/one.md", page),
        ("book/listings/output/counts.txt", "polls:   2\n"),
        ("book/data/demo.txt", "$ cargo run\nfirst\nsecond: late\n"),
    ] {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be written");
        fs::write(path, text).expect("as above");
    }
    root
}

fn page(name: &str, text: &str) -> String {
    let folder = book::render(&small_book(name, text), None).unwrap_or_else(|error| panic!("{error:#}"));
    fs::read_to_string(folder.join("one.html")).expect("it was built")
}

/// Why the book is not built.
fn refusal(name: &str, text: &str) -> String {
    let error = book::render(&small_book(name, text), None).expect_err("something is wrong with it");
    format!("{error:#}")
}

#[test]
fn a_quiz_has_a_button_and_an_explanation_for_each_option() {
    let page = page("whole", &format!("# One\n\n{QUIZ}\nMore text.\n\n{QUIZ}"));
    assert_eq!(page.matches("<form class=\"quiz\"").count(), 2);
    assert_eq!(page.matches("type=\"radio\"").count(), 4);
    assert_eq!(page.matches("class=\"why right\"").count(), 2);
    assert_eq!(page.matches("class=\"why wrong\"").count(), 2);
    assert_eq!(page.matches("type=\"reset\"").count(), 2);
    assert!(page.contains("1. Is <em>this</em> a question?"), "{page}");
    assert!(page.contains("2. Is <em>this</em> a question?"), "the questions of a page are counted");
    assert!(page.contains("no, see <code>that</code></label>"), "options are Markdown");
    assert!(page.contains("It is one.</p>"), "an explanation goes over several lines");
    assert!(page.contains("href=\"one.html#one\""), "a link leads to a page");
    assert!(!page.contains("```"), "nothing of the fence is left");
    let mut ids: Vec<&str> =
        page.split("<input ").skip(1).map(|rest| rest.split("id=\"").nth(1).expect("it has one")).collect();
    ids.iter_mut().for_each(|id| *id = id.split('"').next().expect("split yields one"));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no two inputs share an id: {ids:?}");
}

#[test]
fn what_is_wrong_with_a_quiz_is_said_with_its_file_and_line() {
    let faults = [
        ("asks-nothing", QUIZ.replace("Is *this* a question?", ""), "asks nothing"),
        ("two-right", QUIZ.replace("[ ]", "[x]"), "2 options are right"),
        ("none-right", QUIZ.replace("[x]", "[ ]"), "0 options are right"),
        ("unexplained", QUIZ.replace("  It is\n  one.\n", ""), "is not explained"),
        (
            "one-option",
            QUIZ.split("- [x]").next().expect("split yields one").to_owned() + "```\n",
            "1 options",
        ),
        ("not-indented", QUIZ.replace("  one.", "one."), "neither an option nor indented"),
        ("no-end", QUIZ.trim_end().trim_end_matches('`').to_owned(), "no end"),
        ("unknown-word", QUIZ.replace("```quiz\n", "```quiz hard=yes\n"), "says nothing to a quiz"),
    ];
    for (name, quiz, words) in faults {
        let error = refusal(name, &format!("# One\n\n{quiz}"));
        assert!(error.contains(words), "{name}: {error}");
        assert!(error.contains("one.md") && error.contains("line 3"), "{name}: {error}");
    }
}

#[test]
fn the_right_option_quotes_what_the_program_has_printed() {
    let quiz = |program: &str, wrong: &str, right: &str| {
        format!("```quiz prints={program}\nWhat?\n\n- [ ] `{wrong}`\n  No.\n- [x] `{right}`\n  Yes.\n```\n")
    };
    page("prints", &quiz("counts", "polls: 3", "polls: 2"));
    page("prints-data", &quiz("demo", "second: early", "second: late"));
    let error = refusal("prints-other", &quiz("counts", "polls: 1", "polls: 3"));
    assert!(error.contains("`polls: 3` is the right option, and counts prints"), "{error}");
    let error = refusal("prints-both", &quiz("demo", "first", "second"));
    assert!(error.contains("`first` is a wrong option"), "{error}");
    let error = refusal("prints-nothing", &quiz("unheard-of", "a", "b"));
    assert!(error.contains("no output of `unheard-of`"), "{error}");
}
