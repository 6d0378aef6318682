//! Traces in the text: a line `{{#trace s7}}` becomes the player of `book/data/traces/s7.json`.
//!
//! Inside the player's element stand a picture and a table of the same trace, for paper and for readers whose browser
//! runs no scripts. They are made from the file that the player loads, each time the book is built, so they cannot say
//! anything else. A line with several names becomes one player that shows these traces below each other.

mod picture;

use anyhow::{Context, Result, ensure};
use mdbook_driver::book::{Book, BookItem};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Below the top of the repository.
const FOLDER: &str = "book/data/traces";
/// From here on a poll is one that keeps its thread from the others, in µs. The player has the same number.
const LONG: f64 = 10_000.0;

/// What a file of events comes to.
struct Trace {
    title: String,
    /// In µs.
    duration: f64,
    lanes: Vec<Lane>,
    /// How many tasks were queued, from which time on.
    queued: Vec<(f64, f64)>,
}

struct Lane {
    tid: u64,
    name: String,
    bars: Vec<Bar>,
    marks: Vec<Mark>,
}

/// Something that lasts.
struct Bar {
    kind: Kind,
    at: f64,
    end: f64,
    /// Of the task, or of what is done.
    name: String,
    result: String,
    /// What the monitor said of it.
    verdict: Option<String>,
    /// How many bars lie around it.
    depth: usize,
    /// Whether a bar inside it hides most of it.
    is_covered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Poll,
    Park,
    InPlace,
    Closure,
}

/// Something that happens, of those that a picture without motion shows.
struct Mark {
    at: f64,
    what: Happening,
}

#[derive(Debug, Clone)]
enum Happening {
    Found { thread: u64, verdict: String, lasts: f64 },
    HandedOff { processor: u64, from: u64, to: Option<u64> },
    Returned { processor: u64 },
}

/// A line of the table: when, on which thread, and what.
struct Step {
    at: f64,
    thread: String,
    text: String,
}

impl Bar {
    fn length(&self) -> f64 {
        self.end - self.at
    }

    /// Whether it keeps its thread from all other tasks for long.
    fn is_long(&self) -> bool {
        self.kind != Kind::Park && (self.length() >= LONG || self.verdict.as_deref() == Some("blocked"))
    }
}

impl Trace {
    fn parse(text: &str) -> Result<Trace> {
        let file: Value = serde_json::from_str(text).context("it is not JSON")?;
        let other = &file["otherData"];
        ensure!(other["format"] == "reference-runtime-trace", "it is not a trace of this runtime");
        ensure!(
            other["version"] == 1,
            "it is of version {}, and this tool knows version 1",
            other["version"]
        );
        ensure!(other["dropped"] == 0, "the recorder dropped {} events of it", other["dropped"]);
        let events = file["traceEvents"].as_array().context("it has no list of events")?;
        // Who records by the variable gives no title; the program has a name all the same.
        let process = events.iter().find(|event| event["name"] == "process_name");
        let title = other["title"].as_str().or_else(|| process?["args"]["name"].as_str());
        let mut trace = Trace {
            title: capitalized(title.context("it has no title")?),
            duration: 0.0,
            lanes: Vec::new(),
            queued: Vec::new(),
        };
        for event in events {
            trace.add(event).with_context(|| format!("this event cannot be read: {event}"))?;
        }
        trace.lanes.retain(|lane| !lane.bars.is_empty() || !lane.marks.is_empty());
        ensure!(!trace.lanes.is_empty(), "nothing happens in it");
        trace.lanes.sort_by_key(|lane| lane.tid);
        for lane in &mut trace.lanes {
            lane.nest();
        }
        trace.judge();
        Ok(trace)
    }

    fn lane(&mut self, tid: u64) -> &mut Lane {
        let known = self.lanes.iter().position(|lane| lane.tid == tid);
        let at = known.unwrap_or_else(|| {
            let name = format!("thread {tid}");
            self.lanes.push(Lane { tid, name, bars: Vec::new(), marks: Vec::new() });
            self.lanes.len() - 1
        });
        &mut self.lanes[at]
    }

    fn add(&mut self, event: &Value) -> Result<()> {
        let (name, args) = (event["name"].as_str().context("no name")?, &event["args"]);
        let tid = event["tid"].as_u64().context("no thread")?;
        match event["ph"].as_str().context("no kind")? {
            "M" if name == "thread_name" => {
                self.lane(tid).name = args["name"].as_str().context("no name of a thread")?.to_owned();
            }
            "X" => {
                let at = number(event, "ts")?;
                let end = at + number(event, "dur")?;
                self.duration = self.duration.max(end);
                let kind = match name {
                    "park" => Kind::Park,
                    "block_in_place" => Kind::InPlace,
                    "spawn_blocking" => Kind::Closure,
                    _ => Kind::Poll,
                };
                let (name, result) = (name.replace('_', " "), args["result"].as_str().unwrap_or_default());
                let result = result.to_owned();
                let bar = Bar { kind, at, end, name, result, verdict: None, depth: 0, is_covered: false };
                self.lane(tid).bars.push(bar);
            }
            "i" => {
                let at = number(event, "ts")?;
                self.duration = self.duration.max(at);
                if let Some(what) = Happening::of(name, args)? {
                    self.lane(tid).marks.push(Mark { at, what });
                }
            }
            "C" if name == "queued" => {
                let depths = args.as_object().context("no depths")?;
                self.queued.push((number(event, "ts")?, depths.values().filter_map(Value::as_f64).sum()));
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes what the monitor found into the polls that it found.
    fn judge(&mut self) {
        let marks = self.lanes.iter().flat_map(|lane| &lane.marks);
        let found: Vec<(f64, Happening)> = marks.map(|mark| (mark.at, mark.what.clone())).collect();
        for (at, what) in found {
            let Happening::Found { thread, verdict, .. } = what else { continue };
            let Some(lane) = self.lanes.iter_mut().find(|lane| lane.tid == thread) else { continue };
            let is_found = |bar: &&mut Bar| bar.kind != Kind::Park && bar.at <= at && at <= bar.end;
            if let Some(bar) = lane.bars.iter_mut().rev().find(is_found) {
                bar.verdict = Some(verdict);
            }
        }
    }

    fn name_of(&self, tid: u64) -> String {
        let known = self.lanes.iter().find(|lane| lane.tid == tid);
        known.map_or_else(|| format!("thread {tid}"), |lane| lane.name.clone())
    }

    /// What a reader should see who sees nothing else.
    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for lane in &self.lanes {
            let mut add = |at, text| steps.push(Step { at, thread: lane.name.clone(), text });
            for bar in lane.bars.iter().filter(|bar| bar.is_long()) {
                let (name, length) = (&bar.name, time(bar.length()));
                let what = match bar.kind {
                    Kind::InPlace => "a block_in_place".to_owned(),
                    Kind::Closure => "a closure of spawn_blocking".to_owned(),
                    _ => format!("a poll of {name}"),
                };
                add(bar.at, format!("begins {what}"));
                let result = if bar.result.is_empty() { String::new() } else { format!(": {}", bar.result) };
                add(bar.end, format!("ends {what} after {length}{result}"));
            }
            for mark in &lane.marks {
                add(mark.at, self.describe(&mark.what));
            }
        }
        steps.sort_by(|one, two| one.at.total_cmp(&two.at));
        steps
    }

    fn describe(&self, what: &Happening) -> String {
        match what {
            Happening::Found { thread, verdict, lasts } => {
                format!("finds {} {verdict}, for at least {}", self.name_of(*thread), time(*lasts))
            }
            Happening::HandedOff { processor, from, to } => {
                let to =
                    to.map_or_else(|| "a thread that is being started".to_owned(), |to| self.name_of(to));
                format!("hands processor {processor} from {} to {to}", self.name_of(*from))
            }
            Happening::Returned { processor } => {
                format!("comes back from its poll, and processor {processor} is gone")
            }
        }
    }
}

impl Happening {
    fn of(name: &str, args: &Value) -> Result<Option<Happening>> {
        let id = |key: &str| args[key].as_u64().with_context(|| format!("no {key}"));
        Ok(Some(match name {
            "block" => Happening::Found {
                thread: id("thread")?,
                verdict: args["verdict"].as_str().context("no verdict")?.to_owned(),
                lasts: number(args, "lasts")?,
            },
            "hand_off" => Happening::HandedOff {
                processor: id("processor")?,
                from: id("from")?,
                to: args["to"].as_u64(),
            },
            "return" => Happening::Returned { processor: id("processor")? },
            _ => return Ok(None),
        }))
    }
}

impl Lane {
    /// Says of each bar how many lie around it, and whether one inside it hides it.
    fn nest(&mut self) {
        self.bars.sort_by(|one, two| one.at.total_cmp(&two.at).then(two.end.total_cmp(&one.end)));
        let mut around: Vec<usize> = Vec::new();
        for at in 0..self.bars.len() {
            let (begin, length) = (self.bars[at].at, self.bars[at].length());
            while around.last().is_some_and(|outer| self.bars[*outer].end <= begin) {
                around.pop();
            }
            self.bars[at].depth = around.len();
            if let Some(outer) = around.last() {
                let outer = &mut self.bars[*outer];
                outer.is_covered |= length * 2.0 > outer.length();
            }
            around.push(at);
        }
    }
}

fn number(of: &Value, key: &str) -> Result<f64> {
    of[key].as_f64().with_context(|| format!("no number {key}"))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A length in µs, with three digits that count and its unit.
fn time(us: f64) -> String {
    let (value, unit) = match us {
        us if us < 1e3 => (us, "µs"),
        us if us < 1e6 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    let digits = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    format!("{value:.digits$} {unit}")
}

/// Puts players into the chapters; gives the names of the traces that they show.
pub(crate) fn place_players(root: &Path, book: &mut Book) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut result = Ok(());
    book.for_each_mut(|item| {
        let BookItem::Chapter(chapter) = item else { return };
        if result.is_ok() && chapter.content.contains("{{#trace ") {
            result = place(root, &chapter.content, &mut names)
                .map(|content| chapter.content = content)
                .with_context(|| format!("a trace of the chapter \"{}\"", chapter.name));
        }
    });
    result.map(|()| names)
}

fn place(root: &Path, content: &str, names: &mut BTreeSet<String>) -> Result<String> {
    let mut placed = String::new();
    for line in content.lines() {
        let wanted = line.strip_prefix("{{#trace ").and_then(|rest| rest.strip_suffix("}}"));
        match wanted {
            Some(wanted) => {
                let wanted: Vec<&str> = wanted.split_whitespace().collect();
                placed += &player(root, &wanted)?;
                names.extend(wanted.into_iter().map(str::to_owned));
            }
            None => placed += line,
        }
        placed.push('\n');
    }
    ensure!(!placed.contains("{{#trace "), "a line of its own is missing around {{{{#trace NAME}}}}");
    Ok(placed)
}

/// The element of the player, with all that is there without scripts.
fn player(root: &Path, names: &[&str]) -> Result<String> {
    ensure!(!names.is_empty(), "{{{{#trace}}}} names no trace");
    let mut traces = Vec::new();
    for name in names {
        let trace = Trace::parse(&text(root, name)?).with_context(|| format!("{FOLDER}/{name}.json"))?;
        traces.push((*name, trace));
    }
    let duration = traces.iter().map(|(_, trace)| trace.duration).fold(0.0, f64::max);
    let sources: Vec<String> = names.iter().map(|name| format!("traces/{name}.json")).collect();
    // The tag stands on a line of its own, or it would be a part of a paragraph.
    let mut html = format!("<trace-player src=\"{}\">\n", sources.join(" "));
    for (name, trace) in &traces {
        html += &picture::figure(&format!("{}-{name}", names.join("-")), trace, duration, traces.len() > 1);
    }
    Ok(html + "\n</trace-player>\n")
}

fn text(root: &Path, name: &str) -> Result<String> {
    let file = root.join(FOLDER).join(name).with_extension("json");
    fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Lays the traces beside the pages: as they are, and as scripts, for pages that were opened as files cannot fetch.
pub(crate) fn copy_traces(root: &Path, names: &BTreeSet<String>, target: &Path) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let folder = target.join("traces");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for name in names {
        let text = text(root, name)?;
        // A string of JSON is one of JavaScript, too.
        let script = format!("(globalThis.traceFiles ??= {{}})[\"{name}.json\"] = {};\n", json!(text));
        for (ending, text) in [("json", &text), ("js", &script)] {
            let file = folder.join(name).with_extension(ending);
            fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    Ok(())
}
