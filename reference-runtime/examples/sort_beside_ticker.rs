//! `sort` and rayon's `par_sort` inside `async fn`, while another task ticks.
//!
//! ```text
//! cargo run --release --example sort_beside_ticker
//! cargo run --release --example sort_beside_ticker -- 20000000
//! ```
//!
//! Both compute for long without an `.await`, and `par_sort` waits for rayon's threads meanwhile. Here each is done again and
//! again, in a single poll, until the other task has ticked ten times. The runtime has one worker: were it not for the
//! scheduler, the ticks would never come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rayon::slice::ParallelSliceMut;
use reference_runtime::{Builder, time};

/// So many ticks must come before a task may stop sorting.
const TICKS: u32 = 10;

// ANCHOR: sorts
/// Sorts until the ticks have come, and says how often.
async fn sort(numbers: Vec<u64>, ticks: Arc<AtomicU32>) -> u32 {
    let mut sorts = 0;
    while ticks.load(Ordering::Relaxed) < TICKS {
        let mut numbers = numbers.clone();
        numbers.sort();
        sorts += 1;
    }
    sorts
}

async fn par_sort(numbers: Vec<u64>, ticks: Arc<AtomicU32>) -> u32 {
    let mut sorts = 0;
    while ticks.load(Ordering::Relaxed) < TICKS {
        let mut numbers = numbers.clone();
        numbers.par_sort();
        sorts += 1;
    }
    sorts
}
// ANCHOR_END: sorts

async fn tick(ticks: Arc<AtomicU32>) {
    for _ in 0..TICKS {
        time::sleep(Duration::from_millis(1)).await;
        ticks.fetch_add(1, Ordering::Relaxed);
    }
}

/// Numbers without order (a linear congruential generator, with Knuth's constants for MMIX).
fn numbers(count: usize) -> Vec<u64> {
    let next = |number: &u64| {
        Some(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1), next).take(count).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).map_or(Ok(200_000), |count| count.parse())?;
    let numbers = numbers(count);
    let runtime = Builder::new().worker_threads(1).build()?;
    for name in ["sort", "par_sort"] {
        let (start, ticks) = (Instant::now(), Arc::new(AtomicU32::new(0)));
        let sorting = match name {
            "sort" => runtime.spawn(sort(numbers.clone(), Arc::clone(&ticks))),
            _ => runtime.spawn(par_sort(numbers.clone(), Arc::clone(&ticks))),
        };
        let ticking = runtime.spawn(tick(ticks));
        runtime.block_on(ticking);
        let sorts = runtime.block_on(sorting);
        let took = start.elapsed().as_millis();
        println!("{name:<8} {TICKS} ticks beside {sorts} sorts of {count} numbers, in {took} ms");
    }
    Ok(())
}
