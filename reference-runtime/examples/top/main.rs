//! A terminal view of a running service: tasks, threads and what each does, queues, slow polls and blocked ones, live.
//!
//! ```console
//! cargo run --release --features trace --example top              # a demo service in this process
//! cargo run --release --features trace --example top -- --serve   # the demo alone, which says where it listens
//! cargo run --release --features trace --example top -- SOCKET    # watch a service of another process
//! ```
//!
//! To watch a service of yours, copy `serve.rs` and `sample.rs` and call `serve_metrics` once: a thread of its own then
//! answers on a Unix socket, with one line of JSON for each look. It is a thread and no task, for a service whose tasks
//! are all stuck is the one to look at.
//!
//! What is shown comes from [`Metrics`](reference_runtime::Metrics) and from snapshots of a
//! [recording](reference_runtime::trace) with small rings.
#![cfg_attr(not(unix), allow(unused))]

#[cfg(unix)]
mod demo;
#[cfg(unix)]
mod sample;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod view;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let arguments = std::env::args().skip(1);
    match unix::run(arguments) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("top: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("top: it needs a Unix terminal and a Unix socket");
}

#[cfg(unix)]
mod unix {
    use std::io::{self, BufRead, BufReader, IsTerminal, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::time::Duration;

    use serde_json::Value;

    use crate::terminal::{Key, Terminal};
    use crate::{demo, serve, view};

    const USAGE: &str = "usage: top [SOCKET] [--serve] [--once] [--every SECONDS] [--help]

  SOCKET            the socket of a service that calls `serve_metrics`; without it,
                    a demo service runs in this process
  --serve           run the demo service, and say where it listens
  --once            print one frame, and end
  --every SECONDS   time between two frames [default: 1]

q or ctrl-c ends it. NO_COLOR is respected.
";

    pub(crate) struct Options {
        socket: Option<PathBuf>,
        serves: bool,
        is_once: bool,
        every: Duration,
    }

    pub(crate) fn run(arguments: impl Iterator<Item = String>) -> io::Result<()> {
        let Some(options) = parse(arguments)? else {
            print!("{USAGE}");
            return Ok(());
        };
        if options.serves {
            let (socket, runtime) = demo::start()?;
            println!("{}", socket.path().display());
            io::stdout().flush()?;
            loop {
                // The load goes on on the threads of `runtime`.
                std::thread::park();
                let _ = &runtime;
            }
        }
        let own = if options.socket.is_none() { Some(demo::start()?) } else { None };
        let path = match (&options.socket, &own) {
            (Some(path), _) => path.as_path(),
            (None, Some((socket, _))) => socket.path(),
            (None, None) => unreachable!("without a socket there is the demo's"),
        };
        let stream = UnixStream::connect(path).map_err(|error| {
            io::Error::new(error.kind(), format!("nobody serves metrics at {}: {error}", path.display()))
        })?;
        watch(&options, stream)
    }

    fn watch(options: &Options, stream: UnixStream) -> io::Result<()> {
        let mut frames = BufReader::new(stream.try_clone()?);
        let has_color =
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        let mut ask = stream;
        let mut next = || -> io::Result<Value> {
            let mut line = String::new();
            match ask.write_all(serve::ASK).and_then(|()| frames.read_line(&mut line)) {
                Ok(1..) => Ok(serde_json::from_str(&line)?),
                _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the service has ended")),
            }
        };
        if options.is_once {
            // The first frame has no rates: they are between two looks.
            next()?;
            std::thread::sleep(options.every.min(Duration::from_secs(1)));
            print!("{}", view::render(&next()?, 100, usize::MAX, has_color));
            return Ok(());
        }
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::other("this is no terminal; `--once` prints one frame"));
        }
        let mut terminal = Terminal::enter()?;
        loop {
            let frame = next()?;
            loop {
                let (width, height) = terminal.size();
                terminal.show(&view::render(&frame, width, height, has_color))?;
                match terminal.wait(options.every)? {
                    Key::Quit => return Ok(()),
                    // At once: a frame that does not fit is hard to look at.
                    Key::Resized => {}
                    Key::None => break,
                }
            }
        }
    }

    /// `None`: help was asked for.
    fn parse(mut arguments: impl Iterator<Item = String>) -> io::Result<Option<Options>> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidInput, format!("{what}; see --help"));
        let mut options =
            Options { socket: None, serves: false, is_once: false, every: Duration::from_secs(1) };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--serve" => options.serves = true,
                "--once" => options.is_once = true,
                "--every" => {
                    let seconds = arguments.next().and_then(|seconds| seconds.parse::<f64>().ok());
                    let every = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                    let is_right = |every: &Duration| (0.05..=3600.0).contains(&every.as_secs_f64());
                    options.every = every
                        .filter(is_right)
                        .ok_or_else(|| wrong("--every takes seconds, from 0.05 to 3600".to_owned()))?;
                }
                option if option.starts_with('-') => {
                    return Err(wrong(format!("there is no option {option}")));
                }
                path if options.socket.is_none() => options.socket = Some(PathBuf::from(path)),
                second => return Err(wrong(format!("{second:?} is one socket too many"))),
            }
        }
        Ok(Some(options))
    }
}
