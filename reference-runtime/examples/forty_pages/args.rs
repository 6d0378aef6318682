//! The command line.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use reference_runtime::stages::Stage;

use crate::case::{Case, Client, Mode, STAGES};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Fetches forty pages with surf and with attohttpc, on three stages of the runtime,
and compares the time, the threads and the context switches.

Usage: cargo run --release --example forty_pages -- [OPTIONS]

  --pages N       how many pages to fetch at once, 1 to 10000 [default: 40]
  --latency MS    how long the demo's own server waits before it answers,
                  0 to 10000 [default: 100]
  --url BASE      fetch BASE/page/0, BASE/page/1, … from this http:// server
                  instead; it must send Content-Length or chunks
  --workers N     how many threads poll tasks, 1 to 512 [default: 2]
  --stage NAME    only s5_spawn_blocking, s6_block_in_place or s7_adaptive
  --client NAME   only surf or attohttpc
  --mode NAME     only async, direct, spawn_blocking or block_in_place
  --limit S       stop a run that takes longer than this many seconds
                  [default: 120, and the latency once for each page]
  --json          print a line of JSON for each run, and no table
  --help          print this
";

/// What the program is asked to do.
pub(crate) enum Command {
    /// Print [`HELP`].
    Help,
    /// Run the selected cases, each in a process of its own, and print them.
    Compare(Args),
    /// Be that process.
    Measure(Args, Case),
}

/// The options, with their defaults filled in.
pub(crate) struct Args {
    pub(crate) pages: usize,
    pub(crate) latency: Duration,
    /// The server to fetch from; `None` is the demo's own.
    pub(crate) url: Option<String>,
    pub(crate) workers: usize,
    pub(crate) stage: Option<Stage>,
    pub(crate) client: Option<Client>,
    pub(crate) mode: Option<Mode>,
    pub(crate) limit: Duration,
    pub(crate) is_json: bool,
    /// Whether each page must come with its length and its checksum; for the measuring process.
    pub(crate) verify: bool,
}

impl Args {
    /// The runs that the options leave over.
    pub(crate) fn cases(&self) -> Vec<Case> {
        Case::all()
            .filter(|case| self.stage.is_none_or(|stage| stage == case.stage))
            .filter(|case| self.client.is_none_or(|client| client == case.mode.client()))
            .filter(|case| self.mode.is_none_or(|mode| mode == case.mode))
            .collect()
    }
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// A sentence that names the option and what it takes.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let mut args = Args {
        pages: 40,
        latency: Duration::from_millis(100),
        url: None,
        workers: 2,
        stage: None,
        client: None,
        mode: None,
        limit: Duration::ZERO,
        is_json: false,
        verify: false,
    };
    let (mut latency, mut limit, mut measures) = (None, None, false);
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{option} takes a value; see --help"));
        match option.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--json" => args.is_json = true,
            "--verify" => args.verify = true,
            "--measure" => measures = true,
            "--pages" => args.pages = number(&option, &value()?, 1..=10_000)?,
            "--workers" => args.workers = number(&option, &value()?, 1..=512)?,
            "--latency" => latency = Some(number(&option, &value()?, 0..=10_000)?),
            "--limit" => limit = Some(number(&option, &value()?, 1..=86_400)?),
            "--url" => args.url = Some(value()?),
            "--stage" => args.stage = Some(one_of(&option, &value()?, &STAGES)?),
            "--client" => args.client = Some(one_of(&option, &value()?, &Client::ALL)?),
            "--mode" => args.mode = Some(one_of(&option, &value()?, &Mode::ALL)?),
            _ => return Err(format!("there is no option {option}; see --help")),
        }
    }
    if args.url.is_some() && latency.is_some() {
        return Err("--latency sets the demo's own server, and --url names another: give one of them".into());
    }
    args.latency = latency.map_or(args.latency, Duration::from_millis);
    args.limit =
        limit.map_or(Duration::from_secs(120) + args.latency * args.pages as u32, Duration::from_secs);
    match (measures, args.cases().as_slice()) {
        (_, []) => {
            Err("no run has that stage, client and mode together: surf is async, attohttpc is not".into())
        }
        (false, _) => Ok(Command::Compare(args)),
        (true, &[case]) => Ok(Command::Measure(args, case)),
        (true, _) => Err("--measure is for the demo itself, which gives it one stage and one mode".into()),
    }
}

fn number<N>(option: &str, value: &str, range: RangeInclusive<N>) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!("{option} takes a whole number from {} to {}, not {value:?}", range.start(), range.end())
    })
}

fn one_of<T: Copy + Display>(option: &str, value: &str, choices: &[T]) -> Result<T, String> {
    let names: Vec<String> = choices.iter().map(T::to_string).collect();
    let found = names.iter().position(|name| name == value);
    found.map(|at| choices[at]).ok_or_else(|| format!("{option} takes {}, not {value:?}", names.join(", ")))
}
