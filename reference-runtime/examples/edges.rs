//! Where sync code and async code meet: seven ways to do it, on three stages. Which of them hang?
//!
//! ```text
//! cargo run --release --example edges
//! ```
//!
//! Each runs in a process of its own, with one worker. One that has not ended after a while is killed: it hangs.

use std::error::Error;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{env, thread};

use futures::channel::oneshot;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::sync;
use reference_runtime::time::sleep;

const STAGES: [Stage; 3] = [Stage::S5SpawnBlocking, Stage::S6BlockInPlace, Stage::S7Adaptive];
/// A hundred times what any of them takes that ends.
const PATIENCE: Duration = Duration::from_secs(4);

type Scenario = (&'static str, fn(Front));

const SCENARIOS: [Scenario; 7] = [
    ("block_on inside a task", block_on_in_a_task),
    ("block_on inside a spawn_blocking closure", block_on_in_a_closure),
    ("a std guard held over an await", std_guard_over_an_await),
    ("a guard of sync::Mutex held over an await", async_guard_over_an_await),
    ("two locks, taken in either order", two_orders),
    ("drop, beside a task that never returns", drop_beside_a_blocked_task),
    ("shutdown_timeout, beside the same", shutdown_beside_a_blocked_task),
];

// ANCHOR: nested
fn block_on_in_a_task(front: Front) {
    let here = front.clone();
    let task = front.spawn(async move {
        let inner = here.spawn(async { 7 });
        here.block_on(inner) // sync, in the middle of async
    });
    assert_eq!(front.block_on(task), 7);
}
// ANCHOR_END: nested

fn block_on_in_a_closure(front: Front) {
    let here = front.clone();
    let closure = front.spawn_blocking(move || {
        let inner = here.spawn(async { 7 });
        here.block_on(inner)
    });
    assert_eq!(front.block_on(closure), 7);
}

// ANCHOR: std_guard
#[expect(clippy::await_holding_lock, reason = "what comes of it is the point")]
fn std_guard_over_an_await(front: Front) {
    let shared = Arc::new(Mutex::new(0));
    let wants = Arc::clone(&shared);
    front.block_on(async {
        let mut guard = shared.lock().expect("nobody panics");
        let task = front.spawn(async move { *wants.lock().expect("nobody panics") });
        sleep(Duration::from_millis(20)).await; // the guard is still held
        *guard = 7;
        drop(guard);
        assert_eq!(task.await, 7);
    });
}
// ANCHOR_END: std_guard

fn async_guard_over_an_await(front: Front) {
    let shared = Arc::new(sync::Mutex::new(0));
    let wants = Arc::clone(&shared);
    front.block_on(async {
        let mut guard = shared.lock().await;
        let task = front.spawn(async move { *wants.lock().await });
        sleep(Duration::from_millis(20)).await;
        *guard = 7;
        drop(guard);
        assert_eq!(task.await, 7);
    });
}

fn two_orders(front: Front) {
    let [one, other] = [(); 2].map(|()| Arc::new(sync::Mutex::new(())));
    let (wants_one, has_other) = (Arc::clone(&one), Arc::clone(&other));
    front.block_on(async {
        let _one = one.lock().await;
        let (tell, holds_other) = oneshot::channel();
        let task = front.spawn(async move {
            let _other = has_other.lock().await;
            tell.send(()).expect("it is awaited");
            let _one = wants_one.lock().await;
        });
        holds_other.await.expect("it is sent");
        let _other = other.lock().await;
        task.await;
    });
}

/// Returns when the task has begun to block.
fn block_for_ever(front: &Front) {
    let (tell, begins) = mpsc::channel();
    let (never, ends) = mpsc::channel::<()>();
    std::mem::forget(never);
    front
        .spawn(async move {
            tell.send(()).expect("it is awaited");
            ends.recv()
        })
        .detach();
    begins.recv().expect("it is sent");
}

fn drop_beside_a_blocked_task(front: Front) {
    block_for_ever(&front);
    drop(front);
}

// ANCHOR: shutdown
fn shutdown_beside_a_blocked_task(front: Front) {
    block_for_ever(&front);
    let stuck = front.shutdown_timeout(Duration::from_millis(20)).expect_err("a task does not return");
    assert_eq!(stuck.spawned_at().len(), 1); // where it was spawned
}
// ANCHOR_END: shutdown

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [stage, number] = &arguments[..] {
        let (_, scenario) = SCENARIOS[number.parse::<usize>()?];
        scenario(Front::new(stage.parse()?, 1)?);
        // A thread that is blocked for ever ends with its process.
        std::process::exit(0);
    }
    println!("one worker; a process each\n");
    println!("{:<43} {:<20} {:<20} {}", "", STAGES[0], STAGES[1], STAGES[2]);
    for (number, (name, _)) in SCENARIOS.iter().enumerate() {
        // All stages at the same time: one that hangs has to be waited for.
        let children = STAGES.map(|stage| start(stage, number));
        let [s5, s6, s7] =
            children.map(|child| child.and_then(outcome).unwrap_or_else(|error| error.to_string()));
        println!("{name:<43} {s5:<20} {s6:<20} {s7}");
    }
    Ok(())
}

fn start(stage: Stage, number: usize) -> std::io::Result<Child> {
    Command::new(env::current_exe()?)
        .args([stage.name(), &number.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .env("RUST_BACKTRACE", "0")
        .spawn()
}

/// How the process ends, in a word.
fn outcome(mut child: Child) -> std::io::Result<String> {
    let end = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok("hangs".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    let mut said = String::new();
    child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said)).transpose()?;
    Ok(if child.wait()?.success() {
        "done".into()
    } else if said.contains("panicked") {
        "panics".into()
    } else {
        said
    })
}
