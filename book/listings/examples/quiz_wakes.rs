use std::future::poll_fn;
use std::task::Poll;
use tiny::block_on::block_on;

fn main() {
    let mut polls = 0;
    block_on(poll_fn(|context| {
        polls += 1;
        if polls > 1 {
            return Poll::Ready(());
        }
        (0..3).for_each(|_| context.waker().wake_by_ref());
        Poll::Pending
    }));
    println!("polls: {polls}");
}
