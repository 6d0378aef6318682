//! Runs a case in a process of its own, so that no run finds threads or memory that another left behind.

use std::{
    env,
    io::Read,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    counters,
    measure::{Cost, measure},
    source::Source,
};

/// How often the threads of the measuring process are counted.
const SAMPLE: Duration = Duration::from_millis(1);

/// A run as the comparing process sees it.
pub(crate) struct Run {
    pub(crate) cost: Cost,
    /// The most threads that were seen at once.
    pub(crate) threads: Option<usize>,
}

/// Starts this program again with `--measure` and waits for its answer.
///
/// # Errors
///
/// A sentence that names the case: it failed, or it took longer than `limit`.
pub(crate) fn run(case: Case, source: &Source, workers: usize, limit: Duration) -> Result<Run, String> {
    let named = |reason: String| format!("{case}: {reason}");
    let mut child = start(case, source, workers)
        .map_err(|error| named(format!("cannot start a process to measure in: {error}")))?;
    let answer = collect(child.stdout.take());
    let complaint = collect(child.stderr.take());
    let (status, threads) = watch(&mut child, limit).map_err(named)?;
    let (answer, complaint) = (joined(answer), joined(complaint));
    match parse(&answer).filter(|_| status.success()) {
        Some(cost) => Ok(Run { cost, threads }),
        None => Err(named(reason(&complaint, status))),
    }
}

fn start(case: Case, source: &Source, workers: usize) -> std::io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--measure", "--stage", case.stage.name(), "--mode", &case.mode.to_string()]);
    command.args(["--url", source.base(), "--pages", &source.pages.to_string()]);
    command.args(["--workers", &workers.to_string()]);
    if source.verify {
        command.arg("--verify");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Waits for the child's end and samples its threads meanwhile.
fn watch(child: &mut Child, limit: Duration) -> Result<(ExitStatus, Option<usize>), String> {
    let start = Instant::now();
    let mut threads = None;
    loop {
        // Before the look at its end: a process that ended and was waited for has no threads to count.
        threads = threads.max(counters::threads(child.id()));
        let ended = child.try_wait().map_err(|error| format!("cannot wait for its process: {error}"))?;
        if let Some(status) = ended {
            return Ok((status, threads));
        }
        if start.elapsed() > limit {
            // It can only fail when the child has just ended, and then the wait returns as well.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("not done after {} s, so it was stopped", limit.as_secs()));
        }
        thread::sleep(SAMPLE);
    }
}

/// Reads a pipe to its end on a thread, so that a talkative child never waits for room in it.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn joined(text: JoinHandle<String>) -> String {
    text.join().unwrap_or_default()
}

/// Why a child failed, on one line: its own sentence, or the first that it wrote beside a strange end.
fn reason(complaint: &str, status: ExitStatus) -> String {
    let sentence = complaint.lines().map(str::trim).find(|line| !line.is_empty());
    match (sentence, status.code()) {
        (Some(sentence), Some(1)) => sentence.to_string(),
        (Some(sentence), _) => format!("its process ended with {status}: {sentence}"),
        (None, _) => format!("its process ended with {status} and without a result"),
    }
}

/// The other side of [`run`]: measures and prints the line that [`parse`] reads.
///
/// # Errors
///
/// The sentence of [`measure`].
pub(crate) fn answer(case: Case, source: &Source, workers: usize) -> Result<String, String> {
    let Cost { milliseconds, switches } = measure(case, source, workers)?;
    Ok(format!("{milliseconds} {}", switches.map_or("-".into(), |switches| switches.to_string())))
}

fn parse(answer: &str) -> Option<Cost> {
    let (milliseconds, switches) = answer.trim().split_once(' ')?;
    Some(Cost { milliseconds: milliseconds.parse().ok()?, switches: switches.parse().ok() })
}
