use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use tiny::bell::Bell;
use tiny::block_on::block_on;

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_bell_that_has_rung_is_ready_at_once() {
    let bell = Bell::default();
    bell.ring();
    block_on(bell.wait());
}

#[test]
fn a_bell_rung_by_another_thread_ends_the_wait() {
    let bell = Arc::new(Bell::default());
    let ringer = Arc::clone(&bell);
    let thread = thread::spawn(move || ringer.ring());
    block_on(bell.wait());
    thread.join().unwrap();
}

#[test]
fn the_waker_of_the_newest_poll_is_called_and_no_other() {
    let bell = Bell::default();
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut wait = pin!(bell.wait());
    for count in [&old, &new] {
        let waker = Waker::from(Arc::clone(count));
        assert_eq!(wait.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
    }
    bell.ring();
    assert_eq!(old.0.load(Ordering::SeqCst), 0);
    assert_eq!(new.0.load(Ordering::SeqCst), 1);
}
