//! What `Timers` promise, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package. The
//! poller has a clock that its waits move on, and what others do during a wait is done inside it. A wait that nobody
//! would end says so.

use super::answer::{Poller, Timers};
use exercises::Case;
use std::{
    sync::{Arc, Mutex, OnceLock},
    task::{Wake, Waker},
    time::Duration,
};

const LOCKED: &str = "the wait or a waker happens under the lock, and somebody else wants it";

pub const CASES: &[Case] = &[
    Case {
        name: "a_wait_ends_with_the_earliest_timer",
        promise: "a wait is no longer than until the earliest timer, and without limit if there is none",
        hang: LOCKED,
        supported: true,
        run: a_wait_ends_with_the_earliest_timer,
    },
    Case {
        name: "an_earlier_timer_ends_the_wait",
        promise: "a timer that is set during a wait, and is earlier than its end, is not late",
        hang: LOCKED,
        supported: true,
        run: an_earlier_timer_ends_the_wait,
    },
    Case {
        name: "no_other_timer_costs_a_notification",
        promise: "neither a later timer nor one that is set while nobody waits wakes a thread",
        hang: LOCKED,
        supported: true,
        run: no_other_timer_costs_a_notification,
    },
    Case {
        name: "a_timer_is_called_once_and_not_before_its_moment",
        promise: "a wait that ends early calls nobody early",
        hang: LOCKED,
        supported: true,
        run: a_timer_is_called_once_and_not_before_its_moment,
    },
    Case {
        name: "timers_of_one_moment_are_all_called",
        promise: "two timers may have the same deadline, and one of them may be cancelled",
        hang: LOCKED,
        supported: true,
        run: timers_of_one_moment_are_all_called,
    },
    Case {
        name: "a_cancelled_timer_is_forgotten",
        promise: "a timer that was cancelled is not called, and nobody wakes for it",
        hang: LOCKED,
        supported: true,
        run: a_cancelled_timer_is_forgotten,
    },
    Case {
        name: "a_waker_may_use_the_timers",
        promise: "wakers are not called under a lock",
        hang: LOCKED,
        supported: true,
        run: a_waker_may_use_the_timers,
    },
];

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A poller, of which the case and the timers each have one end.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Kernel>>);

#[derive(Default)]
struct Kernel {
    now: Duration,
    is_notified: bool,
    notifications: usize,
    limits: Vec<Option<Duration>>,
    /// What others do during the next wait.
    during: Option<Box<dyn FnOnce() + Send>>,
    /// After this time an event ends the next wait.
    event: Option<Duration>,
}

impl Fake {
    fn with<R>(&self, change: impl FnOnce(&mut Kernel) -> R) -> R {
        change(&mut self.0.lock().expect("no holder panics"))
    }

    fn during(&self, during: impl FnOnce() + Send + 'static) {
        self.with(|kernel| kernel.during = Some(Box::new(during)));
    }

    fn notifications(&self) -> usize {
        self.with(|kernel| kernel.notifications)
    }
}

impl Poller for Fake {
    fn now(&self) -> Duration {
        self.with(|kernel| kernel.now)
    }

    fn wait(&self, limit: Option<Duration>) {
        let during = self.with(|kernel| {
            kernel.limits.push(limit);
            kernel.during.take()
        });
        during.into_iter().for_each(|during| during());
        let ends = self.with(|kernel| {
            let event = kernel.event.take();
            if std::mem::take(&mut kernel.is_notified) {
                return true;
            }
            let after = event.into_iter().chain(limit).min();
            kernel.now += after.unwrap_or_default();
            after.is_some()
        });
        assert!(ends, "somebody sleeps without limit, and nothing will ever end that");
    }

    fn notify(&self) {
        self.with(|kernel| {
            kernel.is_notified = true;
            kernel.notifications += 1;
        });
    }
}

fn timers() -> (Arc<Timers<Fake>>, Fake) {
    let kernel = Fake::default();
    (Arc::new(Timers::new(kernel.clone())), kernel)
}

/// Waits once. A notification from before this wait is not what the case is about.
fn attend(timers: &Timers<Fake>, kernel: &Fake) {
    kernel.with(|kernel| kernel.is_notified = false);
    timers.attend();
}

/// Writes its name down when it is called.
struct Bell {
    name: &'static str,
    rung: Arc<Mutex<Vec<&'static str>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.lock().expect("no holder panics").push(self.name);
    }
}

/// The names of the bells that were rung, in order.
#[derive(Clone, Default)]
struct Rung(Arc<Mutex<Vec<&'static str>>>);

impl Rung {
    fn bell(&self, name: &'static str) -> Waker {
        Waker::from(Arc::new(Bell { name, rung: Arc::clone(&self.0) }))
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().expect("no holder panics"))
    }
}

fn a_wait_ends_with_the_earliest_timer() {
    let ((timers, kernel), rung) = (timers(), Rung::default());
    for (name, deadline) in [("thirty", 30), ("ten", 10), ("twenty", 20)] {
        timers.insert(ms(deadline), rung.bell(name));
    }
    for name in ["ten", "twenty", "thirty"] {
        attend(&timers, &kernel);
        assert_eq!(rung.take(), [name], "each wait ends when the next of three timers is due");
    }
    kernel.with(|kernel| kernel.event = Some(ms(1)));
    attend(&timers, &kernel);
    let limits = kernel.with(|kernel| std::mem::take(&mut kernel.limits));
    let ten = Some(ms(10));
    assert_eq!(limits, [ten, ten, ten, None], "timers for 10, 20 and 30 ms, and none is left in the end");
    for (name, deadline) in [("later", 2), ("sooner", 1)] {
        timers.insert(ms(deadline), rung.bell(name));
    }
    attend(&timers, &kernel);
    let limits = kernel.with(|kernel| std::mem::take(&mut kernel.limits));
    assert_eq!(limits, [Some(Duration::ZERO)], "two timers are overdue");
    assert_eq!(rung.take(), ["sooner", "later"], "two timers are overdue");
}

fn an_earlier_timer_ends_the_wait() {
    for is_long in [true, false] {
        let ((timers, kernel), rung) = (timers(), Rung::default());
        if is_long {
            timers.insert(ms(60_000), rung.bell("late"));
        }
        let (inside, bell) = (Arc::clone(&timers), rung.bell("early"));
        kernel.during(move || {
            inside.insert(ms(5), bell);
        });
        for _ in 0..2 {
            timers.attend();
        }
        let now = kernel.now();
        assert_eq!(
            now,
            ms(5),
            "a timer for 5 ms was set at the beginning of a wait, and two waits have taken {now:?}"
        );
        assert_eq!(rung.take(), ["early"], "a timer for 5 ms was set, and it is 5 ms now");
    }
}

fn no_other_timer_costs_a_notification() {
    let ((timers, kernel), rung) = (timers(), Rung::default());
    timers.insert(ms(20), rung.bell("first"));
    assert_eq!(kernel.notifications(), 0, "a timer was set while nobody waited");
    let (inside, bell) = (Arc::clone(&timers), rung.bell("second"));
    kernel.during(move || {
        inside.insert(ms(40), bell);
    });
    timers.attend();
    assert_eq!(kernel.notifications(), 0, "a timer for 40 ms was set during a wait until 20 ms");
    // An event ends the next wait early.
    kernel.with(|kernel| kernel.event = Some(ms(1)));
    timers.attend();
    timers.insert(ms(30), rung.bell("third"));
    assert_eq!(
        kernel.notifications(),
        0,
        "a timer for 30 ms was set after a wait until 40 ms, which an event has ended"
    );
}

fn a_timer_is_called_once_and_not_before_its_moment() {
    let ((timers, kernel), rung) = (timers(), Rung::default());
    timers.insert(ms(20), rung.bell("timer"));
    for _ in 0..2 {
        kernel.with(|kernel| kernel.event = Some(ms(5)));
        attend(&timers, &kernel);
        assert_eq!(rung.take(), [""; 0], "an event has ended the wait, and it is not yet 20 ms");
    }
    attend(&timers, &kernel);
    assert_eq!(rung.take(), ["timer"], "it is 20 ms");
    kernel.with(|kernel| kernel.event = Some(ms(5)));
    attend(&timers, &kernel);
    assert_eq!(rung.take(), [""; 0], "the only timer was called before");
}

fn timers_of_one_moment_are_all_called() {
    let ((timers, kernel), rung) = (timers(), Rung::default());
    let [_, second, _] = ["first", "second", "third"].map(|name| timers.insert(ms(10), rung.bell(name)));
    timers.cancel(second);
    attend(&timers, &kernel);
    let mut called = rung.take();
    called.sort();
    assert_eq!(called, ["first", "third"], "three timers for 10 ms, the second of which was cancelled");
}

fn a_cancelled_timer_is_forgotten() {
    let ((timers, kernel), rung) = (timers(), Rung::default());
    let bell = Arc::new(Bell { name: "cancelled", rung: Arc::clone(&rung.0) });
    let cancelled = timers.insert(ms(10), Waker::from(Arc::clone(&bell)));
    let called = timers.insert(ms(20), rung.bell("called"));
    timers.cancel(cancelled);
    assert_eq!(
        Arc::strong_count(&bell),
        1,
        "the timer was cancelled, and somebody keeps the waker of a task"
    );
    attend(&timers, &kernel);
    assert_eq!(
        kernel.with(|kernel| kernel.limits.clone()),
        [Some(ms(20))],
        "of timers for 10 and 20 ms the first was cancelled"
    );
    assert_eq!(rung.take(), ["called"], "of timers for 10 and 20 ms the first was cancelled");
    timers.insert(ms(20), rung.bell("new"));
    for id in [called, cancelled] {
        timers.cancel(id);
    }
    attend(&timers, &kernel);
    assert_eq!(rung.take(), ["new"], "two timers that are gone were cancelled, and a new one was not");
}

/// Sets a timer when it is called, and cancels it.
struct Reenters(Arc<Timers<Fake>>, OnceLock<()>);

impl Wake for Reenters {
    fn wake(self: Arc<Self>) {
        let id = self.0.insert(ms(60_000), Waker::noop().clone());
        self.0.cancel(id);
        self.1.set(()).expect("it is called once");
    }
}

fn a_waker_may_use_the_timers() {
    let (timers, kernel) = timers();
    let reenters = Arc::new(Reenters(Arc::clone(&timers), OnceLock::new()));
    timers.insert(ms(10), Waker::from(Arc::clone(&reenters)));
    attend(&timers, &kernel);
    assert!(reenters.1.get().is_some(), "the timer was due");
}
