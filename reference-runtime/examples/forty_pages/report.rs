//! What the comparison prints: a table for people or a line of JSON for each run.

use std::{
    io::{self, IsTerminal, Write, stderr, stdout},
    time::Duration,
};

use reference_runtime::stages::Stage;

use crate::{case::Case, case::Client, child::Run, source::Source};

/// Prints each run as soon as it is known.
pub(crate) struct Report {
    is_json: bool,
    /// The stage that the table has come to, and what surf needed there.
    stage: Option<Stage>,
    surf: Option<f64>,
}

impl Report {
    pub(crate) fn new(is_json: bool) -> Report {
        Report { is_json, stage: None, surf: None }
    }

    /// Says what is measured. `latency` is unknown for someone else's server.
    pub(crate) fn begin(&self, source: &Source, latency: Option<Duration>, workers: usize) -> io::Result<()> {
        if self.is_json {
            return Ok(());
        }
        let pages = count(source.pages, "page");
        let workers = count(workers, "worker");
        let input = match latency {
            Some(latency) => format!("{pages} of 5 to 120 KiB after {} ms each", latency.as_millis()),
            None => format!("{pages} of {}", source.base()),
        };
        writeln!(stdout(), "{input}, all at once, {workers}\n")?;
        writeln!(stdout(), "                             elapsed     peak   context  x of surf on")?;
        writeln!(stdout(), "client     mode                   ms  threads  switches  the same stage")
    }

    /// Tells a person who waits what for.
    pub(crate) fn announce(&self, case: Case) {
        self.note(&format!("{case} …"));
    }

    /// Takes the announcement away.
    pub(crate) fn finish_announcement(&self) {
        self.note("");
    }

    /// A line on the terminal that the next one replaces. Nothing depends on it, so its errors don't matter.
    fn note(&self, text: &str) {
        if stderr().is_terminal() {
            let _ = write!(stderr(), "\r\x1b[K{text}");
        }
    }

    /// Prints one run; `None` is for a stage that cannot do it.
    pub(crate) fn run(&mut self, case: Case, run: Option<&Run>) -> io::Result<()> {
        if self.is_json {
            return run.map_or(Ok(()), |run| writeln!(stdout(), "{}", json(case, run)));
        }
        if self.stage != Some(case.stage) {
            (self.stage, self.surf) = (Some(case.stage), None);
            writeln!(stdout(), "\n{}", case.stage)?;
        }
        let client = case.mode.client();
        let name = format!("{client:<9}  {:<14}", case.mode);
        let Some(Run { cost, threads }) = run else {
            return writeln!(stdout(), "{name}  {:>9}  {:>7}  {:>8}  {:>9}  (from s6)", '-', '-', '-', '-');
        };
        if client == Client::Surf {
            self.surf = Some(cost.milliseconds);
        }
        let ratio = self.surf.map_or("-".into(), |surf| format!("{:.1}", cost.milliseconds / surf));
        let (threads, switches) = (known(*threads, "-"), known(cost.switches, "-"));
        writeln!(stdout(), "{name}  {:>9.1}  {threads:>7}  {switches:>8}  {ratio:>9}", cost.milliseconds)
    }

    /// Says what to see in the table.
    pub(crate) fn end(&self, pages: usize, latency: Option<Duration>, workers: usize) -> io::Result<()> {
        if self.is_json {
            return Ok(());
        }
        let rounds = pages.div_ceil(workers);
        let price = match latency {
            Some(latency) => format!("{rounds} x {} ms", latency.as_millis()),
            None => count(rounds, "round trip"),
        };
        writeln!(stdout(), "\nCalled directly, attohttpc keeps a worker from polling: {price} at best,")?;
        writeln!(stdout(), "unless the scheduler notices and lets another thread poll (s7_adaptive).")
    }
}

fn json(case: Case, run: &Run) -> String {
    // Every text here is one of ours, without anything to escape.
    format!(
        r#"{{"stage":"{}","client":"{}","mode":"{}","ms":{:.1},"threads":{},"switches":{}}}"#,
        case.stage,
        case.mode.client(),
        case.mode,
        run.cost.milliseconds,
        known(run.threads, "null"),
        known(run.cost.switches, "null"),
    )
}

fn known(number: Option<impl ToString>, otherwise: &str) -> String {
    number.map_or(otherwise.into(), |number| number.to_string())
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
