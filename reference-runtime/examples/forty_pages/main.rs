//! Forty pages: what does a blocking call cost inside an `async fn`?
//!
//! Fetches forty pages at once, a task for each, and prints how long it took, how many threads it needed and how often
//! they were switched: with surf, which waits without blocking, and with attohttpc, which blocks, called in three ways.
//! Each of them runs on stage 5 (the classic scheduler with a pool for blocking calls), stage 6 (`block_in_place` hands
//! a worker's turn on) and stage 7 (the scheduler notices by itself). The code that fetches is the same on all three.
//!
//! ```text
//! cargo run --release --example forty_pages -- --help
//! ```
//!
//! How it measures:
//!
//! - The server ([`server`]) runs in this process and each run in a child process ([`child`]), so neither the server's
//!   threads nor an earlier run's count. A server elsewhere (`--url BASE`) is asked for `BASE/page/0` and so on.
//! - Both clients open a connection for each page: attohttpc can't do otherwise, and surf's transport
//!   ([`surf_client`]) follows it. All of surf's waiting happens in our reactor.
//! - The clock runs from before the first task is spawned until the last one is joined ([`measure`]); the start of the
//!   runtime is not in it. The threads are those of the whole child, its main thread included, counted each millisecond.
//! - Every page is checked, and the first that fails ends the comparison with a sentence.

// A program has no public items, so its documentation can only link to private ones.
#![allow(rustdoc::private_intra_doc_links)]

mod args;
mod case;
mod child;
mod counters;
mod measure;
mod page;
mod report;
mod server;
mod source;
mod surf_client;

use std::{
    env,
    io::{Write, stderr, stdout},
    process::ExitCode,
};

use crate::{
    args::{Args, Command, HELP},
    report::Report,
    server::PageServer,
    source::Source,
};

/// The program was called in a way that it does not understand.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let (done, code) = match args::parse(arguments) {
        Ok(command) => (obey(command), 1),
        Err(sentence) => (Err(sentence), MISUSED),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Not `eprintln`, which panics when nobody reads.
            let _ = writeln!(stderr(), "{sentence}");
            ExitCode::from(code)
        }
    }
}

fn obey(command: Command) -> Result<(), String> {
    match command {
        Command::Help => write!(stdout(), "{HELP}").map_err(unprintable),
        Command::Compare(args) => compare(&args),
        Command::Measure(args, case) => {
            let source = Source::new(&args.url.unwrap_or_default(), args.pages, args.verify)?;
            let answer = child::answer(case, &source, args.workers)?;
            writeln!(stdout(), "{answer}").map_err(unprintable)
        }
    }
}

/// Runs the cases one after the other, and prints each as it ends.
fn compare(args: &Args) -> Result<(), String> {
    let (source, latency, _server) = match &args.url {
        Some(base) => (Source::new(base, args.pages, false)?, None, None),
        None => {
            let server = PageServer::start(args.latency)
                .map_err(|error| format!("cannot start a server on the loopback interface: {error}"))?;
            let base = format!("http://{}", server.address());
            (Source::new(&base, args.pages, true)?, Some(args.latency), Some(server))
        }
    };
    source.reach()?;
    let mut report = Report::new(args.is_json);
    report.begin(&source, latency, args.workers).map_err(unprintable)?;
    for case in args.cases() {
        let run = case.exists().then(|| {
            report.announce(case);
            let run = child::run(case, &source, args.workers, args.limit);
            report.finish_announcement();
            run
        });
        report.run(case, run.transpose()?.as_ref()).map_err(unprintable)?;
    }
    report.end(args.pages, latency, args.workers).map_err(unprintable)
}

fn unprintable(error: std::io::Error) -> String {
    format!("cannot print the result: {error}")
}
