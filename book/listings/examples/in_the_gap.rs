use std::future::poll_fn;
use std::time::Duration;
use tiny::block_on::block_on;
use tiny::racy_bell::RacyBell;
use tiny::watchdog::give_up_after;

fn main() {
    give_up_after(Duration::from_secs(1));
    let bell = RacyBell::default();
    let gap = || {
        bell.ring();
        println!("the bell has rung");
    };
    block_on(poll_fn(|context| bell.poll(context, gap)));
    println!("done");
}
