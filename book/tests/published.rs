//! The book as it lies on the web: below a path, with the addresses that search engines and other sites ask for.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

const URL: &str = "https://books.example/below/a-path/";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool's package lies in the repository")
}

/// The book, built once for that place.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
        book::render_for(root(), Some(&folder), Some(URL)).unwrap_or_else(|error| panic!("{error:#}"))
    })
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages that the summary names.
fn pages() -> Vec<String> {
    let summary = read(root().join("book/src/SUMMARY.md"));
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split(".md)").next());
    links.map(|link| format!("{link}.html")).collect()
}

/// The content of a tag of the head.
fn tag<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!("\"{name}\" content=\""))?;
    Some(rest.split_once('"')?.0)
}

#[test]
fn every_page_is_in_the_list_of_pages_and_the_list_is_found() {
    let sitemap = read(built().join("sitemap.xml"));
    let listed: Vec<&str> = sitemap
        .split("<loc>")
        .skip(1)
        .map(|rest| rest.split("</loc>").next().expect("split yields one"))
        .collect();
    let mut expected: Vec<String> = pages().iter().map(|page| format!("{URL}{page}")).collect();
    URL.clone_into(&mut expected[0]);
    assert_eq!(listed, expected);
    assert!(read(built().join("robots.txt")).contains(&format!("Sitemap: {URL}sitemap.xml")));
}

#[test]
fn every_page_has_an_address_a_card_and_a_description_of_its_own() {
    let mut descriptions = Vec::new();
    for page in pages() {
        let html = read(built().join(&page));
        let description = tag(&html, "description").unwrap_or_else(|| panic!("{page}: no description"));
        assert!((40..=210).contains(&description.chars().count()), "{page}: {description}");
        assert!(!description.contains("](") && !description.contains('`'), "{page}: {description}");
        assert_eq!(tag(&html, "og:description"), Some(description), "{page}");
        assert_eq!(tag(&html, "og:image"), Some(&*format!("{URL}card.png")), "{page}");
        let address = tag(&html, "og:url").unwrap_or_else(|| panic!("{page}: no address"));
        assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{address}\">")), "{page}");
        assert!(tag(&html, "og:title").is_some_and(|title| !title.is_empty()), "{page}");
        descriptions.push(description.to_owned());
    }
    let count = descriptions.len();
    descriptions.sort();
    descriptions.dedup();
    assert_eq!(descriptions.len(), count, "no two pages are described alike");
    assert_eq!(read(built().join("index.html")).matches("rel=\"canonical\"").count(), 1);
}

#[test]
fn the_card_is_a_picture_of_the_size_that_is_said() {
    let card = fs::read(built().join("card.png")).expect("it lies among the sources");
    assert_eq!(&card[1..4], b"PNG");
    let number = |at: usize| u32::from_be_bytes(card[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((number(16), number(20)), (1200, 630));
    let html = read(built().join("introduction.html"));
    assert_eq!((tag(&html, "og:image:width"), tag(&html, "og:image:height")), (Some("1200"), Some("630")));
}

#[test]
fn no_link_leads_to_the_top_of_the_host() {
    for entry in fs::read_dir(built()).expect("it was built") {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.extension().is_none_or(|ending| ending != "html") {
            continue;
        }
        let html = read(&path);
        let is_for_the_missing = path.ends_with("404.html");
        for attribute in ["href=\"/", "src=\"/"] {
            let found = html.matches(attribute).count();
            let allowed = usize::from(is_for_the_missing && attribute == "href=\"/");
            assert_eq!(found, allowed, "{}: {attribute}", path.display());
        }
        // The page for what is not found is shown at any depth, so it alone says where the book is.
        assert_eq!(html.contains("<base href=\"/below/a-path/\">"), is_for_the_missing, "{}", path.display());
    }
}

#[test]
fn without_an_address_nothing_is_said_of_one() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unpublished");
    book::render(root(), Some(&folder)).unwrap_or_else(|error| panic!("{error:#}"));
    let html = read(folder.join("introduction.html"));
    assert!(tag(&html, "og:title").is_some());
    assert!(tag(&html, "og:url").is_none() && tag(&html, "og:image").is_none());
    assert!(!folder.join("sitemap.xml").exists() && !folder.join("robots.txt").exists());
}

#[test]
fn an_address_that_is_no_folder_is_refused() {
    for url in [
        "books.example/",
        "https://books.example",
        "https://books.example/a",
        "ftp://books.example/",
        "https://b/?a/",
    ] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused");
        let error =
            book::render_for(root(), Some(&folder), Some(url)).expect_err("it is no folder's address");
        assert!(format!("{error:#}").contains(url), "{error:#}");
    }
}
