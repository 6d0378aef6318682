use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::thread;
use tiny::bell::Bell;
use tiny::block_on::block_on;
use tiny::executor::Executor;

#[test]
fn a_thousand_wakes_during_a_poll_lead_to_one_poll() {
    let executor = Executor::start();
    let mut polls = 0;
    let handle = executor.spawn(poll_fn(move |context| {
        polls += 1;
        (0..1000).for_each(|_| context.waker().wake_by_ref());
        if polls == 3 { Poll::Ready(polls) } else { Poll::Pending }
    }));
    assert_eq!(block_on(handle).unwrap(), 3);
}

#[test]
fn a_wake_by_another_thread_during_the_poll_is_kept() {
    let mut is_first = true;
    let handle = Executor::start().spawn(poll_fn(move |context| {
        if is_first {
            is_first = false;
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake()).join().unwrap();
            return Poll::Pending;
        }
        Poll::Ready(7)
    }));
    assert_eq!(block_on(handle).unwrap(), 7);
}

#[test]
fn a_panic_ends_in_the_handle_and_the_thread_goes_on() {
    let executor = Executor::start();
    let panic = block_on(executor.spawn(async { panic!("on purpose") })).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert_eq!(block_on(executor.spawn(async { 7 })).unwrap(), 7);
}

#[test]
fn a_handle_that_is_dropped_leaves_its_task_running() {
    let executor = Executor::start();
    let (first, second) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (waits, rings) = (Arc::clone(&first), Arc::clone(&second));
    drop(executor.spawn(async move {
        waits.wait().await;
        rings.ring();
    }));
    first.ring();
    block_on(second.wait());
}

#[test]
fn the_future_is_dropped_before_the_joiner_hears_of_the_end() {
    struct Counts(Arc<AtomicU32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let drops = Arc::new(AtomicU32::new(0));
    let counts = Counts(Arc::clone(&drops));
    // A `poll_fn` keeps what it has captured until it is dropped; an `async` block drops it when it ends.
    let handle = Executor::start().spawn(poll_fn(move |_| {
        let _kept = &counts;
        Poll::Ready(())
    }));
    block_on(handle).unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}
