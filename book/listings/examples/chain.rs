use std::sync::Arc;
use std::time::Instant;
use tiny::bell::Bell;
use tiny::block_on::block_on;
use tiny::executor::Executor;

/// Spawns a task that spawns a task, and so on; the last one rings.
fn link(executor: Executor, links: u32, end: Arc<Bell>) {
    if links == 0 {
        return end.ring();
    }
    let next = executor.clone();
    executor.spawn(async move { link(next, links - 1, end) });
}

fn main() {
    let executor = Executor::start();
    let end = Arc::new(Bell::default());
    let start = Instant::now();
    link(executor, 1000, Arc::clone(&end));
    block_on(end.wait());
    println!("1000 chained spawns: {} µs", start.elapsed().as_micros());
}
