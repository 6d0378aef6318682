//! What does it cost to move a blocking call to another thread, and from which length on is it worth that?
//!
//! ```text
//! cargo run --release --example hand_off_cost              # stage 5
//! cargo run --release --example hand_off_cost -- s6_block_in_place
//! cargo run --release --example hand_off_cost -- --json            # the samples, for a figure
//! ```
//!
//! One task makes the same call many times, one after the other, in each way that the stage has. The call sleeps for
//! nothing and computes for as long as the row says, so that its own length is known. A round measures every way of a
//! row in turn; the figures are medians over the rounds, with the smallest and the largest in brackets.

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, error};

use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::yield_now;
use serde_json::{Value, json};

const WORKERS: usize = 2;
const ROUNDS: usize = 9;
/// How long the calls of one measurement take together, without the cost of moving them.
const LENGTH: Duration = Duration::from_millis(5);
const WORK: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_micros(1),
    Duration::from_micros(10),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_millis(1),
];

/// The lengths for a figure, in microseconds, where nothing has no place on a logarithmic axis.
const LENGTHS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// How a task makes a blocking call.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Direct,
    SpawnBlocking,
    BlockInPlace,
}

// ANCHOR: way
/// Makes the same call so many times, one after the other, and tells how long it took.
async fn call_often(front: Front, way: Way, work: Duration, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        match way {
            Way::Direct => compute(work),
            Way::SpawnBlocking => front.spawn_blocking(move || compute(work)).await,
            Way::BlockInPlace => front.block_in_place(|| compute(work)),
        }
        yield_now().await; // the next call is in a poll of its own
    }
    start.elapsed()
}

fn compute(work: Duration) {
    let start = Instant::now();
    while black_box(start.elapsed()) < work {}
}
// ANCHOR_END: way

/// Some measurements of one thing, in nanoseconds.
#[derive(Default)]
struct Samples(Vec<u128>);

impl Samples {
    fn show(&mut self) -> String {
        self.0.sort_unstable();
        let [first, .., last] = self.0[..] else { return "-".into() };
        format!("{} ({} to {})", short(self.median()), short(first), short(last))
    }

    fn median(&self) -> u128 {
        self.0[self.0.len() / 2]
    }
}

/// Nanoseconds with the unit that suits them.
fn short(nanoseconds: u128) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..100_000 => format!("{:.1} us", nanoseconds as f64 / 1e3),
        _ => format!("{} us", nanoseconds / 1_000),
    }
}

/// The time of one call in each way, in nanoseconds.
fn measure(front: &Front, ways: &[Way], work: Duration) -> Vec<Samples> {
    let mut samples: Vec<Samples> = ways.iter().map(|_| Samples::default()).collect();
    let calls = (LENGTH.as_nanos() / work.as_nanos().max(5_000)).clamp(5, 1_000) as u32;
    // One round to warm up.
    for round in 0..=ROUNDS {
        for (way, samples) in ways.iter().zip(&mut samples) {
            let task = front.spawn(call_often(front.clone(), *way, work, calls));
            let took = front.block_on(task);
            if round > 0 {
                samples.0.push(took.as_nanos() / u128::from(calls));
            }
        }
    }
    samples
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let (options, stage): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|argument| argument == "--json");
    let stage = stage.first().map_or(Ok(Stage::S5SpawnBlocking), |name| name.parse())?;
    let front = Front::new(stage, WORKERS)?;
    if options.is_empty() {
        show(stage, &front)
    } else {
        print_json(stage, &front)
    }
    Ok(())
}

fn show(stage: Stage, front: &Front) {
    let mut ways = vec![Way::Direct, Way::SpawnBlocking];
    if stage >= Stage::S6BlockInPlace {
        ways.push(Way::BlockInPlace);
    }
    println!("{stage}: one task, {WORKERS} workers, nothing else to do; the time of one call\n");
    println!("{:<7}  {:<29}  {:<29}  block_in_place", "work", "direct", "spawn_blocking");
    let mut costs = Samples::default();
    for work in WORK {
        let mut samples = measure(front, &ways, work);
        let mut shown: Vec<String> = samples.iter_mut().map(Samples::show).collect();
        shown.resize(3, "-".into());
        println!("{:<7}  {:<29}  {:<29}  {}", short(work.as_nanos()), shown[0], shown[1], shown[2]);
        costs.0.push(samples[1].median().saturating_sub(samples[0].median()));
    }
    costs.0.sort_unstable();
    let cost = costs.median();
    println!("\nspawn_blocking adds {} (median of the rows): as much as such a call,", short(cost));
    println!("a tenth of a call of {}, a hundredth of one of {}.", short(cost * 10), short(cost * 100));
}

/// The ways that are new on this stage, and on stage 5 what twice the length would be: there a way costs as much as the
/// call that it moves.
fn print_json(stage: Stage, front: &Front) {
    let ways: &[(Way, String)] = &match stage {
        Stage::S6BlockInPlace | Stage::S7Adaptive => {
            vec![(Way::BlockInPlace, format!("block_in_place, {stage}"))]
        }
        _ => vec![(Way::Direct, "direct".into()), (Way::SpawnBlocking, "spawn_blocking".into())],
    };
    let mut series: Vec<Value> = ways
        .iter()
        .map(|(way, name)| {
            let points: Vec<Value> = LENGTHS
                .iter()
                .map(|length| {
                    let samples = measure(front, &[*way], Duration::from_micros(*length)).remove(0);
                    let microseconds: Vec<f64> =
                        samples.0.iter().map(|nanoseconds| *nanoseconds as f64 / 1e3).collect();
                    json!({ "x": length, "samples": microseconds })
                })
                .collect();
            json!({ "name": name, "points": points })
        })
        .collect();
    if stage < Stage::S6BlockInPlace {
        let points: Vec<Value> =
            LENGTHS.iter().map(|length| json!({ "x": length, "samples": [2 * length] })).collect();
        series.push(json!({ "name": "twice the length of the call", "model": true, "points": points }));
    }
    let data = json!({
        "title": "What one call takes, made directly and moved",
        "unit": "what the call takes, µs",
        "x": "length of the call, µs",
        "series": series,
    });
    println!("{data}");
}
