//! What a recording says about programs of which it is known what they do, and whether its file is in order.
//!
//! There is one recording in a process at a time, so these tests take turns.

mod check;
mod events;
mod file;
mod limits;
#[cfg(unix)]
mod top;
mod variable;

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;
use reference_runtime::task::{Id, JoinHandle};
use reference_runtime::trace::{Event, Recorder, Trace, What};
use reference_runtime::{Builder, Runtime};

/// The turn of a test.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is recorded while `run` runs. Every trace of every test is checked.
fn record(run: impl FnOnce()) -> Trace {
    let _turn = turn();
    let recording = Recorder::new().start().expect("the others wait for their turns");
    run();
    let trace = recording.stop();
    assert_eq!(trace.dropped(), 0);
    assert_in_order(&trace);
    trace
}

fn assert_in_order(trace: &Trace) {
    let mut file = Vec::new();
    trace.write_to(&mut file).expect("a vector takes everything");
    let file = String::from_utf8(file).expect("a file is UTF-8");
    if let Err(what) = check::check(&file) {
        panic!("{what}:\n{file}");
    }
}

/// A runtime that does nothing by itself: without a monitor.
fn runtime(workers: usize) -> Runtime {
    Builder::new().worker_threads(workers).handoff_after(None).build().expect("a runtime starts")
}

/// A task of a runtime with one worker sleeps and is woken by another one. Its number.
fn wait_once(runtime: &Runtime) -> u64 {
    let (send, receive) = oneshot::channel::<()>();
    let waits = runtime.spawn(async { receive.await.expect("it is sent") });
    let id = id(&waits);
    // One worker: this is polled after the other went to sleep.
    runtime.block_on(runtime.spawn(async { send.send(()) })).expect("the other waits");
    runtime.block_on(waits);
    id
}

fn number(id: Id) -> u64 {
    id.to_string().parse().expect("an id is a number")
}

fn id<T>(task: &JoinHandle<T>) -> u64 {
    number(task.id())
}

fn task_of(event: &Event) -> Option<u64> {
    match event.what {
        What::Spawned { task, .. }
        | What::Woken { task, .. }
        | What::PollBegins { task, .. }
        | What::PollEnds { task, .. }
        | What::Cancelled { task, .. } => Some(task),
        _ => None,
    }
}

/// What happened to a task, in order.
fn life(trace: &Trace, task: u64) -> Vec<What> {
    trace.events().filter(|event| task_of(event) == Some(task)).map(|event| event.what).collect()
}

/// The place and the event of the first that is so.
fn find(trace: &Trace, is_so: impl Fn(&Event) -> bool) -> (usize, Event) {
    let found = trace.events().enumerate().find(|(_, event)| is_so(event));
    found.unwrap_or_else(|| panic!("it did not happen:\n{:#?}", trace.events().collect::<Vec<_>>()))
}

/// A file that is deleted in the end.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("reference-runtime-trace-{}-{name}.json", std::process::id());
        Scratch(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
