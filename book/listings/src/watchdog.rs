use std::process;
use std::thread;
use std::time::Duration;

/// Ends the program if it still runs after `time`.
pub fn give_up_after(time: Duration) {
    thread::spawn(move || {
        thread::sleep(time);
        println!("still waiting after {} s: gave up", time.as_secs());
        process::exit(1);
    });
}
