use std::time::{Duration, Instant};
use tiny::block_on::block_on;
use tiny::until::Until;
use tiny::watchdog::give_up_after;

fn main() {
    give_up_after(Duration::from_secs(1));
    let polls = block_on(Until::new(Instant::now() + Duration::from_millis(200)));
    println!("ready, polled {polls} times");
}
