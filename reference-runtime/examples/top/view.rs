//! A frame as text.

use std::fmt::Write;

use serde_json::Value;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";
/// Polls above this are marked.
const SLOW: f64 = 0.010;

/// Draws a frame into so many columns and lines. What a service does not tell is shown as a dash.
pub(crate) fn render(frame: &Value, width: usize, height: usize, has_color: bool) -> String {
    let mut page = Page { text: String::new(), lines: 0, width, height, has_color };
    head(&mut page, frame);
    doing(&mut page, frame);
    slow(&mut page, frame);
    blocked(&mut page, frame);
    page.text
}

fn head(page: &mut Page, frame: &Value) {
    let title = frame["title"].as_str().unwrap_or("a service");
    let up = frame["up"].as_f64().unwrap_or(0.0);
    page.line(BOLD, &format!("{title}   up {up:.0} s   {} workers", number(&frame["workers"])));
    let rate = |name: &str| amount(&frame["rates"][name]);
    page.line(
        "",
        &format!(
            "tasks {}   polls {}/s   wakes {}/s   spawns {}/s   steals {}/s   parks {}/s",
            number(&frame["tasks"]),
            rate("polls"),
            rate("wakes"),
            rate("spawns"),
            rate("steals"),
            rate("parks"),
        ),
    );
    let threads = &frame["threads"];
    page.line(
        "",
        &format!(
            "threads {} live, {} spare, {} at most   hand-offs {} ({}/s)",
            number(&threads["live"]),
            number(&threads["spare"]),
            number(&threads["peak"]),
            number(&frame["hand_offs"]),
            rate("hand_offs"),
        ),
    );
    let list = |of: &Value| {
        let entries = of.as_object().into_iter().flatten();
        entries.map(|(name, count)| format!("{name} {}", number(count))).collect::<Vec<_>>().join("   ")
    };
    page.line("", &format!("verdicts   {}", list(&frame["verdicts"])));
    page.line("", &format!("queues     {}", list(&frame["queues"])));
}

fn doing(page: &mut Page, frame: &Value) {
    page.heading(&format!("{:<22} {:>4}  {:<40} {:>9}  {}", "THREAD", "PROC", "DOES", "FOR", "VERDICT"));
    for line in array(&frame["doing"]) {
        let verdict = line["verdict"].as_str().unwrap_or("");
        let does = text(&line["does"]);
        let color = match verdict {
            "" if ["sleeps", "is a spare", "watches"].iter().any(|idle| does.starts_with(idle)) => DIM,
            "" => "",
            "computing" | "starved" => YELLOW,
            _ => RED,
        };
        let processor = line["processor"].as_u64().map_or("-".to_owned(), |processor| processor.to_string());
        page.line(
            color,
            &format!(
                "{:<22} {processor:>4}  {:<40} {:>9}  {verdict}",
                fit(&text(&line["thread"]), 22),
                fit(&does, 40),
                time(&line["for"]),
            ),
        );
    }
}

fn slow(page: &mut Page, frame: &Value) {
    page.heading("SLOWEST POLLS OF THE LAST 10 S");
    for poll in array(&frame["slow"]) {
        let color = if poll["took"].as_f64().is_some_and(|took| took >= SLOW) { YELLOW } else { "" };
        page.line(
            color,
            &format!(
                "{:>9}  {:<24} {:<10} {}",
                time(&poll["took"]),
                fit(&text(&poll["task"]), 24),
                text(&poll["result"]),
                text(&poll["place"]),
            ),
        );
    }
}

fn blocked(page: &mut Page, frame: &Value) {
    page.heading("FOUND STUCK, BY PLACE OF SPAWN");
    for place in array(&frame["blocked"]) {
        page.line(
            "",
            &format!(
                "{:>6}x  longest {:>9}  {:<9} {:<24} {}",
                number(&place["count"]),
                time(&place["longest"]),
                text(&place["verdict"]),
                fit(&text(&place["task"]), 24),
                text(&place["place"]),
            ),
        );
    }
}

/// Text of at most so many lines and columns.
struct Page {
    text: String,
    lines: usize,
    width: usize,
    height: usize,
    has_color: bool,
}

impl Page {
    fn line(&mut self, color: &str, line: &str) {
        if self.lines >= self.height {
            return;
        }
        let line = fit(line.trim_end(), self.width);
        // A `String` takes everything.
        let _ = if self.has_color && !color.is_empty() {
            writeln!(self.text, "{color}{line}{PLAIN}")
        } else {
            writeln!(self.text, "{line}")
        };
        self.lines += 1;
    }

    fn heading(&mut self, heading: &str) {
        self.line("", "");
        self.line(BOLD, heading);
    }
}

/// A text in at most so many columns. Names come from the service and may hold anything: what would move the cursor is
/// replaced.
fn fit(text: &str, width: usize) -> String {
    let clean = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    if text.chars().count() <= width {
        return text.chars().map(clean).collect();
    }
    text.chars().take(width.saturating_sub(1)).map(clean).chain(['…']).collect()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn number(value: &Value) -> String {
    value.as_u64().map_or("-".to_owned(), |number| number.to_string())
}

/// A rate, with as many digits as one can read.
fn amount(value: &Value) -> String {
    match value.as_f64() {
        None => "-".to_owned(),
        Some(rate) if rate >= 1e6 => format!("{:.1}M", rate / 1e6),
        Some(rate) if rate >= 1e4 => format!("{:.0}k", rate / 1e3),
        Some(rate) if rate >= 10.0 || rate == 0.0 => format!("{rate:.0}"),
        Some(rate) => format!("{rate:.1}"),
    }
}

fn time(value: &Value) -> String {
    match value.as_f64() {
        None => "-".to_owned(),
        Some(seconds) if seconds >= 1.0 => format!("{seconds:.1} s"),
        Some(seconds) if seconds >= 1e-3 => format!("{:.1} ms", seconds * 1e3),
        Some(seconds) => format!("{:.0} µs", seconds * 1e6),
    }
}
