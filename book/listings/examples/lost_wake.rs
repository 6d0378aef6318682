use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;
use tiny::condvar_only::condvar_only;
use tiny::watchdog::give_up_after;

fn main() {
    give_up_after(Duration::from_secs(1));
    let mut is_first = true;
    condvar_only(poll_fn(|context| {
        if is_first {
            is_first = false;
            context.waker().wake_by_ref();
            println!("woken, and not ready yet");
            return Poll::Pending;
        }
        Poll::Ready(())
    }));
    println!("done");
}
