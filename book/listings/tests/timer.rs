use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};
use tiny::block_on::block_on;
use tiny::timer::{sleep, waiting};

const HOUR: Duration = Duration::from_secs(3600);

// One test, because the timer is one for the whole program.
#[test]
fn an_earlier_sleep_is_not_kept_waiting_and_a_dropped_one_is_forgotten() {
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut long = pin!(sleep(HOUR));
        assert_eq!(long.as_mut().poll(&mut context), Poll::Pending);
        // Time for the timer's thread to fall asleep for an hour. A right timer does not need it.
        thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        block_on(sleep(Duration::from_millis(20)));
        assert!(start.elapsed() >= Duration::from_millis(20), "ready too early");
        assert_eq!(waiting(), 1, "the long one, polled once");
        assert_eq!(long.as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(waiting(), 1, "polled again, it has still one entry");
    }
    assert_eq!(waiting(), 0);
    block_on(sleep(Duration::ZERO));
}
