use std::time::{Duration, Instant};
use tiny::spinning::spinning;
use tiny::until::Until;

fn main() {
    let start = Instant::now();
    let polls = spinning(Until::new(start + Duration::from_millis(200)));
    println!("ready after {} ms, polled {polls} times", start.elapsed().as_millis());
}
