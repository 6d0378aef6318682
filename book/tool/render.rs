//! From text to pages.
//!
//! mdBook reports a missing include, a broken link and more of the kind as a line in its log, and goes on. Here each
//! such line is a failure: [`render`] collects the log of the build and returns an error if anything is in it.

use crate::{
    check::{faults_of_includes, pages},
    figure::place_figures,
    publish::{finish, path_of},
    quiz::place_quizzes,
    trace::{copy_traces, place_players},
};
use anyhow::{Context, Result, bail, ensure};
use mdbook_driver::{MDBook, config::Config};
use mdbook_mermaid::Mermaid;
use std::{
    fmt::{self, Write},
    fs,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::with_default,
};

/// Draws the diagrams. Only pages with a diagram load it.
const MERMAID_SCRIPT: &[u8] = include_bytes!(env!("MERMAID_SCRIPT"));

/// Builds the book below `root` into `build_dir`, or into the folder that its `book.toml` names, which is returned.
///
/// # Errors
///
/// If mdBook fails, if it warns, or if the folder could hold sources: mdBook empties it.
pub fn render(root: &Path, build_dir: Option<&Path>) -> Result<PathBuf> {
    render_for(root, build_dir, None)
}

/// Like [`render`], for a place on the web: `url` is the address of the folder in which the pages will lie.
///
/// # Errors
///
/// As for [`render`], and if `url` is no such address.
pub fn render_for(root: &Path, build_dir: Option<&Path>, url: Option<&str>) -> Result<PathBuf> {
    let mut config = config(root)?;
    if let Some(url) = url {
        // Only the page for what is not found needs it: all other links are relative.
        config.set("output.html.site-url", path_of(url)?).context("the path of the book cannot be set")?;
    }
    if let Some(build_dir) = build_dir {
        config.build.build_dir = build_dir.to_owned();
    }
    let target = plain(&root.join(&config.build.build_dir));
    ensure!(
        is_no_source(&plain(root), &target),
        "mdBook empties its build folder, and {} may hold sources; set a build-dir below target",
        target.display()
    );

    // mdBook says nothing of an anchor that is not there, and of a missing file not where it was to be included.
    let source = root.join(&config.book.src);
    let title = config.book.title.clone().unwrap_or_default();
    let pages = pages(root, &source)?;
    let faults: Vec<String> = pages.iter().flat_map(faults_of_includes).collect();
    ensure!(faults.is_empty(), "the book includes what is not there:{}", list(&faults));

    let log = Log::default();
    let built = with_default(log.clone(), || -> Result<_> {
        let mut book = MDBook::load_with_config(root, config)?;
        // First, for their errors name lines; they keep the number of lines for those after them.
        place_figures(root, &book.config.book.src.clone(), &mut book.book)?;
        let traces = place_players(root, &mut book.book)?;
        place_quizzes(root, &mut book.book)?;
        book.with_preprocessor(Mermaid);
        book.build()?;
        Ok(traces)
    });
    let lines = log.lines.lock().expect("no holder panics");
    let traces = match built {
        Ok(traces) => traces,
        Err(error) => bail!("the book cannot be built: {error:#}{}", list(&lines)),
    };
    ensure!(lines.is_empty(), "mdBook warned while it built the book:{}", list(&lines));

    finish(&pages, &source, &target, &title, url)?;
    copy_traces(root, &traces, &target)?;
    let script = target.join("mermaid.min.js");
    fs::write(&script, MERMAID_SCRIPT).with_context(|| format!("{} cannot be written", script.display()))?;
    Ok(target)
}

/// Whether nothing of ours is lost when `target` is emptied: inside the repository that is only so below `target`.
fn is_no_source(root: &Path, target: &Path) -> bool {
    let scratch = root.join("target");
    if target.starts_with(root) {
        return target.starts_with(&scratch) && target != scratch;
    }
    !root.starts_with(target)
}

/// The path without `.` and `..`, which would hide where it leads. The folder need not exist yet.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The folder that the `book.toml` below `root` has the book built into.
///
/// # Errors
///
/// If there is no `book.toml`, or it cannot be read.
pub fn build_dir(root: &Path) -> Result<PathBuf> {
    Ok(root.join(config(root)?.build.build_dir))
}

pub(crate) fn config(root: &Path) -> Result<Config> {
    let file = root.join("book.toml");
    Config::from_disk(&file).with_context(|| format!("{} cannot be read", file.display()))
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

/// Collects the warnings and errors of a build.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.is_event()
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.lines.lock().expect("no holder panics").push(message.0);
    }

    // Spans are not enabled, so nobody calls these.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The text of one event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { ", " };
        let written = match field.name() {
            "message" => write!(self.0, "{separator}{value:?}"),
            name => write!(self.0, "{separator}{name}: {value:?}"),
        };
        written.expect("a String takes any text");
    }
}
