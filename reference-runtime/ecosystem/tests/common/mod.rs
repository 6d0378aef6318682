//! What the tests share: programs of `examples` as child processes, a server, and a client that is read by hand.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

pub(crate) mod served;

/// Much longer than anything takes but a hang.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Every example, so that one call of cargo builds them all.
const EXAMPLES: &[&str] = &[
    "axum_server",
    "configured_over_http",
    "diesel_sqlite",
    "from_async_std_after",
    "from_async_std_before",
    "from_smol_after",
    "from_smol_before",
    "from_tokio_after",
    "from_tokio_before",
    "hyper_client",
    "hyper_server",
    "pooled_client",
    "samples",
    "samples_full",
    "samples_load",
    "samples_tokio_direct",
    "samples_tokio_moved",
    "tokio_only",
];

/// The built example. Cargo builds it beside the tests only when it is not told which tests to build, so this may have to
/// ask again. Not always: with what else is built along, its dependencies have other features, and are built anew.
pub(crate) fn example(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let file = |folder: &Path, name: &str| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let folder = FOLDER.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let test = env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("the profile's directory");
        let folder = profile.join("examples");
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [package.join("src"), package.join("examples"), package.join("../src")];
        let newest = sources.iter().map(|folder| newest(folder)).max().expect("three folders");
        if EXAMPLES.iter().all(|name| is_newer(&file(&folder, name), newest)) {
            return folder;
        }
        let name = match profile.file_name().and_then(|name| name.to_str()).expect("the profile's name") {
            "debug" => "dev",
            name => name,
        };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--profile", name]);
        for example in EXAMPLES {
            build.args(["--example", example]);
        }
        let target = profile.parent().expect("the target directory");
        build.arg("--target-dir").arg(target).current_dir(package);
        assert!(build.status().expect("cargo runs").success(), "the examples build");
        folder
    });
    file(folder, name)
}

/// When a file below `folder` was last changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).expect("the sources can be read");
    let times = entries.map(|entry| {
        let path = entry.expect("a folder that was opened can be read").path();
        if path.is_dir() { newest(&path) } else { changed(&path).expect("a file has a time") }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn is_newer(file: &Path, time: SystemTime) -> bool {
    changed(file).is_ok_and(|changed| changed > time)
}

fn changed(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

/// Runs an example to its end.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(example(name)).args(arguments).stdin(Stdio::null()).output().expect("the example runs")
}

/// What an example prints. It must end well.
pub(crate) fn printed(name: &str, arguments: &[&str]) -> String {
    let output = run(name, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// An example that serves until its input ends.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) fn start(name: &str) -> Program {
        Program::start_with(name, &[])
    }

    /// With more arguments than the address.
    pub(crate) fn start_with(name: &str, arguments: &[&str]) -> Program {
        let mut child = Command::new(example(name))
            .arg("127.0.0.1:0")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/');
        let address = address.parse().unwrap_or_else(|_| panic!("no address: {line:?}"));
        Program { input: child.stdin.take(), child, address }
    }

    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said on stderr, once it has ended.
    pub(crate) fn said(&mut self) -> String {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut said).expect("UTF-8");
        said
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            // The pace of the looks.
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, read by hand.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(LONG)).expect("a socket has time-outs");
        stream.set_nodelay(true).expect("a socket has this option");
        Client { reader: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).expect("the server reads");
    }

    /// Sends what a server that has made up its mind may no longer read.
    pub(crate) fn send_in_vain(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        self.answer()
    }

    /// The next answer. Its body must have a length.
    pub(crate) fn answer(&mut self) -> Answer {
        let (status, headers) = self.head();
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").expect("an answer has a length");
        answer.body = vec![0; length.parse().expect("a length is a number")];
        self.reader.read_exact(&mut answer.body).expect("a whole body");
        answer
    }

    pub(crate) fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let first = self.line();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {first:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { return (status, headers) };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line");
        assert!(line.ends_with("\r\n"), "not a whole line: {line:?}");
        line.trim_end().to_owned()
    }

    /// Whether the server has closed the connection, waiting for it to do so.
    pub(crate) fn is_at_end(&mut self) -> bool {
        match self.reader.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    pub(crate) fn read_some(&mut self, count: usize) {
        self.reader.read_exact(&mut vec![0; count]).expect("some bytes");
    }
}

/// Looks until `is_so`. What is waited for happens by itself; the sleep is the pace of the looks.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
