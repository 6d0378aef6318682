//! What a shutdown promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! The clock is a number, and what happens while a shutdown waits is done by its park. So a case can tell a shutdown
//! that waits from one that does not, and one that would wait for too long says so.

use super::answer::{Cancelled, Clock, Job, Pool};
use exercises::Case;
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

const WAITING: &str =
    "the shutdown waits for something other than its clock, or a lock is held where it should not be";
const LOCKED: &str = "a waker was called, or a closure dropped, under the lock, and has come back for it";

pub const CASES: &[Case] = &[
    Case {
        name: "what_waits_is_cancelled_and_its_awaiter_told",
        promise: "a closure that waits is dropped without being run, and its awaiter is woken and told",
        hang: WAITING,
        supported: true,
        run: what_waits_is_cancelled_and_its_awaiter_told,
    },
    Case {
        name: "nothing_begins_after_the_shutdown",
        promise: "what is spawned after the shutdown is cancelled at once",
        hang: WAITING,
        supported: true,
        run: nothing_begins_after_the_shutdown,
    },
    Case {
        name: "awaiters_of_what_waits_are_told_first",
        promise: "whoever awaits what will not run does not wait until the shutdown has ended",
        hang: WAITING,
        supported: true,
        run: awaiters_of_what_waits_are_told_first,
    },
    Case {
        name: "what_runs_is_waited_for",
        promise: "a shutdown with time returns when the last closure has ended",
        hang: WAITING,
        supported: true,
        run: what_runs_is_waited_for,
    },
    Case {
        name: "a_shutdown_waits_no_longer_than_told",
        promise: "the time is measured from the beginning, whatever wakes the shutdown on the way",
        hang: WAITING,
        supported: true,
        run: a_shutdown_waits_no_longer_than_told,
    },
    Case {
        name: "what_was_left_behind_goes_on",
        promise: "a closure that outlasts the shutdown still runs, still counts, and still gives its result",
        hang: WAITING,
        supported: true,
        run: what_was_left_behind_goes_on,
    },
    Case {
        name: "a_closure_may_shut_down_its_own_pool",
        promise: "a shutdown does not wait for the closure that called it",
        hang: WAITING,
        supported: true,
        run: a_closure_may_shut_down_its_own_pool,
    },
    Case {
        name: "wakers_and_destructors_may_use_the_pool",
        promise: "neither a waker is called nor a closure dropped under the lock",
        hang: LOCKED,
        supported: true,
        run: wakers_and_destructors_may_use_the_pool,
    },
];

const HOUR: Duration = Duration::from_secs(3600);

/// What happens in a park of that length.
type OnPark = Box<dyn FnMut(&Fake, Duration) + Send>;

/// A clock that is set by hand.
#[derive(Clone, Default)]
struct Fake(Arc<Hands>);

#[derive(Default)]
struct Hands {
    now: Mutex<Duration>,
    parks: AtomicUsize,
    unparks: AtomicUsize,
    on_park: Mutex<Option<OnPark>>,
}

impl Fake {
    fn on_park(&self, on_park: impl FnMut(&Fake, Duration) + Send + 'static) {
        *self.0.on_park.lock().expect("no holder panics") = Some(Box::new(on_park));
    }

    fn advance(&self, time: Duration) {
        *self.0.now.lock().expect("no holder panics") += time;
    }

    fn parks(&self) -> usize {
        self.0.parks.load(SeqCst)
    }
}

impl Clock for Fake {
    fn now(&self) -> Duration {
        *self.0.now.lock().expect("no holder panics")
    }

    fn park(&self, limit: Duration) {
        self.0.parks.fetch_add(1, SeqCst);
        let mut on_park = self.0.on_park.lock().expect("no holder panics");
        let Some(on_park) = &mut *on_park else {
            panic!("the shutdown waits, and there is nothing to wait for");
        };
        on_park(self, limit);
    }

    fn unpark(&self) {
        self.0.unparks.fetch_add(1, SeqCst);
    }
}

fn pool() -> (Arc<Pool<Fake>>, Fake) {
    let clock = Fake::default();
    (Arc::new(Pool::new(clock.clone())), clock)
}

/// Counts how often it is called.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn poll<T>(job: Pin<&mut Job<T>>, bell: &Arc<Bell>) -> Poll<Result<T, Cancelled>> {
    job.poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

/// Asks once, of a job that should be done.
fn done<T>(job: Job<T>, why: &str) -> Result<T, Cancelled> {
    match poll(pin!(job), &Arc::default()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("{why}, and the job says that there is no result yet"),
    }
}

/// A closure that runs on a thread of its own until it is told to return 7.
struct Held {
    job: Job<u32>,
    gate: mpsc::Sender<()>,
    thread: thread::JoinHandle<bool>,
}

impl Held {
    fn new(pool: &Arc<Pool<Fake>>) -> Held {
        let (gate, open) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        let job = pool.spawn(move || {
            begun.send(()).expect("the case waits for it");
            // The case may have ended.
            let _ = open.recv();
            7
        });
        let pool = Arc::clone(pool);
        let thread = thread::spawn(move || pool.run_one());
        has_begun.recv().expect("the closure was dropped, and should run");
        Held { job, gate, thread }
    }

    fn end(self) -> Job<u32> {
        self.gate.send(()).expect("the closure waits for it");
        self.thread.join().unwrap_or_else(|_| panic!("the thread of a closure has panicked"));
        self.job
    }
}

fn what_waits_is_cancelled_and_its_awaiter_told() {
    let (pool, _) = pool();
    let (has_run, bell) = (Arc::new(AtomicUsize::new(0)), Arc::<Bell>::default());
    let jobs = [(); 3].map(|()| {
        let has_run = Arc::clone(&has_run);
        pool.spawn(move || has_run.fetch_add(1, SeqCst))
    });
    let mut jobs = jobs.map(Box::pin);
    for job in &mut jobs {
        assert!(poll(job.as_mut(), &bell).is_pending(), "no thread has come for the closure");
    }
    assert_eq!(pool.shutdown(HOUR), 0, "nothing ran");
    assert_eq!(has_run.load(SeqCst), 0, "three closures waited, and the pool was shut down");
    assert_eq!(bell.0.load(SeqCst), 3, "three tasks awaited closures that were cancelled");
    for job in &mut jobs {
        assert_eq!(poll(job.as_mut(), &bell), Poll::Ready(Err(Cancelled)), "the closure was cancelled");
    }
    assert_eq!(Arc::strong_count(&has_run), 1, "the closures were cancelled, and somebody keeps them");
}

fn nothing_begins_after_the_shutdown() {
    let (pool, _) = pool();
    assert_eq!(pool.shutdown(HOUR), 0, "nothing ran");
    let has_run = Arc::new(AtomicBool::new(false));
    let sets = Arc::clone(&has_run);
    let job = pool.spawn(move || sets.store(true, SeqCst));
    let found_one = pool.run_one();
    assert!(!found_one && !has_run.load(SeqCst), "a closure that was spawned after the shutdown was run");
    assert_eq!(done(job, "the pool was shut down"), Err(Cancelled), "the closure came too late");
}

fn awaiters_of_what_waits_are_told_first() {
    let (pool, clock) = pool();
    let mut held = Some(Held::new(&pool));
    let bell = Arc::<Bell>::default();
    let mut waits = pin!(pool.spawn(|| ()));
    assert!(poll(waits.as_mut(), &bell).is_pending(), "no thread has come for the closure");
    let told = Arc::clone(&bell);
    clock.on_park(move |_, _| {
        assert_eq!(
            told.0.load(SeqCst),
            1,
            "the shutdown waits for one closure, and another awaiter knows nothing"
        );
        held.take().map(Held::end);
    });
    pool.shutdown(HOUR);
    assert_eq!(bell.0.load(SeqCst), 1, "the awaiter of a cancelled closure is told");
}

fn what_runs_is_waited_for() {
    let (pool, clock) = pool();
    let mut held = vec![Held::new(&pool), Held::new(&pool)];
    let ended = Arc::new(Mutex::new(Vec::new()));
    let ends = Arc::clone(&ended);
    clock.on_park(move |clock, _| {
        let next = held.pop().expect("both closures have ended, and the shutdown waits");
        ends.lock().expect("no holder panics").push(next.end());
        assert!(clock.0.unparks.load(SeqCst) > 0, "a closure has ended, and nobody told the shutdown");
    });
    assert_eq!(pool.shutdown(HOUR), 0, "there was time enough");
    let ended = std::mem::take(&mut *ended.lock().expect("no holder panics"));
    assert_eq!(ended.len(), 2, "two closures ran, there was time, and the shutdown has not waited for both");
    for job in ended {
        assert_eq!(done(job, "the closure has ended"), Ok(7), "what ran gives its result");
    }
}

fn a_shutdown_waits_no_longer_than_told() {
    for seconds in [0, 10] {
        let (pool, clock) = pool();
        clock.advance(HOUR);
        let held = Held::new(&pool);
        let end = clock.now() + Duration::from_secs(seconds);
        clock.on_park(move |clock, limit| {
            let left = end.saturating_sub(clock.now());
            assert!(!left.is_zero(), "the time is up, and the shutdown waits");
            assert!(limit <= left, "{left:?} are left, and the shutdown would wait for {limit:?}");
            // Back early, and for no reason.
            clock.advance(limit.min(Duration::from_secs(3)));
        });
        assert_eq!(pool.shutdown(Duration::from_secs(seconds)), 1, "one closure still runs");
        assert_eq!(clock.now(), end, "a closure ran for longer than the shutdown should wait");
        held.end();
    }
}

fn what_was_left_behind_goes_on() {
    let (pool, _) = pool();
    let held = Held::new(&pool);
    for _ in 0..2 {
        assert_eq!(pool.shutdown(Duration::ZERO), 1, "one closure runs, and there is no time to wait for it");
    }
    let job = held.end();
    assert_eq!(done(job, "the closure has ended"), Ok(7), "what ran gives its result");
    assert_eq!(pool.shutdown(HOUR), 0, "nothing runs any more");
}

fn a_closure_may_shut_down_its_own_pool() {
    let (pool, clock) = pool();
    let inside = Arc::clone(&pool);
    let job = pool.spawn(move || inside.shutdown(HOUR));
    assert!(pool.run_one(), "a closure waits");
    assert_eq!(done(job, "the closure has ended"), Ok(0), "no other closure ran");
    assert_eq!(clock.parks(), 0, "a closure has shut down its pool, and waited for itself");
}

/// Uses the pool when it is called, or dropped.
struct Reenters(Arc<Pool<Fake>>);

impl Reenters {
    fn reenter(&self) {
        // Whether it comes back is the question. A panic in a destructor would end the process.
        let _cancelled = self.0.spawn(|| ());
    }
}

impl Wake for Reenters {
    fn wake(self: Arc<Self>) {
        self.reenter();
    }
}

struct ReentersWhenDropped(Reenters);

impl Drop for ReentersWhenDropped {
    fn drop(&mut self) {
        self.0.reenter();
    }
}

fn wakers_and_destructors_may_use_the_pool() {
    let (pool, _) = pool();
    let owned = ReentersWhenDropped(Reenters(Arc::clone(&pool)));
    let mut job = pin!(pool.spawn(move || drop(owned)));
    let waker = Waker::from(Arc::new(Reenters(Arc::clone(&pool))));
    assert!(
        job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending(),
        "no thread has come for the closure"
    );
    assert_eq!(pool.shutdown(HOUR), 0, "nothing ran");
}
