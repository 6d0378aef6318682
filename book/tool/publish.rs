//! What a book needs to be found and shown elsewhere: a description of each page, what other sites show of a link to it,
//! and, once it is known where the book will be, its pages' addresses and a list of them.

use crate::check::Page;
use anyhow::{Context, Result};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::{fs, path::Path};

/// The picture that other sites show beside a link, below the address of the book. Among the sources of the text.
const CARD: &str = "card.png";
const CARD_SAYS: &str = "The Reference Runtime: one worker is stuck in a blocking call, and another thread goes on with its tasks";
/// A paragraph with fewer characters says too little alone.
const SHORTEST: usize = 80;
/// What search engines and other sites show at most.
const LONGEST: usize = 200;

/// The path below which the book at this address lies, as `/book/`.
///
/// # Errors
///
/// If the address is none of a folder on the web.
pub(crate) fn path_of(url: &str) -> Result<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let path = rest.and_then(|rest| rest.split_once('/')).map(|(_, path)| format!("/{path}"));
    let path = path.filter(|path| path.ends_with('/') && !path.contains(['?', '#', '"', ' ']));
    path.with_context(|| {
        format!("`{url}` is not the address of a folder: https://HOST/PATH/, with a / at its end")
    })
}

/// Completes the pages that were built into `target`.
pub(crate) fn finish(
    pages: &[Page],
    source: &Path,
    target: &Path,
    title: &str,
    url: Option<&str>,
) -> Result<()> {
    let mut addresses = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        let below = page.path().strip_prefix(source).context("a page lies among the sources")?;
        let below = below.with_extension("html");
        let name = below.to_str().context("the name of a page is UTF-8")?.replace('\\', "/");
        let file = target.join(&below);
        let html = fs::read_to_string(&file).with_context(|| format!("{} was not built", file.display()))?;
        let description = description(page.text());
        let address = url.map(|url| if at == 0 { url.to_owned() } else { format!("{url}{name}") });
        let html = complete(&html, title, &description, url, address.as_deref())
            .with_context(|| format!("{name} has not the head that was expected"))?;
        fs::write(&file, &html).with_context(|| format!("{} cannot be written", file.display()))?;
        if at == 0 {
            // mdBook's copy of the first page, which is what the folder itself shows.
            fs::write(target.join("index.html"), html).context("the first page cannot be written")?;
        }
        addresses.extend(address);
    }
    let Some(url) = url else { return Ok(()) };
    let entries: String =
        addresses.iter().map(|address| format!("  <url><loc>{address}</loc></url>\n")).collect();
    let sitemap = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{entries}</urlset>\n"
    );
    fs::write(target.join("sitemap.xml"), sitemap).context("the list of pages cannot be written")?;
    let robots = format!("User-agent: *\nAllow: /\nSitemap: {url}sitemap.xml\n");
    fs::write(target.join("robots.txt"), robots).context("robots.txt cannot be written")
}

/// The page with a description of its own, and with what other sites ask for.
fn complete(
    html: &str,
    title: &str,
    description: &str,
    url: Option<&str>,
    address: Option<&str>,
) -> Option<String> {
    let name = html.split_once("<title>")?.1.split_once("</title>")?.0;
    let name = name.strip_suffix(&format!(" - {title}")).unwrap_or(name);
    let mut head = format!(
        "<meta property=\"og:type\" content=\"article\">\n\
         <meta property=\"og:site_name\" content=\"{}\">\n\
         <meta property=\"og:title\" content=\"{name}\">\n",
        escaped(title),
    );
    // These must be whole addresses, so they are left out where none is known.
    if let (Some(url), Some(address)) = (url, address) {
        head += &format!(
            "<link rel=\"canonical\" href=\"{address}\">\n\
             <meta property=\"og:url\" content=\"{address}\">\n\
             <meta property=\"og:image\" content=\"{url}{CARD}\">\n\
             <meta property=\"og:image:width\" content=\"1200\">\n\
             <meta property=\"og:image:height\" content=\"630\">\n\
             <meta property=\"og:image:alt\" content=\"{}\">\n\
             <meta name=\"twitter:card\" content=\"summary_large_image\">\n",
            escaped(CARD_SAYS),
        );
    }
    let (before, rest) = html.split_once("<meta name=\"description\" content=\"")?;
    let (of_the_book, after) = rest.split_once('"')?;
    let description = if description.is_empty() { of_the_book.to_owned() } else { escaped(description) };
    head += &format!("<meta property=\"og:description\" content=\"{description}\">\n");
    let whole = format!("{before}<meta name=\"description\" content=\"{description}\"{after}");
    let (before, after) = whole.split_once("</head>")?;
    Some(format!("{before}{head}</head>{after}"))
}

/// How a text begins, without its markup, as far as whole sentences fit.
fn description(text: &str) -> String {
    let (mut depth, mut words) = (0, String::new());
    for event in Parser::new(text) {
        match event {
            // Not those of lists and quotations.
            Event::Start(Tag::Paragraph) if depth == 0 => depth = 1,
            // A chapter begins with its question, and the next paragraph says more.
            Event::End(TagEnd::Paragraph) if depth == 1 => {
                if words.chars().count() >= SHORTEST {
                    break;
                }
                words.push(' ');
                depth = 0;
            }
            Event::Start(Tag::List(_) | Tag::BlockQuote(_)) => depth += 2,
            Event::End(TagEnd::List(_) | TagEnd::BlockQuote(_)) => depth -= 2,
            Event::Text(text) | Event::Code(text) if depth == 1 => words += &text,
            Event::SoftBreak | Event::HardBreak if depth == 1 => words.push(' '),
            _ => {}
        }
    }
    let words = words.trim();
    if words.chars().count() <= LONGEST {
        return words.to_owned();
    }
    let cut: String = words.chars().take(LONGEST).collect();
    match cut.rfind(". ") {
        Some(end) => cut[..=end].to_owned(),
        None => cut.rsplit_once(' ').map_or(cut.clone(), |(whole, _)| format!("{whole} …")),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
