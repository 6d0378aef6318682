use std::future::poll_fn;
use std::task::Poll;
use std::thread;
use std::time::Duration;
use tiny::on_thread_park::on_thread_park;
use tiny::watchdog::give_up_after;

fn main() {
    give_up_after(Duration::from_secs(1));
    let mut is_first = true;
    on_thread_park(poll_fn(|context| {
        if is_first {
            is_first = false;
            context.waker().wake_by_ref();
            thread::park();
            println!("woken, and parked by other code");
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    println!("done");
}
