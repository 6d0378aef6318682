//! Conversations with child processes over their standard streams.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::LONG;

/// Tells a child which scenario it is for.
const SCENARIO: &str = "REFERENCE_RUNTIME_TEST_STREAMS";
/// What a child writes before all else: what comes before it is of the test's frame.
const BEGIN: &str = "BEGIN\n";
/// How a child says that it came to the end of its scenario.
const DONE: i32 = 33;

/// A child, and what it says on its error output.
pub(crate) struct Talk {
    pub(crate) child: Child,
    errors: mpsc::Receiver<String>,
}

/// Runs `child_part` in a child process of its own, and `parent_part` here, which has the other ends of its streams. A
/// child that hangs is killed.
pub(crate) fn talk(
    test: &str,
    scenario: &str,
    child_part: impl FnOnce(&str),
    parent_part: impl FnOnce(&mut Talk),
) {
    if let Ok(scenario) = std::env::var(SCENARIO) {
        print!("{BEGIN}");
        io::stdout().flush().expect("somebody reads");
        let ended = catch_unwind(AssertUnwindSafe(|| child_part(&scenario)));
        let _ = io::stdout().flush();
        process::exit(if ended.is_ok() { DONE } else { 1 });
    }
    let mut child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args([test, "--exact", "--nocapture"])
        .env(SCENARIO, scenario)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test binary starts once more");
    let stdout = child.stdout.as_mut().expect("it is piped");
    // Byte by byte, so that nothing behind it is taken.
    let mut begin = Vec::new();
    while !begin.ends_with(BEGIN.as_bytes()) {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("the child begins");
        begin.push(byte[0]);
    }
    let (said, errors) = mpsc::channel();
    let stderr = io::BufReader::new(child.stderr.take().expect("it is piped"));
    thread::spawn(move || stderr.lines().map_while(Result::ok).all(|line| said.send(line).is_ok()));
    let mut talk = Talk { child, errors };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        parent_part(&mut talk);
        talk.ends();
    }));
    if let Err(panic) = ended {
        let _ = talk.child.kill();
        let _ = talk.child.wait();
        eprintln!("{scenario}: the child said: {:?}", talk.complaints());
        std::panic::resume_unwind(panic);
    }
}

impl Talk {
    pub(crate) fn stdin(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("it is not closed")
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.stdin().write_all(text.as_bytes()).expect("the child reads");
    }

    pub(crate) fn close(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What is left of the child's error output, once it has ended.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.errors.iter().collect()
    }

    /// The next line of the child's error output.
    #[track_caller]
    pub(crate) fn hear(&self, expected: &str) {
        let line = self.errors.recv_timeout(LONG).expect("the child says something");
        assert_eq!(line, expected);
    }

    /// All that is left of the child's output.
    pub(crate) fn rest(&mut self) -> String {
        let mut text = String::new();
        self.child.stdout.take().expect("once").read_to_string(&mut text).expect("it is text");
        text
    }

    #[track_caller]
    pub(crate) fn ends(&mut self) {
        let deadline = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            assert!(Instant::now() < deadline, "the child hangs");
            // The pace of the watchdog.
            thread::sleep(Duration::from_millis(2));
        };
        assert_eq!(status.code(), Some(DONE));
    }
}
