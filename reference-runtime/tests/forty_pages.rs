//! The example `forty_pages`, run as its users run it, and its server.

#![cfg(not(reference_runtime_loom))]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use page::{CHECKSUM_HEADER, LENGTH_HEADER, checksum, page};
use server::PageServer;

#[path = "../examples/forty_pages/page.rs"]
mod page;
#[path = "../examples/forty_pages/server.rs"]
mod server;

// The example as a program.

#[test]
fn json_has_a_line_for_each_of_the_11_runs() {
    let output = demo(&["--pages", "5", "--latency", "5", "--json"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    let mut runs = Vec::new();
    for line in text(&output.stdout).lines() {
        let run: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert_eq!(run.as_object().expect("an object").len(), 6, "{line}");
        assert!(run["ms"].as_f64().expect("a time") >= 5.0, "{line}");
        if cfg!(target_os = "linux") {
            assert!(run["threads"].as_u64().expect("a number of threads") >= 1, "{line}");
            assert!(run["switches"].as_u64().expect("a number of switches") >= 1, "{line}");
        }
        runs.push(["stage", "client", "mode"].map(|key| run[key].as_str().expect("a name").to_string()));
    }
    let mut expected = Vec::new();
    for stage in ["s5_spawn_blocking", "s6_block_in_place", "s7_adaptive"] {
        expected.push([stage, "surf", "async"]);
        expected.push([stage, "attohttpc", "direct"]);
        expected.push([stage, "attohttpc", "spawn_blocking"]);
        if stage != "s5_spawn_blocking" {
            expected.push([stage, "attohttpc", "block_in_place"]);
        }
    }
    assert_eq!(runs, expected);
}

#[test]
fn the_table_fits_80_columns_and_has_12_rows() {
    let output = demo(&["--pages", "3", "--latency", "1", "--workers", "1"]);
    assert!(output.status.success(), "{output:?}");
    let table = text(&output.stdout);
    assert!(table.starts_with("3 pages of 5 to 120 KiB after 1 ms each, all at once, 1 worker\n"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let rows = table.lines().filter(|line| line.starts_with("surf ") || line.starts_with("attohttpc "));
    assert_eq!(rows.count(), 12, "{table}");
    assert_eq!(table.matches("(from s6)").count(), 1, "{table}");
    assert!(table.matches("     1.0\n").count() >= 3, "surf compared with itself:\n{table}");
}

#[test]
fn the_filters_leave_one_run_over() {
    let output =
        demo(&["--pages", "1", "--latency", "0", "--json", "--stage", "s7_adaptive", "--mode", "direct"]);
    let lines = text(&output.stdout);
    assert_eq!(lines.lines().count(), 1, "{output:?}");
    assert!(
        lines.starts_with(r#"{"stage":"s7_adaptive","client":"attohttpc","mode":"direct","ms":"#),
        "{lines}"
    );
}

#[test]
fn help_names_every_option() {
    let output = demo(&["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for option in ["pages", "latency", "url", "workers", "stage", "client", "mode", "limit", "json", "help"] {
        assert!(help.contains(&format!("\n  --{option} ")), "{option}");
    }
    assert!(!help.contains("measure"), "hidden options are hidden");
}

#[test]
fn a_misuse_gives_one_sentence() {
    for (arguments, expected) in [
        (&["--pages", "x"][..], "--pages takes a whole number from 1 to 10000, not \"x\""),
        (&["--pages", "0"], "--pages takes a whole number from 1 to 10000, not \"0\""),
        (&["--pages", "-3"], "--pages takes"),
        (&["--pages"], "--pages takes a value"),
        (&["--latency", "-1"], "--latency takes a whole number from 0 to 10000, not \"-1\""),
        (&["--workers", "0"], "--workers takes"),
        (&["--limit", "soon"], "--limit takes"),
        (&["--stage", "s4_reactor"], "--stage takes s5_spawn_blocking, s6_block_in_place, s7_adaptive, not"),
        (&["--client", "curl"], "--client takes surf, attohttpc, not"),
        (&["--mode", "sync"], "--mode takes async, direct, spawn_blocking, block_in_place, not"),
        (&["--client", "surf", "--mode", "direct"], "no run has that stage, client and mode together"),
        (&["--url", "pages"], "--url takes an http:// address, not \"pages\""),
        (&["--url", "https://127.0.0.1:1"], "--url takes an http:// address, not https://127.0.0.1:1/"),
        (&["--url", "http://127.0.0.1:1", "--latency", "1"], "--latency sets the demo's own server"),
        (&["--fast"], "there is no option --fast"),
        (&["40"], "there is no option 40"),
        (&["--measure"], "--measure is for the demo itself"),
    ] {
        assert_one_sentence(&demo(arguments), expected);
    }
}

#[test]
fn an_unreachable_server_gives_one_sentence() {
    let expected = "cannot reach http://127.0.0.1:1: ";
    assert_one_sentence(&demo(&["--url", "http://127.0.0.1:1", "--json"]), expected);
    // The measuring process finds out by itself as well.
    let arguments = ["--measure", "--url", "http://127.0.0.1:1", "--stage", "s7_adaptive", "--mode", "async"];
    assert_one_sentence(&demo(&arguments), expected);
}

#[test]
fn an_error_status_gives_one_sentence() {
    let server =
        canned(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry");
    for client in ["surf", "attohttpc"] {
        let output = demo(&["--url", &server, "--pages", "2", "--client", client, "--json"]);
        assert_one_sentence(&output, &format!("s5_spawn_blocking, {client} "));
        let sentence = text(&output.stderr);
        assert!(sentence.ends_with("answered with status 500 instead of 200\n"), "{sentence}");
        assert!(sentence.contains("/page/"), "{sentence}");
    }
}

#[test]
fn a_page_that_ends_in_mid_body_gives_one_sentence() {
    let server = canned(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n<html>");
    for mode in ["async", "direct", "spawn_blocking", "block_in_place"] {
        let output =
            demo(&["--url", &server, "--pages", "2", "--stage", "s7_adaptive", "--mode", mode, "--json"]);
        assert_one_sentence(&output, "s7_adaptive, ");
        assert!(text(&output.stderr).ends_with(" ended after 6 of 5000 bytes\n"), "{output:?}");
    }
}

#[test]
fn a_chunk_that_ends_too_early_gives_one_sentence() {
    let server =
        canned(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1388\r\n<html>");
    for client in ["surf", "attohttpc"] {
        let output = demo(&["--url", &server, "--pages", "2", "--client", client, "--json"]);
        assert_one_sentence(&output, &format!("s5_spawn_blocking, {client} "));
        assert!(text(&output.stderr).contains(": cannot fetch http://127.0.0.1:"), "{output:?}");
    }
}

#[test]
fn a_page_whose_end_is_unknown_gives_one_sentence() {
    let server = canned(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>");
    let output = demo(&["--url", &server, "--pages", "1", "--json"]);
    assert_one_sentence(&output, "s5_spawn_blocking, surf async: ");
    assert!(
        text(&output.stderr).contains("/page/0 came without Content-Length and without chunks"),
        "{output:?}"
    );
}

#[test]
fn a_server_that_never_answers_is_given_up_and_the_stage_named() {
    let server = canned(b"");
    let started = Instant::now();
    let output =
        demo(&["--url", &server, "--pages", "1", "--stage", "s6_block_in_place", "--limit", "1", "--json"]);
    assert_one_sentence(&output, "s6_block_in_place, surf async: not done after 1 s, so it was stopped");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_page_that_lies_about_itself_is_found_out() {
    let url =
        canned(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Page-Length: 2\r\nX-Page-Checksum: 00\r\n\r\nhi");
    let bare = canned(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    for mode in ["async", "direct"] {
        let verified = |url: &str| {
            demo(&[
                "--measure",
                "--verify",
                "--stage",
                "s5_spawn_blocking",
                "--mode",
                mode,
                "--pages",
                "1",
                "--url",
                url,
            ])
        };
        assert_one_sentence(&verified(&url), &format!("{url}/page/0 does not match its checksum"));
        assert_one_sentence(&verified(&bare), &format!("{bare}/page/0 came without its length"));
    }
}

#[test]
fn another_server_is_asked_for_numbered_pages_below_its_address() {
    static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let address = answering(|head| {
        let line = head.lines().next().unwrap_or_default().to_string();
        ASKED.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    });
    for mode in ["async", "direct"] {
        ASKED.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let url = format!("http://{address}/some/where/");
        let output = demo(&["--url", &url, "--pages", "2", "--stage", "s7_adaptive", "--mode", mode]);
        assert!(output.status.success(), "{output:?}");
        assert!(
            text(&output.stdout).starts_with(&format!("2 pages of http://{address}/some/where, all at once"))
        );
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner).clone();
        asked.sort();
        assert_eq!(asked, ["GET /some/where/page/0 HTTP/1.1", "GET /some/where/page/1 HTTP/1.1"]);
    }
}

/// surf and async-h1 link async-std, so this looks whether any of its threads, which have names, is ever there.
#[test]
#[cfg(target_os = "linux")]
fn surf_starts_no_other_runtime() {
    let server = PageServer::start(Duration::from_millis(200)).expect("a server");
    let url = format!("http://{}", server.address());
    let mut child = Command::new(program())
        .args([
            "--measure",
            "--verify",
            "--stage",
            "s7_adaptive",
            "--mode",
            "async",
            "--pages",
            "8",
            "--url",
            &url,
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut looks = 0;
    while child.try_wait().expect("a child").is_none() {
        for name in thread_names(child.id()) {
            assert!(!name.starts_with("async-") && !name.starts_with("blocking-"), "{name}");
            looks += 1;
        }
        thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("a child").success());
    assert!(looks > 0);
}

#[cfg(target_os = "linux")]
fn thread_names(process: u32) -> Vec<String> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("comm")).ok()).collect()
}

// Its server.

#[test]
fn the_server_keeps_a_connection_for_many_pages() {
    let server = PageServer::start(Duration::ZERO).expect("a server");
    let mut client = Client::connect(server.address());
    // 3 and 67 come in chunks, and 67 is 3 again.
    for number in [0, 3, 1, 67, 64] {
        let (status, headers, body) = client.get(&format!("/page/{number}"), "HTTP/1.1", "");
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(body, page(number));
        assert_eq!(header(&headers, LENGTH_HEADER), Some(body.len().to_string()));
        assert_eq!(header(&headers, CHECKSUM_HEADER), Some(format!("{:016x}", checksum(&body))));
        assert_eq!(header(&headers, "transfer-encoding").is_some(), number % 4 == 3);
        assert_eq!(header(&headers, "content-length").is_none(), number % 4 == 3);
        assert_eq!(header(&headers, "connection"), Some("keep-alive".into()));
    }
}

#[test]
fn the_server_closes_a_connection_when_asked() {
    let server = PageServer::start(Duration::ZERO).expect("a server");
    for (version, connection, closes) in [
        ("HTTP/1.1", "Connection: close\r\n", true),
        ("HTTP/1.1", "connection: Close\r\n", true),
        ("HTTP/1.0", "", true),
        ("HTTP/1.0", "Connection: keep-alive\r\n", false),
    ] {
        let mut client = Client::connect(server.address());
        let (_, headers, body) = client.get("/page/3", version, connection);
        assert_eq!(body, page(3));
        assert_eq!(header(&headers, "connection").as_deref() == Some("close"), closes);
        if closes {
            assert!(client.is_at_end());
        } else {
            assert_eq!(client.get("/page/2", version, connection).2, page(2));
        }
    }
}

#[test]
fn the_server_refuses_what_it_does_not_know() {
    let server = PageServer::start(Duration::ZERO).expect("a server");
    let mut client = Client::connect(server.address());
    assert_eq!(client.get("/", "HTTP/1.1", "").0, "HTTP/1.1 404 Not Found");
    assert_eq!(client.get("/page/x", "HTTP/1.1", "").0, "HTTP/1.1 404 Not Found");
    assert_eq!(client.ask("PUT /page/1 HTTP/1.1\r\n\r\n").0, "HTTP/1.1 405 Method Not Allowed");
    // The connection is still good, and a body that nobody wants is skipped.
    assert_eq!(client.get("/page/1", "HTTP/1.1", "").2, page(1));
    assert_eq!(client.ask("GET /page/1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody").2, page(1));
    assert_eq!(client.ask("what\r\n\r\n").0, "HTTP/1.1 400 Bad Request");
    assert!(client.is_at_end());
    let mut client = Client::connect(server.address());
    assert_eq!(
        client.ask("GET /page/1 HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n").0,
        "HTTP/1.1 413 Content Too Large"
    );
    assert!(client.is_at_end());
}

#[test]
fn the_server_waits_before_each_page() {
    let latency = Duration::from_millis(30);
    let server = PageServer::start(latency).expect("a server");
    let mut client = Client::connect(server.address());
    for _ in 0..2 {
        let asked = Instant::now();
        client.get("/page/0", "HTTP/1.1", "");
        assert!(asked.elapsed() >= latency);
    }
}

#[test]
fn a_dropped_server_listens_no_more() {
    let server = PageServer::start(Duration::ZERO).expect("a server");
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn pages_are_of_many_sizes_and_always_the_same() {
    let sizes: Vec<usize> = (0..40).map(|number| page(number).len()).collect();
    assert!(sizes.iter().all(|size| (5 * 1024..=120 * 1024).contains(size)), "{sizes:?}");
    assert!(
        sizes.iter().any(|&size| size < 20 * 1024) && sizes.iter().any(|&size| size > 100 * 1024),
        "{sizes:?}"
    );
    assert_eq!(checksum(&page(7)), checksum(&page(7)));
    assert_ne!(checksum(&page(7)), checksum(&page(8)));
    // The published test vector of FNV-1a.
    assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
}

/// Runs the example to its end.
fn demo(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("the example runs")
}

/// The built example. Cargo builds it beside the tests only when it is not told which tests to build, so this asks again.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let test = env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("the profile's directory");
        let target = profile.parent().expect("the target directory");
        let name = match profile.file_name().and_then(|name| name.to_str()).expect("the profile's name") {
            "debug" => "dev",
            name => name,
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "reference-runtime", "--example", "forty_pages"])
            .args(["--profile", name, "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the example builds");
        profile.join("examples").join(format!("forty_pages{}", env::consts::EXE_SUFFIX))
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn assert_one_sentence(output: &Output, expected: &str) {
    let sentence = text(&output.stderr);
    assert!(sentence.starts_with(expected), "{expected:?} is not how this begins: {output:?}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert!(!sentence.contains("panicked"), "{sentence}");
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "");
}

/// The URL of a server that answers everything with the same bytes and closes; an empty answer never comes.
fn canned(answer: &'static [u8]) -> String {
    format!("http://{}", answering(move |_| answer))
}

/// A server that answers one request for each connection.
fn answering(answer: impl Fn(&str) -> &'static [u8] + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let mut unanswered = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("a descriptor"));
            while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
            if head.is_empty() {
                continue;
            }
            match answer(&head) {
                b"" => unanswered.push(stream),
                answer => drop(stream.write_all(answer)),
            }
        }
    });
    address
}

/// One connection, read by hand.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: SocketAddr) -> Client {
        let stream = TcpStream::connect(server).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Client(BufReader::new(stream))
    }

    fn get(&mut self, path: &str, version: &str, headers: &str) -> (String, Vec<String>, Vec<u8>) {
        self.ask(&format!("GET {path} {version}\r\nHost: pages\r\n{headers}\r\n"))
    }

    fn ask(&mut self, request: &str) -> (String, Vec<String>, Vec<u8>) {
        self.0.get_mut().write_all(request.as_bytes()).expect("a server that reads");
        let status = self.line();
        let mut headers = Vec::new();
        loop {
            match self.line() {
                line if line.is_empty() => break,
                line => headers.push(line),
            }
        }
        let mut body = Vec::new();
        if let Some(length) = header(&headers, "content-length") {
            body = self.bytes(length.parse().expect("a length"));
        } else {
            loop {
                let size = usize::from_str_radix(&self.line(), 16).expect("a chunk's size");
                body.extend(self.bytes(size));
                assert_eq!(self.line(), "");
                if size == 0 {
                    break;
                }
            }
        }
        (status, headers, body)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        line.strip_suffix("\r\n").expect("a whole line").to_string()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).expect("a whole body");
        bytes
    }

    fn is_at_end(&mut self) -> bool {
        self.0.fill_buf().expect("an end").is_empty()
    }
}

fn header(headers: &[String], name: &str) -> Option<String> {
    let named = |header: &String| {
        let (left, value) = header.split_once(':')?;
        left.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
    };
    headers.iter().find_map(named)
}
