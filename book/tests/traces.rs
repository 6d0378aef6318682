//! The pictures of traces come from the traces that the players load, and the book is not built without them.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SETTINGS: &str =
    "[book]\nsrc = \"text\"\n[build]\nbuild-dir = \"target/book\"\ncreate-missing = false\n";

/// A poll that is long, beside one that is short, and the monitor that finds it.
const TRACE: &str = r#"{"otherData":{"format":"reference-runtime-trace","version":1,"dropped":0,"title":"a <test>"},
"traceEvents":[
{"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"worker 1"}},
{"name":"thread_name","ph":"M","pid":1,"tid":2,"args":{"name":"monitor"}},
{"name":"slow","cat":"poll","ph":"X","ts":1000.0,"dur":30000.0,"pid":1,"tid":1,"args":{"task":1,"result":"ready"}},
{"name":"short","cat":"poll","ph":"X","ts":40000.0,"dur":50.0,"pid":1,"tid":1,"args":{"task":2,"result":"pending"}},
{"name":"block","cat":"monitor","ph":"i","s":"t","ts":4000.0,"pid":1,"tid":2,
"args":{"thread":1,"task":1,"verdict":"blocked","lasts":3000}}
]}"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

/// A book of one page that shows the trace `t`, which is `trace`.
fn small_book(name: &str, page: &str, trace: Option<&str>) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traces").join(name);
    let _ = fs::remove_dir_all(&root);
    let traces = root.join("book/data/traces");
    for folder in [&root.join("text"), &traces] {
        fs::create_dir_all(folder).expect("the folder for temporary files can be written");
    }
    let files = [("book.toml", SETTINGS), ("text/SUMMARY.md", "[One](one.md)"), ("text/one.md", page)];
    for (file, text) in files {
        fs::write(root.join(file), text).expect("as above");
    }
    if let Some(trace) = trace {
        fs::write(traces.join("t.json"), trace).expect("as above");
    }
    root
}

fn page(root: &Path) -> String {
    let folder = book::render(root, None).unwrap_or_else(|error| panic!("{error:#}"));
    fs::read_to_string(folder.join("one.html")).expect("it was built")
}

/// Why the book is not built.
fn refusal(name: &str, page: &str, trace: Option<&str>) -> String {
    let error = book::render(&small_book(name, page, trace), None).expect_err("something is wrong with it");
    format!("{error:#}")
}

const PAGE: &str = "# One\n\n{{#trace t}}\n\nMore text.\n";

#[test]
fn a_player_has_a_picture_and_a_table_for_readers_without_scripts() {
    let root = small_book("shown", PAGE, Some(TRACE));
    let page = page(&root);
    assert!(page.contains("<trace-player src=\"traces/t.json\">"), "{page}");
    assert!(page.contains("A &lt;test&gt;"), "the title is text, and not a tag");
    for part in [">slow</text>", "url(#t-t-long)", "<td>ends a poll of slow after 30.0 ms: ready</td>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("<td>finds worker 1 blocked, for at least 3.00 ms</td>"), "{page}");
    assert!(page.contains("<p>More text.</p>"), "the text goes on behind it");
    let copied = fs::read_to_string(root.join("target/book/traces/t.json")).expect("the player loads it");
    assert_eq!(copied, TRACE);
    let script =
        fs::read_to_string(root.join("target/book/traces/t.js")).expect("a page opened as a file loads it");
    assert!(script.starts_with("(globalThis.traceFiles ??= {})[\"t.json\"] = \"{"), "{script}");
}

#[test]
fn a_changed_trace_changes_the_picture_and_the_table() {
    let before = page(&small_book("before", PAGE, Some(TRACE)));
    let after = page(&small_book("after", PAGE, Some(&TRACE.replace("\"dur\":30000.0", "\"dur\":20000.0"))));
    let picture = |page: &str| {
        let (_, rest) = page.split_once("<svg class=\"trace-picture\"").expect("there is one");
        rest.split_once("</figure>").expect("it ends").0.to_owned()
    };
    assert_ne!(picture(&before), picture(&after));
    assert!(!before.contains("after 20.0 ms") && after.contains("after 20.0 ms"));
}

#[test]
fn a_poll_that_is_not_long_is_drawn_as_a_short_one() {
    let trace = TRACE
        .replace("\"dur\":30000.0", "\"dur\":9000.0")
        .replace("\"verdict\":\"blocked\"", "\"verdict\":\"computing\"");
    let page = page(&small_book("short", PAGE, Some(&trace)));
    assert!(!page.contains("trace-bar-long") && page.contains("trace-bar-poll"), "{page}");
}

#[test]
fn several_traces_share_one_player_and_one_scale() {
    let page = page(&small_book("several", "# One\n\n{{#trace t t}}\n", Some(TRACE)));
    assert!(page.contains("<trace-player src=\"traces/t.json traces/t.json\">"), "{page}");
    assert_eq!(page.matches("<svg class=\"trace-picture\"").count(), 2);
}

#[test]
fn a_missing_trace_is_an_error_that_names_it() {
    let error = refusal("missing", PAGE, None);
    assert!(error.contains("t.json") && error.contains("One"), "{error}");
}

#[test]
fn a_trace_that_would_show_something_wrong_is_refused() {
    let cases = [
        ("json", TRACE.replace("]}", "]"), "not JSON"),
        ("foreign", TRACE.replace("reference-runtime-trace", "another"), "not a trace of this runtime"),
        ("newer", TRACE.replace("\"version\":1", "\"version\":2"), "version 2"),
        ("dropped", TRACE.replace("\"dropped\":0", "\"dropped\":7"), "dropped 7 events"),
        ("timeless", TRACE.replace("\"ts\":1000.0,", ""), "no number ts"),
    ];
    for (name, trace, reason) in cases {
        let error = refusal(name, PAGE, Some(&trace));
        assert!(error.contains(reason), "{name}: {error}");
    }
    let error = refusal("inline", "# One\n\nSee {{#trace t}}.\n", Some(TRACE));
    assert!(error.contains("a line of its own"), "{error}");
}

#[test]
fn each_trace_that_is_kept_is_shown() {
    let text: String = fs::read_dir(root().join("book/src"))
        .expect("the folder exists")
        .map(|entry| entry.expect("a folder that was opened can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| fs::read_to_string(path).expect("the text is UTF-8"))
        .collect();
    let lines = text.lines().filter_map(|line| line.strip_prefix("{{#trace ")?.strip_suffix("}}"));
    let shown: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let mut kept = 0;
    for entry in fs::read_dir(root().join("book/data/traces")).expect("the folder exists") {
        let path = entry.expect("a folder that was opened can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("our names are UTF-8");
        assert!(shown.contains(&name), "{} is shown nowhere", path.display());
        kept += 1;
    }
    assert!(kept >= 4, "one for each stage from 4 on");
}
