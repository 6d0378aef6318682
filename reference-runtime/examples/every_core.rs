//! What do more threads give, and what do they cost?
//!
//! ```text
//! cargo run --release --example every_core
//! ```
//!
//! The same seven loads on the executor of chapter 3, and on the one of chapter 4 with one worker and with one for each
//! core. A round takes all three in turn; the figures are medians over the rounds, with the smallest and the largest in
//! brackets.

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, error, thread};

use futures::channel::oneshot;
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::yield_now;

const ROUNDS: usize = 9;

/// A load: what it is called, its unit, how many of those it has, and what does it.
struct Load {
    name: &'static str,
    unit: &'static str,
    units: u32,
    run: fn(&Front, u32),
}

const LOADS: [Load; 7] = [
    Load { name: "8 tasks compute 25 ms", unit: "all", units: 1, run: compute },
    Load { name: "spawned from outside", unit: "task", units: 10_000, run: spawn_outside },
    Load { name: "spawned by a task", unit: "task", units: 10_000, run: spawn_inside },
    Load { name: "200 tasks yield", unit: "yield", units: 200_000, run: yields },
    Load { name: "pairs of tasks talk", unit: "pair", units: 1_000, run: ping_pong },
    Load { name: "main and a task talk", unit: "pair", units: 1_000, run: across },
    Load { name: "a chain of spawns", unit: "task", units: 1_000, run: chain },
];

// ANCHOR: compute
fn compute(front: &Front, _: u32) {
    let work = || {
        let start = Instant::now();
        while black_box(start.elapsed()) < Duration::from_millis(25) {}
    };
    let tasks: Vec<_> = (0..8).map(|_| front.spawn(async move { work() })).collect();
    for task in tasks {
        front.block_on(task);
    }
}
// ANCHOR_END: compute

fn spawn_outside(front: &Front, tasks: u32) {
    let tasks: Vec<_> = (0..tasks).map(|number| front.spawn(async move { number })).collect();
    front.block_on(async {
        for (number, task) in (0..).zip(tasks) {
            assert_eq!(task.await, number);
        }
    });
}

fn spawn_inside(front: &Front, tasks: u32) {
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        let tasks: Vec<_> = (0..tasks).map(|number| spawning.spawn(async move { number })).collect();
        for (number, task) in (0..).zip(tasks) {
            assert_eq!(task.await, number);
        }
    }));
}

fn yields(front: &Front, yields: u32) {
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        let each = |_| {
            spawning.spawn(async move {
                for _ in 0..yields / 200 {
                    yield_now().await;
                }
            })
        };
        let tasks: Vec<_> = (0..200).map(each).collect();
        for task in tasks {
            task.await;
        }
    }));
}

// ANCHOR: ping_pong
fn ping_pong(front: &Front, pairs: u32) {
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        for _ in 0..pairs {
            let (ping, pinged) = oneshot::channel();
            let (pong, ponged) = oneshot::channel();
            let answers = spawning.spawn(async move {
                pinged.await.expect("it is sent");
                pong.send(()).expect("it is awaited");
            });
            ping.send(()).expect("it is awaited");
            ponged.await.expect("it is sent");
            answers.await;
        }
    }));
}
// ANCHOR_END: ping_pong

// ANCHOR: across
fn across(front: &Front, pairs: u32) {
    for _ in 0..pairs {
        front.block_on(front.spawn(async {}));
    }
}
// ANCHOR_END: across

fn chain(front: &Front, tasks: u32) {
    fn link(front: Front, left: u32, done: oneshot::Sender<()>) {
        let next = front.clone();
        front
            .spawn(async move {
                match left {
                    0 => done.send(()).expect("it is awaited"),
                    left => link(next, left - 1, done),
                }
            })
            .detach();
    }
    let (done, is_done) = oneshot::channel();
    link(front.clone(), tasks, done);
    front.block_on(is_done).expect("it is sent");
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let rounds = if env::args().any(|argument| argument == "--quick") { 1 } else { ROUNDS };
    let cores = thread::available_parallelism()?.get().max(2);
    let fronts = [
        Front::new(Stage::S2Executor, 1)?,
        Front::new(Stage::S3Stealing, 1)?,
        Front::new(Stage::S3Stealing, cores)?,
    ];
    println!(
        "{:<22} {:<6} {:<27} {:<27} {}\n",
        "",
        "",
        "s2_executor",
        "s3_stealing, 1 worker",
        format_args!("s3_stealing, {cores} workers"),
    );
    for load in LOADS {
        let mut samples = [const { Vec::new() }; 3];
        // One round to warm up.
        for round in 0..=rounds {
            for (front, samples) in fronts.iter().zip(&mut samples) {
                let start = Instant::now();
                (load.run)(front, load.units);
                if round > 0 {
                    samples.push(start.elapsed().as_nanos() / u128::from(load.units));
                }
            }
        }
        let [s2, one, all] = samples.map(show);
        println!("{:<22} {:<6} {s2:<27} {one:<27} {all}", load.name, load.unit);
    }
    Ok(())
}

/// The median, the smallest and the largest.
fn show(mut nanoseconds: Vec<u128>) -> String {
    nanoseconds.sort_unstable();
    let [median, first, last] = [nanoseconds.len() / 2, 0, nanoseconds.len() - 1].map(|at| nanoseconds[at]);
    match median {
        0..100_000 => format!("{median} ns ({first} to {last})"),
        _ => {
            let [median, first, last] = [median, first, last].map(|nanoseconds| nanoseconds as f64 / 1e6);
            format!("{median:.0} ms ({first:.0} to {last:.0})")
        }
    }
}
