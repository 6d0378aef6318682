//! Reports on stderr, for who asks for them by a variable of the environment.
//!
//! Stderr may be a pipe that nobody reads, so neither the monitor nor a worker writes to it. A thread of the process does,
//! which starts with the first line; what waits for it is bounded, and so is what it prints: a line for each place of a
//! spawn and [`MOST_LINES`] in all within a second. The next line says how many were left out.
//!
//! A poll gets its line when it comes back, for only then is it known how long it took. One that stays away gets a line
//! of its own before.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::Location;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::absence::Absence;
use super::returned::ReturnedPoll;
use crate::primitive::{Arc, Condvar, Locked, Mutex, lock, thread};

/// The variable that asks for lines on stderr.
pub(crate) const VARIABLE: &str = "REFERENCE_RUNTIME_BLOCKED";
/// A poll that has not come back after so long gets a line before it does.
const STAYS_AWAY: Duration = Duration::from_millis(100);
/// The most lines within a [`WINDOW`].
const MOST_LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);
/// So many lines, and polls that stay away, may wait.
const MOST_WAITING: usize = 256;

static PRINTER: LazyLock<Printer> = LazyLock::new(|| Printer {
    state: Mutex::new(State {
        waiting: VecDeque::new(),
        away: Vec::new(),
        left_out: 0,
        is_running: false,
        is_printing: false,
    }),
    changed: Condvar::new(),
    printed: Condvar::new(),
});

struct Printer {
    state: Mutex<State>,
    changed: Condvar,
    printed: Condvar,
}

/// Guarded by [`Printer::state`].
struct State {
    waiting: VecDeque<Line>,
    /// Polls that have not come back, and when that gets a line.
    away: Vec<(Instant, Arc<Absence>)>,
    left_out: u64,
    is_running: bool,
    is_printing: bool,
}

enum Line {
    StaysAway(Arc<Absence>),
    /// A poll that was found stuck has its absence.
    Returned(ReturnedPoll, Option<Arc<Absence>>),
}

/// Reads the value of [`VARIABLE`]: from what length on polls get lines.
pub(crate) fn threshold(value: &str) -> Result<Option<Duration>, String> {
    let value = value.trim();
    match value {
        "" | "0" | "off" => return Ok(None),
        "1" | "on" => return Ok(Some(Duration::ZERO)),
        _ => {}
    }
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let nanos_per_unit = match value[digits.len()..].trim_start() {
        "us" | "µs" => 1_000.0,
        "ms" => 1e6,
        "s" => 1e9,
        _ => f64::NAN,
    };
    let nanos = digits.parse().unwrap_or(f64::NAN) * nanos_per_unit;
    if !(0.0..=1e18).contains(&nanos) {
        return Err(format!(
            "{VARIABLE} is {value:?}; set it to 1, or to a time like 500us, 100ms or 2s, or unset it"
        ));
    }
    Ok(Some(Duration::from_nanos(nanos as u64)))
}

/// Prints a line if the poll stays away for long.
pub(super) fn watch(absence: &Arc<Absence>, after: Duration) {
    let Some(due) = absence.since().checked_add(after.max(STAYS_AWAY)) else { return };
    let mut state = lock(&PRINTER.state);
    if state.away.len() >= MOST_WAITING {
        state.away.retain(|(_, absence)| !absence.is_over());
    }
    if state.away.len() < MOST_WAITING {
        state.away.push((due, Arc::clone(absence)));
        PRINTER.start(state);
    }
}

/// Prints a line about a poll that has come back.
pub(super) fn returned(returned: ReturnedPoll, absence: Option<Arc<Absence>>) {
    let mut state = lock(&PRINTER.state);
    if state.waiting.len() >= MOST_WAITING {
        state.left_out += 1;
        return;
    }
    state.waiting.push_back(Line::Returned(returned, absence));
    PRINTER.start(state);
}

/// Waits a while until what waits has been printed.
pub(super) fn flush(most: Duration) {
    let deadline = Instant::now() + most;
    let mut state = lock(&PRINTER.state);
    while !state.waiting.is_empty() || state.is_printing {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        state = state.wait_timeout(&PRINTER.printed, left);
    }
}

impl Printer {
    /// Sees to it that the thread runs and looks.
    fn start(&'static self, mut state: Locked<'_, State>) {
        let was_running = std::mem::replace(&mut state.is_running, true);
        drop(state);
        self.changed.notify_one();
        if was_running {
            return;
        }
        let name = "reference-runtime-stderr".to_owned();
        if thread::Builder::new().name(name).spawn(|| self.run()).is_err() {
            // Then the next line tries it again.
            lock(&self.state).is_running = false;
        }
    }

    fn run(&self) {
        let mut limit = Limit::default();
        let mut text = String::new();
        loop {
            let (line, left_out) = self.next();
            let now = Instant::now();
            if !limit.admits(&line, now) {
                lock(&self.state).left_out += 1 + left_out;
                continue;
            }
            text.clear();
            line.write(&mut text, left_out);
            // If it cannot be written there is nobody to tell.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    /// The next line, and how many were left out before it.
    fn next(&self) -> (Line, u64) {
        let mut state = lock(&self.state);
        state.is_printing = false;
        self.printed.notify_all();
        loop {
            let now = Instant::now();
            state.away.retain(|(_, absence)| !absence.is_over());
            let is_due = |(due, _): &(Instant, _)| *due <= now;
            let at = state.away.iter().position(is_due);
            let line = match at {
                Some(at) => Some(Line::StaysAway(state.away.swap_remove(at).1)),
                None => state.waiting.pop_front(),
            };
            if let Some(line) = line {
                state.is_printing = true;
                return (line, std::mem::take(&mut state.left_out));
            }
            let next = state.away.iter().map(|(due, _)| *due).min();
            state = match next {
                Some(due) => state.wait_timeout(&self.changed, due.saturating_duration_since(now)),
                None => state.wait(&self.changed),
            };
        }
    }
}

impl Line {
    fn location(&self) -> &'static Location<'static> {
        match self {
            Line::StaysAway(absence) => absence.report.spawned_at(),
            Line::Returned(returned, _) => returned.spawned_at(),
        }
    }

    /// The second line about a poll whose first said that it stays away.
    fn is_second(&self) -> bool {
        matches!(self, Line::Returned(_, Some(absence)) if absence.is_printed())
    }

    fn write(&self, text: &mut String, left_out: u64) {
        // A `String` takes everything.
        let _ = match self {
            Line::StaysAway(absence) => {
                absence.set_printed();
                write!(text, "reference-runtime: {}", absence.report.still(absence.lasts()))
            }
            Line::Returned(returned, _) => write!(text, "reference-runtime: {returned}"),
        };
        if left_out > 0 {
            let _ = write!(text, " ({left_out} such lines were left out before this one)");
        }
        text.push('\n');
    }
}

/// How many lines there may be.
#[derive(Default)]
struct Limit {
    /// When each place of a spawn last had a line.
    places: HashMap<Location<'static>, Instant>,
    window: Option<Instant>,
    in_window: u32,
}

impl Limit {
    fn admits(&mut self, line: &Line, now: Instant) -> bool {
        self.admits_place(*line.location(), line.is_second(), now)
    }

    fn admits_place(&mut self, place: Location<'static>, is_second: bool, now: Instant) -> bool {
        let is_recent = |last: Instant| now.saturating_duration_since(last) < WINDOW;
        if !self.window.is_some_and(is_recent) {
            self.window = Some(now);
            self.in_window = 0;
            self.places.retain(|_, last| is_recent(*last));
        }
        if self.in_window >= MOST_LINES {
            return false;
        }
        if !is_second && self.places.get(&place).is_some_and(|last| is_recent(*last)) {
            return false;
        }
        self.in_window += 1;
        self.places.insert(place, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_a_switch_or_a_time() {
        for (value, after) in [
            ("", None),
            ("0", None),
            ("off", None),
            ("1", Some(Duration::ZERO)),
            (" on ", Some(Duration::ZERO)),
            ("100ms", Some(Duration::from_millis(100))),
            ("2 s", Some(Duration::from_secs(2))),
            ("1.5ms", Some(Duration::from_micros(1500))),
            ("250us", Some(Duration::from_micros(250))),
        ] {
            assert_eq!(threshold(value), Ok(after), "{value:?}");
        }
        for value in ["yes", "100", "-1ms", "ms", "5 m", "1e300s", "5msx"] {
            let error = threshold(value).expect_err(value);
            assert!(error.contains(VARIABLE) && error.contains("100ms"), "{error}");
        }
    }

    #[test]
    fn a_place_has_one_line_a_second_and_all_have_ten() {
        let (mut limit, start) = (Limit::default(), Instant::now());
        let (here, there) = (*Location::caller(), place());
        assert!(limit.admits_place(here, false, start));
        assert!(!limit.admits_place(here, false, start + WINDOW / 2));
        assert!(limit.admits_place(there, false, start + WINDOW / 2));
        assert!(limit.admits_place(here, true, start + WINDOW / 2), "the end of what was told of");
        assert!(limit.admits_place(here, false, start + 2 * WINDOW));
        let now = start + 10 * WINDOW;
        let admitted = (0..50).filter(|_| limit.admits_place(here, true, now)).count();
        assert_eq!(admitted, MOST_LINES as usize);
        assert!(!limit.admits_place(there, false, now));
        assert!(limit.admits_place(there, false, now + WINDOW));
    }

    #[track_caller]
    fn place() -> Location<'static> {
        *Location::caller()
    }
}
