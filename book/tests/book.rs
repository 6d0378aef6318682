//! The book builds, from its own sources and nothing else; and what mdBook only warns of is an error.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

/// The top of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

/// The book, built once for all tests, and not where a reader may have it open.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book");
        book::render(root(), Some(&folder)).unwrap_or_else(|error| panic!("{error:#}"))
    })
}

/// Every file below `folder` with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A book of one chapter, for what ours must not contain.
fn small_book(name: &str, settings: &str, chapter: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(root.join("text")).expect("the folder for temporary files can be written");
    for (file, text) in
        [("book.toml", settings), ("text/SUMMARY.md", "[One](one.md)"), ("text/one.md", chapter)]
    {
        fs::write(root.join(file), text).expect("the folder for temporary files can be written");
    }
    root
}

const SMALL: &str = "[book]\nsrc = \"text\"\n[build]\nbuild-dir = \"target/book\"\ncreate-missing = false\n";

#[test]
fn the_book_builds_without_a_warning() {
    assert!(built().join("index.html").is_file());
    assert!(built().join("introduction.html").is_file());
}

#[test]
fn a_small_book_builds() {
    let root = small_book("small", SMALL, "# One\n");
    let folder = book::render(&root, None).expect("nothing is wrong with it");
    assert_eq!(folder, root.join("target/book"));
}

#[test]
fn an_include_of_a_missing_file_is_an_error_that_names_it() {
    let root = small_book("missing-include", SMALL, "# One\n\n{{#include nowhere.rs}}\n");
    let error = format!("{:#}", book::render(&root, None).expect_err("mdBook alone would go on"));
    assert!(error.contains("nowhere.rs"), "{error}");
}

#[test]
fn a_chapter_that_nobody_wrote_is_an_error_that_names_it() {
    let root = small_book("missing-chapter", SMALL, "# One\n");
    fs::write(root.join("text/SUMMARY.md"), "[One](one.md)\n[Two](two.md)").expect("it was written before");
    let error = format!("{:#}", book::render(&root, None).expect_err("there is no second chapter"));
    assert!(error.contains("two.md"), "{error}");
}

#[test]
fn a_build_folder_among_the_sources_is_refused_before_it_is_emptied() {
    for folder in [".", "text", "text/built", "elsewhere", "target", "target/../text", ".."] {
        let settings = SMALL.replace("target/book", folder);
        let root = small_book("build-dir", &settings, "# One\n");
        let error = format!("{:#}", book::render(&root, None).expect_err("it would be emptied"));
        assert!(error.contains("empties"), "{folder}: {error}");
        assert!(root.join("text/one.md").is_file(), "{folder}: the sources are still there");
    }
}

#[test]
fn our_build_folder_is_below_target() {
    assert_eq!(book::build_dir(root()).expect("book.toml can be read"), root().join("target/book"));
}

#[test]
fn every_link_of_the_summary_has_its_file() {
    let source = root().join("book/src");
    let summary = read(source.join("SUMMARY.md"));
    let links: Vec<&str> =
        summary.split("](").skip(1).map(|rest| rest.split(')').next().expect("split yields one")).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(source.join(link).is_file(), "SUMMARY.md links to {link}, which is not there");
    }
}

#[test]
fn a_diagram_becomes_an_element_that_the_script_draws() {
    let page = read(built().join("introduction.html"));
    assert!(page.contains("<pre class=\"mermaid\">"), "the diagram is marked for drawing");
    assert!(!page.contains("language-mermaid"), "and is not a listing");
    assert!(page.contains("assets/diagrams"), "the page has the script that looks for diagrams");
    assert!(!page.contains("mermaid.min.js"), "and loads the large one only if it finds some");
    let script = read(built().join("mermaid.min.js"));
    assert!(script.contains("globalThis.mermaid"), "the large one is what it should be");
}

#[test]
fn every_diagram_has_a_title_and_a_description() {
    for file in files(&root().join("book/src"), "md") {
        for diagram in read(&file).split("```mermaid").skip(1) {
            let diagram = diagram.split("```").next().expect("split yields one");
            for part in ["accTitle:", "accDescr:"] {
                assert!(diagram.contains(part), "{}: a diagram without {part}", file.display());
            }
        }
    }
}

#[test]
fn no_page_asks_another_machine_for_anything() {
    let pages = files(built(), "html");
    assert!(pages.len() >= 3, "the introduction, the index and the page for printing");
    for page in pages {
        for tag in read(&page).split('<').skip(1) {
            // A link that a reader may follow is no request; everything else with an address is.
            let tag = tag.split('>').next().expect("split yields one");
            if tag.starts_with("a ") {
                continue;
            }
            for attribute in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
                assert!(!tag.contains(attribute), "{}: <{tag}>", page.display());
            }
        }
    }
    for style in files(built(), "css") {
        let text = read(&style).replace(['"', '\''], "");
        for address in ["url(http", "url(//", "@import http", "@import //"] {
            assert!(!text.contains(address), "{}: {address}", style.display());
        }
    }
}

/// The status line and the body that the server answers with.
fn ask(address: SocketAddr, request: &str) -> (String, String) {
    let mut connection = TcpStream::connect(address).expect("the server listens");
    connection.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("the server answers");
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}

#[test]
fn the_server_gives_the_pages_and_nothing_beside_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("served");
    fs::create_dir_all(folder.join("in ner")).expect("the folder for temporary files can be written");
    fs::write(folder.join("index.html"), "the index").expect("as above");
    fs::write(folder.join("in ner/index.html"), "the inner index").expect("as above");
    fs::write(folder.with_file_name("secret.txt"), "outside").expect("as above");
    let (listener, _) = book::bind(38_400).expect("one of twenty ports is free");
    let address = listener.local_addr().expect("it is bound");
    assert!(address.ip().is_loopback());
    thread::spawn(move || book::serve(&listener, &folder, &Arc::default()));

    let get = |target: &str| ask(address, &format!("GET {target} HTTP/1.1\r\nHost: here\r\n\r\n"));
    assert_eq!(get("/"), ("HTTP/1.1 200 OK".into(), "the index".into()));
    assert_eq!(get("/index.html?x#y").1, "the index");
    assert_eq!(get("/in%20ner/").1, "the inner index");
    for target in ["/none.html", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%", "/%zz", ""]
    {
        let (status, body) = get(target);
        assert!(!body.contains("outside"), "{target}");
        assert!(status.contains("404") || target.is_empty(), "{target}: {status}");
    }
    assert_eq!(ask(address, "HEAD / HTTP/1.1\r\n\r\n"), ("HTTP/1.1 200 OK".into(), String::new()));
    assert!(ask(address, "POST / HTTP/1.1\r\n\r\n").0.contains("405"));
}

#[test]
fn a_port_that_is_taken_is_reported_and_the_next_is_tried() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let port = holder.local_addr().expect("it is bound").port();
    let (listener, taken) = book::bind(port).expect("one of twenty ports is free");
    assert_eq!(taken.first(), Some(&port));
    assert_ne!(listener.local_addr().expect("it is bound").port(), port);
}

#[test]
fn a_page_that_is_served_asks_for_the_next_build_and_is_told_of_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("live");
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    fs::write(folder.join("index.html"), "<body>text</body>").expect("as above");
    let (listener, _) = book::bind(38_500).expect("one of twenty ports is free");
    let address = listener.local_addr().expect("it is bound");
    let builds = Arc::new(book::Builds::default());
    let told = builds.clone();
    thread::spawn(move || book::serve(&listener, &folder, &told));

    let get = move |target: &str| ask(address, &format!("GET {target} HTTP/1.1\r\nHost: here\r\n\r\n")).1;
    assert!(get("/").contains("'/-/built-after/0'"), "the page asks for a build after the one it is of");
    assert!(get("/").ends_with("</script>\n</body>"));
    let (sender, answers) = mpsc::channel();
    let waits = thread::spawn(move || sender.send(get("/-/built-after/0")));
    builds.note();
    assert_eq!(answers.recv().expect("the page is answered"), "1");
    waits.join().expect("it has answered").expect("its answer was received");
    assert!(get("/").contains("'/-/built-after/1'"));
}

#[test]
fn a_change_of_the_text_builds_the_book_anew() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watched");
    let page = root.join("book/src/one.md");
    fs::create_dir_all(page.parent().expect("it is in a folder")).expect("the folder can be written");
    fs::write(&page, "# One\n").expect("as above");
    let (sender, builds) = mpsc::channel();
    let watched = root.clone();
    thread::spawn(move || {
        book::watch(&watched, || {
            // Nobody listens once the test has seen what it wants to.
            let _ = sender.send(());
        })
    });
    // Whether the watch has begun cannot be seen, so the change is made until it is noticed.
    let is_noticed = (0..60).any(|_| {
        fs::write(&page, "# Two\n").expect("as above");
        builds.recv_timeout(Duration::from_secs(1)).is_ok()
    });
    assert!(is_noticed, "none of sixty changes was noticed");
}
