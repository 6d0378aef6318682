use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};
use tiny::bell::Bell;

#[derive(Default)]
struct Counter(AtomicU32);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn main() {
    let (bell, counters) = (Bell::default(), [(); 2].map(|()| Arc::new(Counter::default())));
    let mut rung = pin!(bell.wait());
    for counter in &counters {
        let waker = Waker::from(Arc::clone(counter));
        assert!(rung.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    bell.ring();
    let [first, second] = counters.map(|counter| counter.0.load(Ordering::SeqCst));
    println!("first: {first}, second: {second}");
}
