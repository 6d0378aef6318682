//! Builds the book anew when its sources change, and tells the pages that are open.
//!
//! A page that is served has a few lines of script more than the file on the disk has: it asks for the next number of
//! the build, is answered when there is one, and loads itself again.

use anyhow::{Context, Result};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::{
    path::Path,
    sync::{
        Condvar, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

/// What the text includes, or is made of. What is not there is not watched.
const SOURCES: &[&str] = &[
    "book.toml",
    "book/src",
    "book/assets",
    "book/data",
    "book/listings",
    "book/theme",
    "reference-runtime/src",
    "reference-runtime/examples",
    "reference-runtime/tests",
    "reference-runtime/ecosystem",
    "exercises",
    "solutions",
];

/// An editor that saves a file does so in several steps, and a checkout changes many files.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a page waits for an answer before it asks again; some things between it and us end what is silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// The path that a page asks, followed by the number that it has.
pub(crate) const ASK: &str = "/-/built-after/";

/// How often the book has been built, for the pages that wait for the next time.
#[derive(Debug, Default)]
pub struct Builds {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Builds {
    /// Notes that the book was built.
    pub fn note(&self) {
        *self.count.lock().expect("no holder panics") += 1;
        self.changed.notify_all();
    }

    /// The number of the newest build, once it is not `known` any more; or `known` after a while.
    pub(crate) fn after(&self, known: u64) -> u64 {
        let count = self.count.lock().expect("no holder panics");
        let waited = self.changed.wait_timeout_while(count, PATIENCE, |count| *count == known);
        *waited.expect("no holder panics").0
    }

    /// The page with the script that loads it again after the next build.
    pub(crate) fn with_script(&self, html: &str) -> String {
        let count = *self.count.lock().expect("no holder panics");
        let script = format!(
            "<script>(async () => {{ for (;;) {{ const answer = await fetch('{ASK}{count}').catch(() => null); \
             if (!answer) await new Promise((resolve) => setTimeout(resolve, 1000)); \
             else if ((await answer.text()) !== '{count}') return location.reload(); }} }})();</script>\n"
        );
        match html.rfind("</body>") {
            Some(at) => format!("{}{script}{}", &html[..at], &html[at..]),
            None => html.to_owned(),
        }
    }
}

/// Calls `build` each time that something below `root` has changed which the book is made of. Returns only on an error.
///
/// # Errors
///
/// If the system does not let us watch.
pub fn watch(root: &Path, mut build: impl FnMut()) -> Result<()> {
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading is no change, and building reads everything.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            // The receiver is gone when nobody watches any more.
            let _ = sender.send(());
        }
    })
    .context("changes of files cannot be watched")?;
    for source in SOURCES.iter().map(|source| root.join(source)).filter(|source| source.exists()) {
        watcher
            .watch(&source, RecursiveMode::Recursive)
            .with_context(|| format!("{} cannot be watched", source.display()))?;
    }
    loop {
        changes.recv().context("nothing tells of changes any more")?;
        while changes.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {}
        build();
    }
}
