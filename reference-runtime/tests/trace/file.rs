//! The file: what is in it, and that a wrong one would be found.

use std::path::Path;

use reference_runtime::stages::{Front, Stage};
use reference_runtime::task;
use reference_runtime::trace::Recorder;
use serde_json::Value;

use super::{Scratch, check, record, runtime, turn, wait_once};

/// The events of a trace's file that have this name.
fn events(file: &Value, name: &str) -> Vec<Value> {
    let events = file["traceEvents"].as_array().expect("it was checked");
    events.iter().filter(|event| event["name"] == name).cloned().collect()
}

fn parsed(trace: &reference_runtime::trace::Trace) -> Value {
    let mut file = Vec::new();
    trace.write_to(&mut file).expect("a vector takes everything");
    serde_json::from_slice(&file).expect("it is JSON")
}

#[test]
fn odd_names_come_through() {
    const ODD: [&str; 5] =
        ["\"quoted\" \\ and \\u0041", "tab\tline\nnul\0del\x7f", "ключ 鍵 🔑", "</script>\u{2028}", ""];
    let trace = record(|| {
        let runtime = runtime(1);
        let _entered = runtime.enter();
        for name in ODD {
            let named = task::Builder::new().name(name.to_owned());
            runtime.block_on(named.spawn(async {}).expect("a runtime is entered"));
        }
        let odd = std::thread::Builder::new().name(ODD[0].to_owned());
        let handle = runtime.handle().clone();
        odd.spawn(move || drop(handle.spawn(async {}))).expect("a thread starts").join().expect("it spawns");
    });
    let file = parsed(&trace);
    for name in ODD {
        let polls = events(&file, name);
        assert!(polls.iter().any(|event| event["cat"] == "poll"), "{name:?} has no poll");
    }
    let threads = events(&file, "thread_name");
    assert!(threads.iter().any(|event| event["args"]["name"] == ODD[0]), "{threads:?}");
}

#[test]
fn a_name_given_before_the_recording_is_in_it() {
    let _turn = turn();
    let runtime = runtime(1);
    let (send, receive) = futures::channel::oneshot::channel::<()>();
    let named = task::Builder::new().name("letters".to_owned());
    let waits = {
        let _entered = runtime.enter();
        let waits = async move {
            receive.await.expect("it is sent");
            std::future::pending::<()>().await;
        };
        named.spawn(waits).expect("a runtime is entered")
    };
    runtime.block_on(runtime.spawn(async {}));
    let recording = Recorder::new().start().expect("the others wait for their turns");
    send.send(()).expect("it waits");
    // One worker: when this is done, the other waits again.
    runtime.block_on(runtime.spawn(async {}));
    let snapshot = recording.stop();
    drop(waits);
    let id = snapshot.events().find_map(|event| match event.what {
        reference_runtime::trace::What::Woken { task, .. } => Some(task),
        _ => None,
    });
    assert_eq!(snapshot.task_name(id.expect("it was woken")), Some("letters"));
}

#[test]
fn wakes_lead_to_polls() {
    let mut waits = None;
    let trace = record(|| waits = Some(wait_once(&runtime(1))));
    let file = parsed(&trace);
    let wakes = events(&file, "wake");
    let begun: Vec<_> = wakes.iter().filter(|event| event["ph"] == "s").map(|event| &event["id"]).collect();
    let ended: Vec<_> = wakes.iter().filter(|event| event["ph"] == "f").map(|event| &event["id"]).collect();
    assert!(!begun.is_empty());
    assert_eq!(begun, ended);
    let polls = events(&file, &format!("task {}", waits.expect("it ran")));
    assert_eq!(polls.len(), 2);
    assert_eq!(polls[1]["args"]["result"], "ready");
    assert_eq!(file["otherData"]["workers"], 1);
}

#[test]
fn every_stage_with_threads_records() {
    for stage in Stage::ALL.into_iter().filter(|stage| *stage >= Stage::S2Executor) {
        let trace = record(|| {
            let front = Front::new(stage, 2).expect("a stage starts");
            let spawning = front.clone();
            let sum = front.block_on(async move {
                let task = spawning.spawn_named("adds".to_owned(), async { 1 + 1 });
                task.await
            });
            assert_eq!(sum, 2);
        });
        let file = parsed(&trace);
        let polls = events(&file, "adds");
        assert_eq!(polls.len(), 1, "{stage}");
        // Stage 2 has one thread, which is no processor.
        let processor = &polls[0]["args"]["processor"];
        assert_eq!(processor.is_number(), stage > Stage::S2Executor, "{stage}: {processor}");
    }
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let trace = record(|| ());
    let file = Scratch::new("replaced");
    std::fs::write(&file.0, "what was there before").expect("it can be written");
    trace.save(&file.0).expect("it can be replaced");
    check::check(&std::fs::read_to_string(&file.0).expect("it is there")).expect("it is a trace");
    let error = trace.save(file.0.join("below a file")).expect_err("a file is no folder");
    assert!(file.0.exists(), "{error}");
}

#[test]
fn the_traces_of_the_book_are_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/data/traces");
    for name in ["s4", "s5", "s6", "s7"] {
        let path = folder.join(name).with_extension("json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        check::check(&text).unwrap_or_else(|what| panic!("{name}: {what}"));
        assert!(text.len() <= 150_000, "{name} has {} bytes", text.len());
    }
}

#[test]
fn a_corrupted_file_is_found() {
    let trace = record(|| _ = wait_once(&runtime(1)));
    let file = parsed(&trace);
    let first = |file: &Value, phase: &str| {
        let events = file["traceEvents"].as_array().expect("it was checked");
        events.iter().position(|event| event["ph"] == phase).expect("there is one of each phase")
    };
    let refused = |what: &str, spoil: &dyn Fn(&mut Value)| {
        let mut spoiled = file.clone();
        spoil(&mut spoiled);
        let error = check::check(&spoiled.to_string()).expect_err(what);
        assert!(error.contains(what), "{error:?} does not say {what:?}");
    };
    check::check(&file.to_string()).expect("unspoiled it is in order");
    assert!(check::check("{").is_err_and(|what| what.contains("no JSON")));
    refused("none of ours", &|file| file["otherData"]["format"] = "another".into());
    refused("otherData.dropped", &|file| file["otherData"]["dropped"] = "none".into());
    refused("no traceEvents", &|file| file["traceEvents"] = Value::Null);
    let spoil = |phase: &'static str, field: &'static str, value: Value| {
        move |file: &mut Value| {
            let at = first(file, phase);
            file["traceEvents"][at][field] = value.clone();
        }
    };
    refused("phase \"Q\" is unknown", &spoil("X", "ph", "Q".into()));
    refused("ts is no time", &spoil("X", "ts", "soon".into()));
    refused("ts is no time", &spoil("X", "ts", (-1.0).into()));
    refused("dur is no time", &spoil("X", "dur", Value::Null));
    refused("goes back in time", &spoil("X", "ts", 1e12.into()));
    refused("cat is no text", &spoil("X", "cat", Value::Null));
    refused("pid is no number", &spoil("X", "pid", "1".into()));
    refused("has no name", &spoil("X", "tid", 999.into()));
    refused("args is no object", &spoil("X", "args", 7.into()));
    refused("scope \"x\" is unknown", &spoil("i", "s", "x".into()));
    refused("never ends", &|file| {
        let at = first(file, "f");
        file["traceEvents"].as_array_mut().expect("it was checked").remove(at);
    });
    refused("ends without a begin", &|file| {
        let at = first(file, "s");
        file["traceEvents"].as_array_mut().expect("it was checked").remove(at);
    });
    refused("does not bind", &spoil("f", "bp", Value::Null));
    refused("begins twice", &|file| {
        let at = first(file, "s");
        let again = file["traceEvents"][at].clone();
        file["traceEvents"].as_array_mut().expect("it was checked").insert(at, again);
    });
    refused("ends after the slice it is in", &|file| {
        let at = first(file, "X");
        let mut inside = file["traceEvents"][at].clone();
        inside["dur"] = (inside["dur"].as_f64().expect("it was checked") * 2.0 + 1.0).into();
        inside["ts"] = (inside["ts"].as_f64().expect("it was checked") + 0.001).into();
        file["traceEvents"][at]["dur"] = 1.0.into();
        file["traceEvents"].as_array_mut().expect("it was checked").insert(at + 1, inside);
    });
    refused("metadata of the wrong type", &|file| {
        let at = first(file, "M");
        file["traceEvents"][at]["args"]["name"] = 7.into();
    });
}
