//! Every worker gets stuck in the first poll that it makes, again and again, and the kernel does not say why.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use reference_runtime::task::yield_now;
use reference_runtime::{Builder, time};

/// Longer than the 10 ms after which a poll is handed off of which nothing is known.
const POLL: Duration = Duration::from_millis(15);
const HOGS: u32 = 8;
/// So many hand-offs are enough for somebody to look. Before a worker looks up from its queue by itself it makes 61 polls.
const MOST: u32 = 2 * HOGS;

/// Notes how many polls there were when the reactor woke it.
struct Noting {
    polls: Arc<AtomicU32>,
    at: AtomicU32,
    task: Waker,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.at.store(self.polls.load(Ordering::Relaxed), Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

#[test]
fn who_takes_over_a_processor_looks_at_the_reactor() {
    let runtime = Builder::new()
        .worker_threads(1)
        .ask_the_kernel(false)
        .build()
        .expect("the system gives a few threads");
    let (is_over, polls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&polls);
    let ticking = runtime.spawn(async move {
        let mut sleep = pin!(time::sleep(Duration::from_millis(1)));
        let mut noting = None;
        poll_fn(|context| {
            let noting = noting.get_or_insert_with(|| {
                let (polls, task) = (Arc::clone(&count), context.waker().clone());
                Arc::new(Noting { at: AtomicU32::new(0), polls, task })
            });
            let waker = Waker::from(Arc::clone(noting));
            let is_due = sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            if is_due { Poll::Ready(noting.at.load(Ordering::Relaxed)) } else { Poll::Pending }
        })
        .await
    });
    let hog = |_| {
        let (is_over, polls) = (Arc::clone(&is_over), Arc::clone(&polls));
        runtime.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(POLL);
                polls.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        })
    };
    let hogs: Vec<_> = (0..HOGS).map(hog).collect();
    let passed = runtime.block_on(ticking);
    is_over.store(true, Ordering::Relaxed);
    for hog in hogs {
        runtime.block_on(hog);
    }
    // Without that look, each thread in turn would first make the polls of a beat.
    assert!(passed < MOST, "{passed} polls passed before anybody looked");
}
