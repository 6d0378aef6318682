//! What a `Delay` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{Alarm, Clock, Delay, delay};
use exercises::Case;
use std::{
    collections::BTreeMap,
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

pub const CASES: &[Case] = &[
    Case {
        name: "no_time_needs_no_alarm",
        promise: "a delay of no time is ready at its first poll, and sets no alarm",
        hang: "the poll waits where it should return",
        supported: true,
        run: no_time_needs_no_alarm,
    },
    Case {
        name: "the_first_poll_sets_the_only_alarm",
        promise: "one alarm is set, by the first poll, for as long as was asked",
        hang: "the poll waits where it should return",
        supported: true,
        run: the_first_poll_sets_the_only_alarm,
    },
    Case {
        name: "only_the_alarm_makes_it_ready",
        promise: "however often it is polled, a delay is ready after its alarm and not before",
        hang: "the poll waits where it should return",
        supported: true,
        run: only_the_alarm_makes_it_ready,
    },
    Case {
        name: "the_waker_of_the_last_poll_is_called",
        promise: "a delay may be polled with another waker each time, and the last one counts",
        hang: "the poll or the ring waits for the other one",
        supported: true,
        run: the_waker_of_the_last_poll_is_called,
    },
    Case {
        name: "an_alarm_that_rings_while_it_is_set_is_not_lost",
        promise: "if the alarm rings during the first poll, that poll says Ready, or its waker is called",
        hang: "a lock is held while the alarm is set, and what rings wants the same lock",
        supported: true,
        run: an_alarm_that_rings_while_it_is_set_is_not_lost,
    },
    Case {
        name: "the_waker_may_poll_on_the_spot",
        promise: "the waker is called without a lock: it may poll the delay before it returns",
        hang: "the waker is called under a lock, and the poll that it leads to wants the same lock",
        supported: true,
        run: the_waker_may_poll_on_the_spot,
    },
    Case {
        name: "the_waker_is_not_kept_after_the_ring",
        promise: "a waker that was called is given up, though the delay lives on",
        hang: "the poll or the ring waits for the other one",
        supported: true,
        run: the_waker_is_not_kept_after_the_ring,
    },
    Case {
        name: "a_delay_that_is_dropped_takes_its_alarm_back",
        promise: "nothing of a dropped delay stays with the clock, and nobody is woken for it",
        hang: "the drop waits for the alarm",
        supported: true,
        run: a_delay_that_is_dropped_takes_its_alarm_back,
    },
];

const SECOND: Duration = Duration::from_secs(1);

/// A clock that rings when it is told to.
#[derive(Default)]
struct Bell {
    /// Rings on the spot, on another thread that has ended before `set` returns.
    rings_at_once: bool,
    alarms: Mutex<Alarms>,
}

#[derive(Default)]
struct Alarms {
    /// How many were ever set, and for how long.
    durations: Vec<Duration>,
    waiting: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
}

impl Clock for &Bell {
    fn set(&self, duration: Duration, ring: Box<dyn FnOnce() + Send>) -> Alarm {
        let mut alarms = self.alarms.lock().expect("no holder panics");
        alarms.durations.push(duration);
        let number = alarms.durations.len() as u64;
        if self.rings_at_once {
            drop(alarms);
            thread::spawn(ring).join().expect("what rings does not panic");
        } else {
            alarms.waiting.insert(number, ring);
        }
        Alarm(number)
    }

    fn unset(&self, alarm: Alarm) {
        let ring = self.alarms.lock().expect("no holder panics").waiting.remove(&alarm.0);
        // Without the lock: it may hold a waker, and that any code.
        drop(ring);
    }
}

impl Bell {
    fn ring_all(&self) {
        let waiting = mem::take(&mut self.alarms.lock().expect("no holder panics").waiting);
        waiting.into_values().for_each(|ring| ring());
    }

    /// How many alarms wait.
    fn waiting(&self) -> usize {
        self.alarms.lock().expect("no holder panics").waiting.len()
    }

    fn durations(&self) -> Vec<Duration> {
        self.alarms.lock().expect("no holder panics").durations.clone()
    }
}

/// Counts its calls.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Count {
    fn calls(&self) -> usize {
        self.0.load(SeqCst)
    }
}

type Pinned<'a> = Pin<Box<Delay<&'a Bell>>>;

/// Polls with a waker of `count` that lives no longer than the poll.
fn poll(delay: &mut Pinned<'_>, count: &Arc<Count>) -> Poll<()> {
    delay.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
}

fn no_time_needs_no_alarm() {
    let (bell, count) = (Bell::default(), Arc::default());
    let mut delay = Box::pin(delay(&bell, Duration::ZERO));
    assert!(poll(&mut delay, &count).is_ready(), "a delay of no time has nothing to wait for");
    drop(delay);
    assert_eq!(bell.durations(), [], "alarms that were set for no time at all");
}

fn the_first_poll_sets_the_only_alarm() {
    let (bell, count) = (Bell::default(), Arc::default());
    let _never_polled = delay(&bell, SECOND);
    let mut delay = Box::pin(delay(&bell, 3 * SECOND));
    assert_eq!(
        bell.durations(),
        [],
        "alarms before the first poll: a future does nothing until it is polled"
    );
    let _ = poll(&mut delay, &count);
    assert_eq!(bell.durations(), [3 * SECOND], "alarms after the first poll");
    let _ = poll(&mut delay, &count);
    assert_eq!(bell.durations(), [3 * SECOND], "alarms after the second poll");
}

fn only_the_alarm_makes_it_ready() {
    let (bell, count) = (Bell::default(), Arc::default());
    let mut delay = Box::pin(delay(&bell, SECOND));
    for number in 1..4 {
        assert!(poll(&mut delay, &count).is_pending(), "poll {number} is ready, and nothing has rung");
    }
    assert_eq!(count.calls(), 0, "wakes before the alarm: that is a busy loop");
    bell.ring_all();
    assert!(count.calls() > 0, "the alarm has rung, and nobody was woken");
    assert!(poll(&mut delay, &count).is_ready(), "the alarm has rung, and the delay still waits");
}

fn the_waker_of_the_last_poll_is_called() {
    let (bell, first, last) = (Bell::default(), Arc::default(), Arc::default());
    let mut delay = Box::pin(delay(&bell, SECOND));
    assert!(poll(&mut delay, &first).is_pending(), "nothing has rung");
    assert!(poll(&mut delay, &last).is_pending(), "nothing has rung");
    bell.ring_all();
    assert!(last.calls() > 0, "the task that polled last sleeps on: an earlier one was woken in its place");
}

fn an_alarm_that_rings_while_it_is_set_is_not_lost() {
    let (bell, count) = (Bell { rings_at_once: true, ..Bell::default() }, Arc::default());
    let mut delay = Box::pin(delay(&bell, SECOND));
    if poll(&mut delay, &count).is_pending() {
        assert!(
            count.calls() > 0,
            "the alarm rang during the poll, which said Pending, and nobody will poll again"
        );
        assert!(poll(&mut delay, &count).is_ready(), "the alarm has rung, and the delay still waits");
    }
}

/// A waker that polls its delay before it returns, as an executor without a queue does.
struct OnTheSpot {
    delay: Mutex<Option<Pinned<'static>>>,
    readies: AtomicUsize,
}

impl Wake for OnTheSpot {
    fn wake(self: Arc<Self>) {
        let mut delay = self.delay.lock().expect("no holder panics").take().expect("nobody else polls it");
        if delay.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            self.readies.fetch_add(1, SeqCst);
        }
    }
}

fn the_waker_may_poll_on_the_spot() {
    let bell: &'static Bell = Box::leak(Box::default());
    let task = Arc::new(OnTheSpot { delay: Mutex::new(None), readies: AtomicUsize::new(0) });
    let mut delay = Box::pin(delay(bell, SECOND));
    let polled = delay.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&task))));
    assert!(polled.is_pending(), "nothing has rung");
    *task.delay.lock().expect("no holder panics") = Some(delay);
    bell.ring_all();
    assert_eq!(task.readies.load(SeqCst), 1, "polls inside of the waker that found the delay ready");
}

fn the_waker_is_not_kept_after_the_ring() {
    let (bell, count) = (Bell::default(), Arc::default());
    let mut delay = Box::pin(delay(&bell, SECOND));
    assert!(poll(&mut delay, &count).is_pending(), "nothing has rung");
    bell.ring_all();
    assert_eq!(
        Arc::strong_count(&count),
        1,
        "shares of the task, one of which is ours: who keeps the others?"
    );
    drop(delay);
}

fn a_delay_that_is_dropped_takes_its_alarm_back() {
    let (bell, count) = (Bell::default(), Arc::default());
    let mut delay = Box::pin(delay(&bell, SECOND));
    assert!(poll(&mut delay, &count).is_pending(), "nothing has rung");
    assert_eq!(bell.waiting(), 1, "the alarm is set");
    drop(delay);
    assert_eq!(bell.waiting(), 0, "alarms of a delay that is gone");
    bell.ring_all();
    assert_eq!(count.calls(), 0, "wakes for a delay that is gone");
    assert_eq!(
        Arc::strong_count(&count),
        1,
        "shares of the task, one of which is ours: who keeps the others?"
    );
}
