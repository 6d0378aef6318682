//! Metrics: what is counted and measured, as a table, as a map, and for Prometheus.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use common::{Cause, Gate, LONG, run, until};
use reference_runtime::{Builder, Runtime, task};

fn runtime(adjust: impl FnOnce(&mut Builder)) -> Runtime {
    let mut builder = Runtime::builder();
    builder.worker_threads(1);
    adjust(&mut builder);
    builder.build().expect("a runtime starts")
}

#[test]
fn every_poll_is_measured_if_that_is_asked_for() {
    const YIELDS: u64 = 1000;
    let yields = async {
        for _ in 0..YIELDS {
            task::yield_now().await;
        }
    };
    let measured = runtime(|builder| _ = builder.measure_polls(true));
    run(&measured, measured.spawn(yields));
    // The last poll is over a moment after its task is.
    until("all are there", || measured.metrics().poll_times().count() > YIELDS);
    let metrics = measured.metrics();
    assert!(metrics.poll_times().longest() <= metrics.poll_times().sum());
    let waits = metrics.schedule_latencies().count();
    assert!(waits > YIELDS / 32 && waits <= YIELDS / 8, "one in sixteen: {waits}");

    let unmeasured = runtime(|_| ());
    run(&unmeasured, unmeasured.spawn(async {}));
    assert_eq!(unmeasured.metrics().poll_times().count(), 0);
    assert_eq!(unmeasured.metrics().schedule_latencies().count(), 0);
}

#[test]
fn polls_of_threads_that_ended_stay_measured() {
    let runtime = runtime(|builder| {
        builder.measure_polls(true).thread_keep_alive(std::time::Duration::from_millis(1));
    });
    for _ in 0..5 {
        run(&runtime, runtime.spawn_blocking(|| ()));
        until("its thread has ended", || runtime.metrics().threads() == 1);
    }
    assert!(runtime.metrics().poll_times().count() >= 5);
}

#[test]
fn a_rescue_is_measured_and_the_blocked_thread_counted() {
    let runtime = runtime(|_| ());
    let gate = Gate::closed();
    let closed = gate.clone();
    let blocked = runtime.spawn(async move { closed.pass(Cause::EmptyPipe) });
    run(&runtime, runtime.spawn(async {}));
    let metrics = runtime.metrics();
    assert_eq!(metrics.blocked_threads(), 1, "{metrics}");
    assert_eq!(metrics.rescue_latencies().count(), metrics.hand_offs(), "{metrics}");
    assert!(metrics.rescue_latencies().count() >= 1 && metrics.rescue_latencies().longest() < LONG);
    // A closure says that it blocks.
    let (end, ended) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let closure = runtime.spawn_blocking(move || {
        tell.send(()).expect("the test listens");
        ended.recv()
    });
    told.recv_timeout(LONG).expect("it runs");
    assert_eq!(runtime.metrics().blocked_threads(), 1);
    drop(end);
    let _ = run(&runtime, closure);
    gate.open();
    run(&runtime, blocked);
    until("it is back", || runtime.metrics().blocked_threads() == 0);
}

/// Without a monitor nobody hands off, so what is queued behind a task that blocks stays there.
#[test]
fn depths_are_those_of_the_queues() {
    let runtime = runtime(|builder| _ = builder.handoff_after(None));
    let gate = Gate::closed();
    let closed = gate.clone();
    let (tell, told) = mpsc::channel();
    let blocked = runtime.spawn(async move {
        for _ in 0..5 {
            task::spawn(async {}).detach();
        }
        tell.send(()).expect("the test listens");
        closed.pass(Cause::Park);
    });
    told.recv_timeout(LONG).expect("it runs");
    for _ in 0..3 {
        runtime.spawn(async {}).detach();
    }
    let metrics = runtime.metrics();
    gate.open();
    run(&runtime, blocked);
    assert_eq!(metrics.worker_depths(), [5], "{metrics}");
    assert_eq!(metrics.injector_depth(), 3, "{metrics}");
    assert_eq!((metrics.blocking_lane_depth(), metrics.computing_lane_depth()), (0, 0));
    assert_eq!(metrics.tasks(), 9);
}

#[test]
fn the_table_has_a_line_for_each_figure() {
    let metrics = runtime(|_| ()).metrics();
    let table = metrics.to_string();
    assert_eq!(table.lines().count(), 23, "{table}");
    for line in [
        "workers                       1",
        "hand offs                     0",
        "poll times                    0",
    ] {
        assert!(table.lines().any(|of_table| of_table == line), "{table}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn the_map_has_every_figure() {
    let runtime = runtime(|builder| _ = builder.measure_polls(true));
    run(&runtime, runtime.spawn(async {}));
    until("it is measured", || runtime.metrics().poll_times().count() > 0);
    let metrics = runtime.metrics();
    let map = serde_json::to_value(&metrics).expect("it serialises");
    assert_eq!(map["workers"], 1);
    assert_eq!(map["worker_depths"], serde_json::json!([0]));
    assert_eq!(map["poll_times"]["count"], metrics.poll_times().count());
    assert_eq!(
        map["poll_times"]["buckets"].as_array().map(Vec::len),
        Some(metrics.poll_times().buckets().count())
    );
    assert_eq!(map.as_object().map(serde_json::Map::len), Some(23));
}

/// The example of that name, which `cargo test` builds beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(Path::parent).expect("it is in a folder of the build's");
    folder.join("examples").join("metrics")
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    // In two pieces, as a slow client would.
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n").expect("it reads");
    write!(stream, "\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn the_example_serves_what_prometheus_reads() {
    let mut example = Command::new(example())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo test` builds the examples; `cargo test --test` alone does not");
    let mut said = String::new();
    let stdout = example.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut said).expect("it says where it listens");
    let address =
        said.trim().trim_start_matches("listening on http://").trim_end_matches("/metrics").to_owned();
    get(&address, "/");
    let answer = get(&address, "/metrics");
    assert!(get(&address, "/nowhere").starts_with("HTTP/1.1 404 "));
    drop(example.stdin.take());
    assert!(example.wait().expect("it is ours").success());
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("version=0.0.4"), "{head}");
    let mut types = std::collections::HashMap::new();
    for line in body.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["#", "HELP", ..] => {}
            ["#", "TYPE", name, kind] => {
                assert!(types.insert(name, kind).is_none(), "{name} twice");
            }
            [sample, value] => {
                let name = sample.split('{').next().expect("a name");
                let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| {
                    name.strip_suffix(end).filter(|family| types.get(family) == Some(&"histogram"))
                });
                let family = family.unwrap_or(name);
                assert!(types.contains_key(family), "{line} has no type");
                assert!(value.parse::<f64>().is_ok_and(|value| value >= 0.0), "{line}");
                assert!(types[family] != "counter" || family.ends_with("_total"), "{line}");
            }
            _ => panic!("{line}"),
        }
    }
    let polls = body.lines().find_map(|line| line.strip_prefix("runtime_poll_seconds_count "));
    assert!(polls.is_some_and(|polls| polls.parse::<u64>().is_ok_and(|polls| polls > 0)), "{body}");
    assert!(body.contains("runtime_poll_seconds_bucket{le=\"0.000001\"} "), "{body}");
}
