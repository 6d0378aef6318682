use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use tiny::bell::Bell;
use tiny::block_on::block_on;
use tiny::boxed::Executor;

fn main() {
    let executor = Executor::start();
    let polls = Arc::new(AtomicU32::new(0));
    let end = Arc::new(Bell::default());

    let (counted, later, ringer) = (Arc::clone(&polls), executor.clone(), Arc::clone(&end));
    executor.spawn(poll_fn(move |context| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            (0..1000).for_each(|_| context.waker().wake_by_ref());
            // Its turn comes when all that is queued up to now has had its own.
            let ringer = Arc::clone(&ringer);
            later.spawn(async move { ringer.ring() });
        }
        Poll::Pending
    }));
    block_on(end.wait());
    println!("woken 1000 times, polled {} times", polls.load(Ordering::SeqCst));
}
