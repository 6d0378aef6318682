//! What a `block_on` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::block_on;
use exercises::Case;
use std::{
    future::{Future, poll_fn, ready},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

pub const CASES: &[Case] = &[
    Case {
        name: "a_ready_future_is_polled_once",
        promise: "a future that is ready at its first poll is polled once, and its value returned",
        hang: "block_on waits for a wake before it polls, and nobody has the waker yet",
        supported: true,
        run: a_ready_future_is_polled_once,
    },
    Case {
        name: "a_wake_from_another_thread_ends_the_sleep",
        promise: "a thread that sleeps in block_on wakes up when another thread calls the waker",
        hang: "the waker notes the wake but does not unpark the thread",
        supported: true,
        run: a_wake_from_another_thread_ends_the_sleep,
    },
    Case {
        name: "a_wake_during_poll_is_not_lost",
        promise: "a wake that comes while the future is being polled leads to another poll",
        hang: "the note of a wake is wiped after the poll: a wake during the poll is wiped with it",
        supported: true,
        run: a_wake_during_poll_is_not_lost,
    },
    Case {
        name: "a_pending_future_is_not_polled_again_until_its_waker_is_called",
        promise: "block_on polls once at first and then once for each wake, however long it waits",
        hang: "the waker's call does not reach the loop",
        supported: true,
        run: a_pending_future_is_not_polled_again_until_its_waker_is_called,
    },
    Case {
        name: "waiting_costs_no_cpu_time",
        promise: "while its future waits, the thread sleeps",
        hang: "the waker's call does not reach the loop",
        supported: cfg!(target_os = "linux"),
        run: waiting_costs_no_cpu_time,
    },
    Case {
        name: "an_unpark_without_a_wake_does_not_lead_to_a_poll",
        promise: "park may return when nobody called the waker; block_on then goes back to sleep",
        hang: "the waker's call does not reach the loop",
        supported: true,
        run: an_unpark_without_a_wake_does_not_lead_to_a_poll,
    },
    Case {
        name: "a_future_may_take_the_park_token",
        promise: "a future that parks this thread inside its poll does not swallow a wake",
        hang: "the only trace of the wake was the thread's park token, and the future's own park took it",
        supported: true,
        run: a_future_may_take_the_park_token,
    },
    Case {
        name: "a_block_on_inside_a_block_on_leaves_the_outer_wake_alone",
        promise: "each call of block_on keeps its own note of a wake, even on one thread",
        hang: "both calls share one note, and the inner one took the outer one's wake",
        supported: true,
        run: a_block_on_inside_a_block_on_leaves_the_outer_wake_alone,
    },
];

fn a_ready_future_is_polled_once() {
    let mut polls = 0;
    let future = poll_fn(|_| {
        polls += 1;
        Poll::Ready("done")
    });
    assert_eq!(block_on(future), "done", "block_on returns what the future returned");
    assert_eq!(polls, 1, "a future that was ready at once was polled again");
}

fn a_wake_from_another_thread_ends_the_sleep() {
    let watch = Arc::new(Watch::default());
    block_on(pending_until_done(&watch, &mut 0));
}

fn a_wake_during_poll_is_not_lost() {
    // By this thread, and by another one that has ended before the poll has.
    block_on(pending_once(|cx| cx.waker().wake_by_ref()));
    block_on(pending_once(|cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    }));
}

fn a_pending_future_is_not_polled_again_until_its_waker_is_called() {
    let (watch, mut polls) = (Arc::new(Watch::default()), 0);
    block_on(pending_until_done(&watch, &mut polls));
    assert_eq!(polls, 2, "one poll to begin with and one for the only wake; more than that is a busy loop");
}

fn waiting_costs_no_cpu_time() {
    let watch = Arc::new(Watch::default());
    block_on(pending_until_done(&watch, &mut 0));
    let was_busy = watch.was_busy.load(SeqCst);
    assert!(!was_busy, "the thread that waited was never seen asleep: it looked for the wake without pause");
}

fn an_unpark_without_a_wake_does_not_lead_to_a_poll() {
    let (watch, mut is_first) = (Arc::new(Watch::default()), true);
    block_on(poll_fn(|cx| {
        if std::mem::take(&mut is_first) {
            // The next park of this thread returns at once, and nobody has called the waker then.
            thread::current().unpark();
            watch.wake_when_asleep(cx);
            return Poll::Pending;
        }
        assert!(watch.is_done.load(SeqCst), "the future was polled again though nobody had called its waker");
        Poll::Ready(())
    }));
}

fn a_future_may_take_the_park_token() {
    block_on(pending_once(|cx| {
        cx.waker().wake_by_ref();
        // What any lock or channel that the future uses may do. It returns at once if a token is there, and takes it;
        // an answer that sleeps by other means has left none, hence the limit.
        thread::park_timeout(Duration::from_millis(10));
    }));
}

fn a_block_on_inside_a_block_on_leaves_the_outer_wake_alone() {
    block_on(pending_once(|outer| {
        outer.waker().wake_by_ref();
        block_on(pending_once(|inner| inner.waker().wake_by_ref()));
        assert_eq!(block_on(ready(7)), 7);
    }));
}

/// A future that runs `first` in its first poll and is ready at its second.
fn pending_once(first: impl FnOnce(&mut Context<'_>)) -> impl Future<Output = ()> {
    let mut first = Some(first);
    poll_fn(move |cx| match first.take() {
        Some(first) => {
            first(cx);
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
}

/// A future that is ready once the watch has seen its thread asleep, and counts its polls.
fn pending_until_done<'a>(watch: &'a Arc<Watch>, polls: &'a mut usize) -> impl Future<Output = ()> + 'a {
    poll_fn(move |cx| {
        *polls += 1;
        if *polls == 1 {
            watch.wake_when_asleep(cx);
        }
        if watch.is_done.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    })
}

/// Another thread, which waits until the thread of a `block_on` sleeps, and then calls the waker.
///
/// How long that takes says nothing on a machine that is busy, so no clock on the wall is asked.
#[derive(Default)]
struct Watch {
    /// The waker has been called, or is about to be.
    is_done: AtomicBool,
    /// The thread used up CPU time instead of going to sleep.
    was_busy: AtomicBool,
}

impl Watch {
    /// To be called in a poll, by the thread that is to go to sleep.
    fn wake_when_asleep(self: &Arc<Self>, cx: &Context<'_>) {
        let (watch, waker, thread) = (self.clone(), cx.waker().clone(), ThisThread::new());
        thread::spawn(move || {
            watch.was_busy.store(!thread.falls_asleep(), SeqCst);
            watch.is_done.store(true, SeqCst);
            waker.wake();
        });
    }
}

/// What the kernel tells about one thread.
#[cfg(target_os = "linux")]
struct ThisThread(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl ThisThread {
    fn new() -> ThisThread {
        let thread = std::fs::read_link("/proc/thread-self").expect("Linux has a folder for each thread");
        ThisThread(std::path::Path::new("/proc").join(thread).join("stat"))
    }

    /// Waits until the thread sleeps, or has spent some 30 ms of CPU time instead; whether it was sleep.
    fn falls_asleep(&self) -> bool {
        let (_, before) = self.state_and_time();
        // Seen asleep three times in a row: a thread on its way may stop for a moment too, at a lock of the allocator.
        let mut in_a_row = 0;
        while in_a_row < 3 {
            let (is_asleep, now) = self.state_and_time();
            in_a_row = if is_asleep { in_a_row + 1 } else { 0 };
            if now >= before + 3 {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Whether the thread sleeps, and its CPU time in hundredths of a second.
    fn state_and_time(&self) -> (bool, u64) {
        let text = std::fs::read_to_string(&self.0).expect("the thread waits in block_on");
        // The fields are counted from behind the name, which may hold anything: the state, and from the twelfth on
        // the time spent in the program and in the kernel.
        let (_, fields) = text.rsplit_once(") ").expect("the name is in parentheses");
        let fields: Vec<&str> = fields.split(' ').collect();
        let time = |at: usize| fields[at].parse::<u64>().expect("a time is a number");
        (fields[0] == "S", time(11) + time(12))
    }
}

/// Elsewhere nothing is known about another thread, and a pause makes it likely that it sleeps.
#[cfg(not(target_os = "linux"))]
struct ThisThread;

#[cfg(not(target_os = "linux"))]
impl ThisThread {
    fn new() -> ThisThread {
        ThisThread
    }

    fn falls_asleep(&self) -> bool {
        thread::sleep(Duration::from_millis(50));
        true
    }
}
