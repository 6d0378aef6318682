use std::{
    future::Future,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use super::*;

mod shared_waits;
mod short_reads;

/// Much longer than anything takes but a hang.
const LONG: Duration = Duration::from_secs(60);

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Counter {
    fn new() -> (Arc<Counter>, Waker) {
        let counter = Arc::new(Counter::default());
        (counter.clone(), Waker::from(counter))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Sends its name when woken.
struct Named(u32, mpsc::Sender<u32>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.send(self.0).unwrap();
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("from a waker"));
    }
}

/// Does something when its last clone is dropped.
struct OnDrop(Box<dyn Fn() + Send + Sync>);

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn both_modes() -> [Arc<Reactor>; 2] {
    [Reactor::new().unwrap(), Reactor::new_oneshot().unwrap()]
}

fn timer(reactor: &Arc<Reactor>, deadline: Instant, waker: &Waker) -> Timer {
    Timer::new(reactor.clone(), deadline, &Context::from_waker(waker)).expect("the reactor is open")
}

fn wait(reactor: &Reactor, timeout: Option<Duration>) -> usize {
    let (woken, waited) = reactor.try_attend().expect("nobody attends").wait(timeout);
    waited.expect("the poller works");
    woken.wake()
}

/// A connected pair, the first of which `reactor` watches.
fn connected(reactor: &Arc<Reactor>) -> (Registered<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    (Registered::new(reactor.clone(), ours).unwrap(), theirs)
}

fn poll_read(stream: &Registered<TcpStream>, waker: &Waker) -> Poll<io::Result<usize>> {
    stream.poll_io(Direction::Read, &Context::from_waker(waker), |mut socket| socket.read(&mut [0; 8]))
}

/// Waits until somebody was woken: other events, such as that one can write, come first.
fn wait_until_woken(reactor: &Reactor) -> usize {
    let limit = Instant::now() + LONG;
    loop {
        let count = wait(reactor, Some(LONG));
        if count > 0 || Instant::now() > limit {
            return count;
        }
    }
}

#[test]
fn a_notification_before_the_wait_ends_it_at_once() {
    let reactor = Reactor::new().unwrap();
    reactor.notify();
    assert_eq!(wait(&reactor, None), 0);
}

#[test]
fn a_notification_during_the_wait_ends_it() {
    let reactor = Reactor::new().unwrap();
    let waits = reactor.clone();
    let attendant = thread::spawn(move || wait(&waits, None));
    while !reactor.is_attended() {
        thread::yield_now();
    }
    reactor.notify();
    assert_eq!(attendant.join().unwrap(), 0);
    assert!(!reactor.is_attended());
}

#[test]
fn there_is_one_attendant_at_a_time() {
    let reactor = Reactor::new().unwrap();
    let attendant = reactor.try_attend().unwrap();
    assert!(reactor.is_attended());
    thread::scope(|scope| scope.spawn(|| assert!(reactor.try_attend().is_none())).join().unwrap());
    drop(attendant);
    assert!(!reactor.is_attended());
    assert!(reactor.try_attend().is_some());
}

#[test]
fn a_waker_may_attend_the_reactor() {
    struct Attends(Arc<Reactor>, mpsc::Sender<bool>);
    impl Wake for Attends {
        fn wake(self: Arc<Self>) {
            self.1.send(self.0.try_attend().is_some()).unwrap();
        }
    }
    let reactor = Reactor::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    let waker = Waker::from(Arc::new(Attends(reactor.clone(), sender)));
    let _timer = timer(&reactor, Instant::now(), &waker);
    assert_eq!(wait(&reactor, None), 1);
    assert!(receiver.recv().unwrap());
}

#[test]
fn looking_consumes_no_event() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        let (counter, waker) = Counter::new();
        assert!(poll_read(&stream, &waker).is_pending());
        // That one can write is an event too; it goes first.
        while wait(&reactor, Some(Duration::ZERO)) == 0 && reactor.events_waiting() == Some(true) {}
        peer.write_all(b"x").unwrap();
        if reactor.events_waiting().is_some() {
            while reactor.events_waiting() == Some(false) {}
            assert_eq!(reactor.events_waiting(), Some(true));
        }
        if counter.count() == 0 {
            wait_until_woken(&reactor);
        }
        assert_eq!(counter.count(), 1);
    }
}

#[test]
fn timers_wake_in_the_order_of_their_deadlines() {
    let reactor = Reactor::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now();
    let order = [3, 1, 4, 0, 2];
    let timers = order.map(|name| {
        let waker = Waker::from(Arc::new(Named(name, sender.clone())));
        timer(&reactor, start + Duration::from_micros(u64::from(name)), &waker)
    });
    assert_eq!(reactor.next_deadline(), Some(start));
    let mut count = 0;
    while count < order.len() {
        count += wait(&reactor, None);
    }
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(reactor.next_deadline(), None);
    drop(timers);
}

#[test]
fn a_dropped_timer_leaves_nothing_behind() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    drop(timer(&reactor, Instant::now(), &waker));
    assert_eq!(reactor.next_deadline(), None);
    assert_eq!(wait(&reactor, Some(Duration::ZERO)), 0);
    drop(waker);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[test]
fn an_earlier_timer_interrupts_the_wait() {
    let reactor = Reactor::new().unwrap();
    let (late, waker) = Counter::new();
    let _late = timer(&reactor, Instant::now() + LONG * 60, &waker);
    let (early, waker) = Counter::new();
    let waits = reactor.clone();
    let attendant = thread::spawn(move || wait_until_woken(&waits));
    while !reactor.is_attended() {
        thread::yield_now();
    }
    let _early = timer(&reactor, Instant::now() + Duration::from_millis(1), &waker);
    assert_eq!(attendant.join().unwrap(), 1);
    assert_eq!((early.count(), late.count()), (1, 0));
}

#[test]
fn resetting_a_timer_moves_it_with_its_waker() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    let now = Instant::now();
    let mut timer = timer(&reactor, now + LONG * 60, &waker);
    assert!(timer.reset(now));
    assert_eq!(wait(&reactor, None), 1);
    assert_eq!(counter.count(), 1);
    assert!(!timer.reset(now));
    assert!(!timer.renew(&Context::from_waker(&waker)));
}

#[test]
fn renewing_a_timer_replaces_the_waker() {
    let reactor = Reactor::new().unwrap();
    let (first, waker) = Counter::new();
    let timer = timer(&reactor, Instant::now(), &waker);
    let (second, waker) = Counter::new();
    assert!(timer.renew(&Context::from_waker(&waker)));
    assert_eq!(wait(&reactor, None), 1);
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn a_panicking_waker_keeps_nobody_from_being_woken() {
    let reactor = Reactor::new().unwrap();
    let (counter, waker) = Counter::new();
    let now = Instant::now();
    let in_wake = Waker::from(Arc::new(Panics));
    let quiet_panic = || std::panic::resume_unwind(Box::new("from the drop of a waker"));
    let in_drop = Waker::from(Arc::new(OnDrop(Box::new(quiet_panic))));
    let _timers = [&waker, &in_wake, &waker, &in_drop, &waker].map(|waker| timer(&reactor, now, waker));
    // The reactor has the last clone, so it is the one to drop it.
    drop(in_drop);
    assert_eq!(wait(&reactor, None), 5);
    assert_eq!(counter.count(), 3);
    assert_eq!(wait(&reactor, Some(Duration::ZERO)), 0);
}

#[test]
fn the_drop_of_a_waker_may_come_back_to_the_reactor() {
    for reactor in both_modes() {
        let (stream, _peer) = connected(&reactor);
        let inner = reactor.clone();
        let waker = Waker::from(Arc::new(OnDrop(Box::new(move || {
            let (_, waker) = Counter::new();
            drop(timer(&inner, Instant::now() + LONG, &waker));
            drop(connected(&inner));
        }))));
        let _timer = timer(&reactor, Instant::now() + LONG, &waker);
        assert!(poll_read(&stream, &waker).is_pending());
        drop(waker);
        drop(stream);
        reactor.notify();
        wait(&reactor, None);
    }
}

#[test]
fn an_event_before_the_first_poll_is_not_lost() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        peer.write_all(b"x").unwrap();
        reactor.notify();
        wait(&reactor, None);
        let (counter, waker) = Counter::new();
        if poll_read(&stream, &waker).is_pending() {
            assert_eq!(wait_until_woken(&reactor), 1);
            assert_eq!(counter.count(), 1);
            assert!(poll_read(&stream, &waker).is_ready());
        }
    }
}

#[test]
fn every_task_that_polls_is_woken() {
    const TASKS: usize = 100;
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        let wakers: Vec<_> = (0..TASKS).map(|_| Counter::new()).collect();
        for (_, waker) in &wakers {
            assert!(poll_read(&stream, waker).is_pending());
        }
        // Those who were woken because they were so many come again.
        let before: Vec<usize> = wakers.iter().map(|(counter, _)| counter.count()).collect();
        for ((_, waker), _) in wakers.iter().zip(&before).filter(|(_, before)| **before > 0) {
            assert!(poll_read(&stream, waker).is_pending());
        }
        peer.write_all(b"x").unwrap();
        wait_until_woken(&reactor);
        while reactor.events_waiting() == Some(true) {
            wait(&reactor, Some(Duration::ZERO));
        }
        for ((counter, _), before) in wakers.iter().zip(before) {
            assert!(counter.count() > before);
        }
    }
}

#[test]
fn a_hang_up_wakes_both_directions() {
    for reactor in both_modes() {
        let (stream, peer) = connected(&reactor);
        let (reader, reader_waker) = Counter::new();
        assert!(poll_read(&stream, &reader_waker).is_pending());
        let (writer, writer_waker) = Counter::new();
        let fill = |size| {
            let cx = Context::from_waker(&writer_waker);
            stream.poll_io(Direction::Write, &cx, |mut socket| socket.write(&vec![0; size])).is_ready()
        };
        while fill(1 << 16) {}
        // Unread data makes this a reset.
        drop(peer);
        let limit = Instant::now() + LONG;
        while reader.count() == 0 || writer.count() == 0 {
            assert!(Instant::now() < limit);
            wait(&reactor, Some(LONG));
        }
        assert!(fill(1) && poll_read(&stream, &reader_waker).is_ready());
    }
}

#[test]
fn closing_wakes_who_waits_and_lets_nobody_wait_again() {
    for reactor in both_modes() {
        let (stream, _peer) = connected(&reactor);
        let (counter, waker) = Counter::new();
        assert!(poll_read(&stream, &waker).is_pending());
        let timer = timer(&reactor, Instant::now() + LONG, &waker);
        reactor.close();
        assert_eq!(counter.count(), 2);
        assert_eq!(wait(&reactor, None), 0);

        let Poll::Ready(Err(error)) = poll_read(&stream, &waker) else { panic!("it waits") };
        assert!(error.to_string().contains("shut down"), "{error}");
        assert!(Timer::new(reactor.clone(), Instant::now(), &Context::from_waker(&waker)).is_none());
        assert!(!timer.renew(&Context::from_waker(&waker)));
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(Registered::new(reactor.clone(), socket).is_err());
        drop(waker);
        assert_eq!(Arc::strong_count(&counter), 1);
    }
}

#[test]
fn the_previous_reactor_is_restored() {
    let [outer, inner] = both_modes();
    let is_current =
        |reactor: &Arc<Reactor>| Reactor::current().is_some_and(|current| Arc::ptr_eq(&current, reactor));
    assert!(Reactor::current().is_none());
    let first = outer.enter();
    let second = inner.enter();
    assert!(is_current(&inner));
    drop(second);
    assert!(is_current(&outer));
    drop(first);
    assert!(Reactor::current().is_none());
}

#[test]
fn a_dropped_source_leaves_nothing_behind() {
    for reactor in both_modes() {
        let (counter, waker) = Counter::new();
        for _ in 0..100 {
            let (stream, mut peer) = connected(&reactor);
            assert!(poll_read(&stream, &waker).is_pending());
            peer.write_all(b"x").unwrap();
        }
        assert_eq!(lock(&reactor.registry).sources.len(), 0);
        drop(waker);
        assert_eq!(Arc::strong_count(&counter), 1);
    }
}

// ANCHOR: between
#[test]
fn an_event_between_the_attempt_and_the_wait_is_not_lost() {
    for reactor in both_modes() {
        for is_future in [false, true] {
            let (stream, mut peer) = connected(&reactor);
            let (_, bystander) = Counter::new();
            assert!(poll_read(&stream, &bystander).is_pending());
            let mut attempts = 0;
            let read = |mut socket: &TcpStream| {
                attempts += 1;
                let result = socket.read(&mut [0; 8]);
                if attempts == 1 {
                    assert_eq!(result.as_ref().unwrap_err().kind(), io::ErrorKind::WouldBlock);
                    peer.write_all(b"x").unwrap();
                    assert_eq!(wait_until_woken(&reactor), 1);
                }
                result
            };
            let (_, waker) = Counter::new();
            let mut cx = Context::from_waker(&waker);
            let polled = if is_future {
                std::pin::pin!(stream.io(Direction::Read, read)).poll(&mut cx)
            } else {
                stream.poll_io(Direction::Read, &cx, read)
            };
            assert!(matches!(polled, Poll::Ready(Ok(1))), "{polled:?}");
        }
    }
}
// ANCHOR_END: between

#[test]
fn a_dropped_future_withdraws_its_waker_and_no_other() {
    for reactor in both_modes() {
        let (stream, mut peer) = connected(&reactor);
        let read = || Box::pin(stream.io(Direction::Read, |mut socket| socket.read(&mut [0; 8])));
        let (first, first_waker) = Counter::new();
        let (second, second_waker) = Counter::new();
        let (mut dropped, mut kept) = (read(), read());
        for _ in 0..2 {
            assert!(dropped.as_mut().poll(&mut Context::from_waker(&first_waker)).is_pending());
            assert!(kept.as_mut().poll(&mut Context::from_waker(&second_waker)).is_pending());
        }
        drop(dropped);
        drop(first_waker);
        assert_eq!(Arc::strong_count(&first), 1);
        peer.write_all(b"x").unwrap();
        assert_eq!(wait_until_woken(&reactor), 1);
        assert_eq!(second.count(), 1);

        // A future that was woken has no place to withdraw from, even if another has it by now.
        let (third, third_waker) = Counter::new();
        assert_eq!(stream.get().read(&mut [0; 8]).unwrap(), 1);
        let mut other = read();
        assert!(other.as_mut().poll(&mut Context::from_waker(&third_waker)).is_pending());
        drop(kept);
        peer.write_all(b"y").unwrap();
        assert_eq!(wait_until_woken(&reactor), 1);
        assert_eq!(third.count(), 1);
    }
}
