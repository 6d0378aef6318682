//! Links from page to page, and to parts of pages.
//!
//! They are taken from the pages as they were built, so a heading has the name that mdBook gave it.

use super::Page;
use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What is wrong with the links of a page.
pub(super) fn faults(built: &Path, source: &Path, page: &Page) -> Result<Vec<String>> {
    let below = page.path.strip_prefix(source).context("a page lies among the sources")?;
    let html = built.join(below).with_extension("html");
    let text = read(&html)?;
    // The text of the page, without the parts that are on every page.
    let main = text.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next());
    let main = main.with_context(|| format!("{} has no text", html.display()))?;
    let (mut faults, mut known) = (Vec::new(), BTreeMap::<PathBuf, Option<String>>::new());
    for link in attributes(main, "href") {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, part) = link.split_once('#').map_or((link, None), |(file, part)| (file, Some(part)));
        let target = if file.is_empty() { html.clone() } else { html.with_file_name("").join(file) };
        let target = crate::render::plain(&target);
        let found = known.entry(target.clone()).or_insert_with(|| {
            // A file that is no page has no parts, but may be linked to.
            fs::read(&target).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        });
        let Some(found) = found else {
            faults.push(page.fault(line_of(page, link), format!("a link to {file}, which is not there")));
            continue;
        };
        let is_there = |part: &str| part.is_empty() || attributes(found, "id").any(|id| id == part);
        if let Some(part) = part.filter(|part| !is_there(part)) {
            let words = format!("a link to `#{part}`, which is no part of that page");
            faults.push(page.fault(line_of(page, link), words));
        }
    }
    Ok(faults)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} was not built", path.display()))
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mark = format!(" {name}=\"");
    let mut rest = html;
    std::iter::from_fn(move || {
        let at = rest.find(&mark)? + mark.len();
        let (value, after) = rest[at..].split_once('"')?;
        rest = after;
        Some(value)
    })
}

/// Where the text has this link, as far as it can be told; the link was Markdown there.
fn line_of(page: &Page, link: &str) -> usize {
    let written = link.replacen(".html", ".md", 1);
    let has_it = |line: &str| line.contains(&format!("({written})")) || line.contains(&format!("\"{link}\""));
    page.text.lines().zip(1..).find(|(line, _)| has_it(line)).map_or(1, |(_, line)| line)
}
