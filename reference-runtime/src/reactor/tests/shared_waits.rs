//! Waits that several timers share, and what ends a wait.

use super::{super::timers::WINDOW, *};

/// Notes when it is woken.
struct Noting(usize, mpsc::Sender<(usize, Instant)>);

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.1.send((self.0, Instant::now())).unwrap();
    }
}

#[test]
fn timers_that_share_waits_wake_in_order_and_never_early() {
    const TIMERS: usize = 500;
    let reactor = Reactor::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now() + Duration::from_millis(2);
    let deadline = |name: usize| start + WINDOW / 5 * name as u32;
    // In an order that has nothing to do with the deadlines.
    let timers: Vec<Timer> = (0..TIMERS)
        .map(|index| index * 7 % TIMERS)
        .map(|name| timer(&reactor, deadline(name), &Waker::from(Arc::new(Noting(name, sender.clone())))))
        .collect();
    let mut count = 0;
    while count < TIMERS {
        count += wait(&reactor, Some(LONG));
    }
    for (expected, (name, woken)) in receiver.try_iter().enumerate() {
        assert_eq!(name, expected);
        assert!(woken >= deadline(name), "{name} is early");
    }
    drop(timers);
}

#[test]
fn a_timer_within_the_window_does_not_interrupt_and_one_before_it_does() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    let later = Instant::now() + LONG;
    let _waited_for = timer(&reactor, later, &waker);
    let notified = |deadline: Instant| {
        assert!(lock(&reactor.timers).watch(None) != Until::Now);
        let _timer = timer(&reactor, deadline, &waker);
        let is_notified = reactor.events_waiting();
        wait(&reactor, Some(Duration::ZERO));
        is_notified
    };
    if reactor.events_waiting().is_some() {
        assert_eq!(notified(later - WINDOW), Some(false));
        assert_eq!(notified(later - 2 * WINDOW), Some(true));
    }
    assert_eq!(counter.count(), 0);
}

#[test]
fn a_notification_ends_each_kind_of_wait() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    for _ in 0..3 {
        // A look consumes it; without a limit; with a limit; behind a clock that rang; with a clock that is set.
        reactor.notify();
        wait(&reactor, Some(Duration::ZERO));
        reactor.notify();
        wait(&reactor, None);
        reactor.notify();
        wait(&reactor, Some(LONG));
        let rings = timer(&reactor, Instant::now() + Duration::from_micros(10), &waker);
        while wait(&reactor, None) == 0 {}
        drop(rings);
        reactor.notify();
        wait(&reactor, None);
        let _is_set = timer(&reactor, Instant::now() + LONG, &waker);
        reactor.notify();
        reactor.notify();
        wait(&reactor, None);
        // Two notifications of one wait are one.
        if reactor.events_waiting().is_some() {
            assert_eq!(reactor.events_waiting(), Some(false));
        }
    }
    assert_eq!(counter.count(), 3);
}

#[test]
fn a_clock_set_for_a_withdrawn_timer_serves_the_next() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    // The wait sets the clock, and a notification ends it.
    let withdrawn = timer(&reactor, Instant::now() + Duration::from_millis(3), &waker);
    reactor.notify();
    wait(&reactor, None);
    drop(withdrawn);
    let (late, late_waker) = Counter::new();
    let deadline = Instant::now() + Duration::from_millis(6);
    let _kept = timer(&reactor, deadline, &late_waker);
    while late.count() == 0 {
        wait(&reactor, None);
    }
    assert!(Instant::now() >= deadline);
    assert_eq!(counter.count(), 0);
}
