use std::time::{Duration, Instant};
use tiny::block_on::block_on;
use tiny::join_all::join_all;
use tiny::timer::{sleep, waiting};

fn main() {
    let start = Instant::now();
    let sleeps = (0..1000).map(|_| sleep(Duration::from_millis(200))).collect();
    block_on(join_all(sleeps));
    println!("1000 sleeps of 200 ms: {} ms, {} left behind", start.elapsed().as_millis(), waiting());
}
