//! Figures come from the data, and a fence that something is wrong with is an error that says where.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SETTINGS: &str =
    "[book]\nsrc = \"text\"\n[build]\nbuild-dir = \"target/book\"\ncreate-missing = false\n";

const BARS: &str = r#"{"title": "How <late>?", "command": "cargo book measure t", "machine": "(2 CPUs, commit abc)",
"unit": "µs", "x": "", "series": [
{"name": "one", "points": [{"label": "a thread for each", "samples": [1, 2, 30]}, {"label": "one thread", "samples": [4]}]},
{"name": "two", "unit": "bytes", "points": [{"label": "a thread for each", "samples": [64]}]}]}"#;

const LINES: &str = r#"{"title": "Cost", "command": "cargo book measure t", "machine": "(2 CPUs, commit abc)",
"unit": "µs", "x": "work, µs", "series": [
{"name": "moved", "points": [{"x": 1, "samples": [40, 42, 44]}, {"x": 100, "samples": [140]}]},
{"name": "twice the work", "model": true, "points": [{"x": 1, "samples": [2]}, {"x": 100, "samples": [200]}]}]}"#;

const LANES: &str = r#"{"title": "Two reads", "command": "cargo book measure t", "machine": "(2 CPUs, commit abc)",
"unit": "ms", "lanes": [
{"name": "left", "group": "join!", "spans": [{"from": 0, "to": 100, "what": "read"}]},
{"name": "ticks", "group": "join!", "spans": [{"from": 10, "to": 10, "what": "tick"}]}]}"#;

const FENCE: &str = "```figure\ndata = \"t.json\"\nkind = \"bars\"\nalt = \"One thread is later.\"\n\
                     caption = \"How late `sleep` is.\"\n```";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

/// A book of one page that shows `t.json`, which is `data`.
fn small_book(name: &str, page: &str, data: Option<&str>) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures").join(name);
    let _ = fs::remove_dir_all(&root);
    let folder = root.join("book/data");
    for folder in [&root.join("text"), &folder] {
        fs::create_dir_all(folder).expect("the folder for temporary files can be written");
    }
    let files = [("book.toml", SETTINGS), ("text/SUMMARY.md", "[One](one.md)"), ("text/one.md", page)];
    for (file, text) in files {
        fs::write(root.join(file), text).expect("as above");
    }
    if let Some(data) = data {
        fs::write(folder.join("t.json"), data).expect("as above");
    }
    root
}

fn shown(name: &str, fence: &str, data: &str) -> String {
    let root = small_book(name, &format!("# One\n\n{fence}\n\nMore text.\n"), Some(data));
    let folder = book::render(&root, None).unwrap_or_else(|error| panic!("{error:#}"));
    fs::read_to_string(folder.join("one.html")).expect("it was built")
}

#[track_caller]
fn assert_has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_figure_has_a_picture_a_caption_and_a_table() {
    let page = shown("shown", FENCE, BARS);
    assert_has(
        &page,
        &[
            "role=\"img\"",
            "aria-labelledby=\"figure-t-title figure-t-desc\"",
            "<title id=\"figure-t-title\">How &lt;late&gt;?</title>",
            "One thread is later.</desc>",
            "How late <code>sleep</code> is.",
            "<code>cargo book measure t</code>",
            "(2 CPUs, commit abc)",
            "<td>a thread for each</td><td>2 µs</td><td>1 to 30</td><td>3</td>",
            "<td>64 bytes</td>",
            "<p>More text.</p>",
        ],
    );
    assert!(!page.contains("language-figure"), "no listing is left: {page}");
    assert_eq!(page.matches("class=\"figure-bar\"").count(), 3);
    // Of the three only one has several samples.
    assert_eq!(page.matches("<line class=\"figure-whisker\"").count(), 1);
}

#[test]
fn changed_data_changes_the_picture_and_the_table() {
    let (before, after) = (shown("before", FENCE, BARS), shown("after", FENCE, &BARS.replace("[4]", "[8]")));
    let picture = |page: &str| {
        let (_, rest) = page.split_once("<svg class=\"figure-picture\"").expect("there is one");
        rest.split_once("</figure>").expect("it ends").0.to_owned()
    };
    assert_ne!(picture(&before), picture(&after));
    assert!(before.contains("<td>4 µs</td>") && after.contains("<td>8 µs</td>"));
}

#[test]
fn series_can_be_chosen() {
    let page = shown("chosen", &FENCE.replace("kind", "series = [\"two\"]\nkind"), BARS);
    assert!(page.contains("64 bytes") && !page.contains("<td>one</td>"), "{page}");
}

#[test]
fn lines_have_marks_and_a_place_where_they_cross() {
    let fence = FENCE.replace("\"bars\"", "\"lines\"\nlog = \"xy\"\ncross = [\"moved\", \"twice the work\"]");
    let page = shown("lines", &fence, LINES);
    assert_has(&page, &["figure-mark figure-of-0", "figure-model", "figure-ring", "<td>computed</td>"]);
    assert!(page.contains("figure-line figure-of-0"), "{page}");
    let apart = shown("apart-marks", &fence.replace("log =", "joined = false\nlog ="), LINES);
    assert!(apart.contains("figure-mark figure-of-0") && !apart.contains("figure-line"), "{apart}");
}

#[test]
fn lanes_have_their_spans_and_moments() {
    let page = shown("lanes", &FENCE.replace("\"bars\"", "\"lanes\""), LANES);
    assert_has(&page, &["class=\"figure-span\"", ">read</text>", "figure-moment", "<td>join! left</td>"]);
}

#[test]
fn two_figures_of_the_same_data_have_ids_of_their_own() {
    let page = shown("twice", &format!("{FENCE}\n\n{FENCE}"), BARS);
    assert_has(&page, &["id=\"figure-t\"", "id=\"figure-t-2\"", "id=\"figure-t-2-desc\""]);
}

#[test]
fn what_is_wrong_with_a_fence_is_an_error_with_its_file_and_line() {
    let lines = |key: &str| FENCE.replace("\"bars\"", &format!("\"lines\"{key}"));
    let cases = [
        ("gone", FENCE.to_owned(), None, ":3:", "no data book/data/t.json"),
        (
            "outside",
            FENCE.replace("t.json", "../t.json"),
            Some(BARS),
            ":3:",
            "does not name a file of book/data",
        ),
        (
            "no-alt",
            FENCE.replace("alt = \"One thread is later.\"\n", ""),
            Some(BARS),
            ":4:",
            "missing field `alt`",
        ),
        ("empty-alt", FENCE.replace("One thread is later.", " "), Some(BARS), ":3:", "`alt` is empty"),
        ("no-caption", FENCE.replace("How late `sleep` is.", ""), Some(BARS), ":3:", "`caption` is empty"),
        ("no-kind", FENCE.replace("\"bars\"", "\"pie\""), Some(BARS), ":5:", "unknown variant `pie`"),
        ("toml", FENCE.replace("\"bars\"", "bars\""), Some(BARS), ":5:", ""),
        ("key", FENCE.replace("alt =", "color = \"red\"\nalt ="), Some(BARS), ":6:", "unknown field `color`"),
        ("series", FENCE.replace("alt =", "series = [\"six\"]\nalt ="), Some(BARS), ":3:", "no series `six`"),
        ("json", FENCE.to_owned(), Some("{"), ":3:", "book/data/t.json cannot be drawn"),
        ("unfit", FENCE.to_owned(), Some(LANES), ":3:", "the kind does not fit"),
        ("no-lanes", FENCE.replace("\"bars\"", "\"lanes\""), Some(BARS), ":3:", "the kind does not fit"),
        ("no-x", lines(""), Some(BARS), ":3:", "several units"),
        ("log-0", lines("\nlog = \"y\""), Some(&LINES.replace("[40, 42", "[0, 42")), ":3:", "logarithmic"),
        ("cross", lines("\ncross = [\"moved\", \"six\"]"), Some(LINES), ":3:", "`six`"),
        ("apart", lines("\ncross = [\"moved\", \"moved\"]"), Some(LINES), ":3:", "do not cross"),
        ("endless", FENCE.trim_end_matches('`').to_owned(), Some(BARS), ":3:", "has no end"),
        ("indented", "- ```figure\n  ```".to_owned(), Some(BARS), ":3:", "first column"),
    ];
    for (name, fence, data, line, reason) in cases {
        let root = small_book(name, &format!("# One\n\n{fence}\n"), data.map(|data| data as &str));
        let error = format!("{:#}", book::render(&root, None).expect_err(name));
        assert!(error.contains(&format!("text/one.md{line}")), "{name}: {error}");
        assert!(error.contains(reason), "{name}: {error}");
    }
}

#[test]
fn each_figure_can_be_drawn_alone() {
    let root = small_book("alone", "# One\n", Some(BARS));
    fs::create_dir_all(root.join("book/src")).expect("the folder for temporary files can be written");
    fs::write(root.join("book/src/one.md"), FENCE).expect("as above");
    book::figures(&root).unwrap_or_else(|error| panic!("{error:#}"));
    let svg = fs::read_to_string(root.join("target/figures/figure-t.svg")).expect("it was drawn");
    assert_has(&svg, &["xmlns=\"http://www.w3.org/2000/svg\"", "<style>", "</svg>"]);
    fs::write(root.join("book/src/one.md"), FENCE.replace("\"bars\"", "\"pie\"")).expect("as above");
    let error = format!("{:#}", book::figures(&root).expect_err("there is no such kind"));
    assert!(error.contains("book/src/one.md:3:"), "{error}");
}

/// That each figure can be drawn is shown when the book is built.
#[test]
fn each_data_file_is_shown_by_a_figure() {
    let text: String = fs::read_dir(root().join("book/src"))
        .expect("the folder exists")
        .map(|entry| entry.expect("a folder that was opened can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| fs::read_to_string(path).expect("the text is UTF-8"))
        .collect();
    for entry in fs::read_dir(root().join("book/data")).expect("the folder exists") {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let name = path.file_name().and_then(|name| name.to_str()).expect("our names are UTF-8");
            assert!(text.contains(&format!("\ndata = \"{name}\"\n")), "{name} is shown by no figure");
        }
    }
}

#[test]
fn each_chapter_measures_something_that_it_shows() {
    for number in [1, 2, 3, 4, 5, 6, 7, 8, 11] {
        let chapter = fs::read_dir(root().join("book/src"))
            .expect("the folder exists")
            .map(|entry| entry.expect("a folder that was opened can be read").path())
            .find(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&format!("ch{number:02}-")))
            })
            .unwrap_or_else(|| panic!("there is no chapter {number}"));
        let text = fs::read_to_string(&chapter).expect("the text is UTF-8");
        let (_, rest) = text.split_once("\n## Measure\n").expect("each chapter has this section");
        let section = rest.split("\n## ").next().expect("split yields one");
        assert!(section.contains("\n```figure\n"), "{} has no figure", chapter.display());
    }
}

/// The names are those of `cargo book measure`, so that no figure is left whose data cannot be made anew.
#[test]
fn each_data_file_says_a_command_that_makes_it() {
    let known = book::measurements();
    for entry in fs::read_dir(root().join("book/data")).expect("the folder exists") {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("our names are UTF-8");
        let text = fs::read_to_string(&path).expect("the data is UTF-8");
        assert!(text.contains(&format!("cargo book measure {name}\"")), "{name}");
        assert!(known.contains(&format!("{name}.json")), "`cargo book measure` does not make {name}.json");
    }
}
