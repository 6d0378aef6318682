use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tiny::block_on::block_on;
use tiny::join_all::join_all;
use tiny::thread_sleep::{THREADS, thread_sleep};

fn main() {
    let start = Instant::now();
    let sleeps = (0..1000).map(|_| thread_sleep(Duration::from_millis(200))).collect();
    block_on(join_all(sleeps));
    let threads = THREADS.load(Ordering::Relaxed);
    println!("1000 sleeps of 200 ms: {} ms, {threads} threads", start.elapsed().as_millis());
}
