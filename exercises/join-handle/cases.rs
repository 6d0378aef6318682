//! What the two ends of a task promise, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{JoinError, JoinHandle, Task, joinable};
use exercises::Case;
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
};

pub const CASES: &[Case] = &[
    Case {
        name: "the_output_arrives_before_or_after_it_is_asked_for",
        promise: "the handle gives the output of the future, whoever of the two comes first",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: the_output_arrives_before_or_after_it_is_asked_for,
    },
    Case {
        name: "the_waker_of_the_last_poll_is_called",
        promise: "a handle may be polled with another waker each time, and the last one counts",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: the_waker_of_the_last_poll_is_called,
    },
    Case {
        name: "a_panic_reaches_the_handle_and_not_the_executor",
        promise: "a task whose future panics is done, and its handle is woken and has the payload",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: a_panic_reaches_the_handle_and_not_the_executor,
    },
    Case {
        name: "a_panic_in_the_destructor_is_a_panic_as_well",
        promise: "a future whose destructor panics after its last poll does not take the executor with it",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: a_panic_in_the_destructor_is_a_panic_as_well,
    },
    Case {
        name: "a_dropped_handle_leaves_its_task_running",
        promise: "dropping the handle detaches the task",
        hang: "the drop waits for the task",
        supported: true,
        run: a_dropped_handle_leaves_its_task_running,
    },
    Case {
        name: "an_output_is_dropped_once_and_in_time",
        promise: "an output that nobody can ask for is dropped at once; one that was given belongs to who has it",
        hang: "an output is dropped under a lock that it wants",
        supported: true,
        run: an_output_is_dropped_once_and_in_time,
    },
    Case {
        name: "a_task_that_is_dropped_tells_its_handle",
        promise: "whoever waits for a task that will never be done is told so",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: a_task_that_is_dropped_tells_its_handle,
    },
    Case {
        name: "the_future_is_gone_when_the_handle_is_told",
        promise: "whoever awaited a task may count on what its future held being given up",
        hang: "one end waits for the other inside of a poll",
        supported: true,
        run: the_future_is_gone_when_the_handle_is_told,
    },
];

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

/// What an executor does with a task.
fn run(task: &mut Task) -> Poll<()> {
    let polled =
        catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    polled.unwrap_or_else(|_| panic!("the panic came out of the task: the executor's thread is lost"))
}

fn ask<T>(handle: &mut Pin<Box<JoinHandle<T>>>, count: &Arc<Count>) -> Poll<Result<T, JoinError>> {
    handle.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
}

/// A task that is ready at its second poll, and its handle.
fn seven() -> (Task, Pin<Box<JoinHandle<i32>>>) {
    let mut is_first = true;
    let future = poll_fn(move |_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(7) });
    let (task, handle) = joinable(future);
    (task, Box::pin(handle))
}

fn the_output_arrives_before_or_after_it_is_asked_for() {
    let count = Arc::default();
    let (mut task, mut handle) = seven();
    assert!(ask(&mut handle, &count).is_pending(), "the task has not been polled");
    assert!(run(&mut task).is_pending(), "the future is not ready");
    assert_eq!(count.calls(), 0, "wakes of the handle before the task is done");
    assert!(run(&mut task).is_ready(), "the future is ready, and the task is not");
    assert!(count.calls() > 0, "the task is done, and whoever awaits its handle sleeps on");
    assert!(
        matches!(ask(&mut handle, &count), Poll::Ready(Ok(7))),
        "the task is done, and the output is not there"
    );

    let (mut task, mut handle) = seven();
    while run(&mut task).is_pending() {}
    drop(task);
    assert!(matches!(ask(&mut handle, &count), Poll::Ready(Ok(7))), "the task was done before anybody asked");
}

fn the_waker_of_the_last_poll_is_called() {
    let (first, last) = (Arc::default(), Arc::default());
    let (mut task, mut handle) = seven();
    for count in [&first, &last] {
        assert!(ask(&mut handle, count).is_pending(), "the task is not done");
    }
    while run(&mut task).is_pending() {}
    assert!(last.calls() > 0, "the task that asked last sleeps on: an earlier one was woken in its place");
}

/// The payload of the only panic of a task.
fn payload(polled: Poll<Result<(), JoinError>>) -> &'static str {
    let Poll::Ready(result) = polled else { panic!("the task has panicked, and its handle still waits") };
    let Err(JoinError::Panicked(payload)) = result else {
        panic!("the task has panicked, and its handle has {result:?}")
    };
    payload.downcast_ref::<&'static str>().copied().expect("the payload is that of the panic")
}

fn a_panic_reaches_the_handle_and_not_the_executor() {
    let count = Arc::default();
    let (mut task, handle) = joinable(async { panic!("as planned") });
    let mut handle = Box::pin(handle);
    assert!(ask(&mut handle, &count).is_pending(), "the task has not been polled");
    assert!(run(&mut task).is_ready(), "a task that has panicked is done");
    assert!(count.calls() > 0, "the task has panicked, and whoever awaits its handle sleeps on");
    assert_eq!(payload(ask(&mut handle, &count)), "as planned");
}

fn a_panic_in_the_destructor_is_a_panic_as_well() {
    struct Fragile;
    impl Drop for Fragile {
        fn drop(&mut self) {
            // In the midst of another panic it would end the process, and the other one is the one to read.
            assert!(std::thread::panicking(), "as planned");
        }
    }
    let (count, fragile) = (Arc::default(), Fragile);
    let (mut task, handle) = joinable(poll_fn(move |_| {
        let _ = &fragile;
        Poll::Ready(())
    }));
    assert!(run(&mut task).is_ready(), "a task that has panicked is done");
    assert_eq!(payload(ask(&mut Box::pin(handle), &count)), "as planned");
}

fn a_dropped_handle_leaves_its_task_running() {
    let (tell, told) = mpsc::channel();
    let mut polls = 0;
    let (mut task, handle) = joinable(poll_fn(move |_| {
        polls += 1;
        if polls < 3 {
            return Poll::Pending;
        }
        tell.send(7).expect("it is received");
        Poll::Ready(())
    }));
    assert!(run(&mut task).is_pending(), "the future is not ready");
    drop(Box::pin(handle));
    assert!(run(&mut task).is_pending(), "the future is not ready, and the task ended with its handle");
    assert!(run(&mut task).is_ready(), "the future is ready");
    assert_eq!(told.try_recv(), Ok(7), "the future did not run to its end");
}

fn an_output_is_dropped_once_and_in_time() {
    struct Output(Arc<AtomicUsize>);
    impl Drop for Output {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let new = || {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Output(Arc::clone(&drops));
        let (task, handle) = joinable(async { output });
        (task, Box::pin(handle), move || drops.load(SeqCst))
    };

    let (mut task, handle, drops) = new();
    drop(handle);
    assert!(run(&mut task).is_ready(), "the future is ready");
    assert_eq!(drops(), 1, "drops of an output whose handle was gone before it was there");
    drop(task);
    assert_eq!(drops(), 1, "and once its task is gone, too");

    let (mut task, handle, drops) = new();
    assert!(run(&mut task).is_ready(), "the future is ready");
    assert_eq!(drops(), 0, "drops of an output that somebody may still ask for");
    drop(handle);
    assert_eq!(drops(), 1, "drops of an output whose handle went without asking");
    drop(task);
    assert_eq!(drops(), 1, "and once its task is gone, too");

    let (mut task, mut handle, drops) = new();
    assert!(run(&mut task).is_ready(), "the future is ready");
    let output = ask(&mut handle, &Arc::default());
    drop((task, handle));
    assert_eq!(drops(), 0, "drops of an output that was given, while it is held");
    drop(output);
    assert_eq!(drops(), 1, "drops of an output that was given, and was let go");
}

fn a_task_that_is_dropped_tells_its_handle() {
    for polls in [0, 1] {
        let count = Arc::default();
        let (mut task, mut handle) = seven();
        assert!(ask(&mut handle, &count).is_pending(), "the task is not done");
        (0..polls).for_each(|_| assert!(run(&mut task).is_pending(), "the future is not ready"));
        drop(task);
        assert!(
            count.calls() > 0,
            "the task is gone after {polls} polls, and whoever awaits its handle sleeps on"
        );
        let polled = ask(&mut handle, &count);
        assert!(
            matches!(polled, Poll::Ready(Err(JoinError::Cancelled))),
            "the task is gone after {polls} polls, and its handle gives {polled:?}"
        );
    }
}

fn the_future_is_gone_when_the_handle_is_told() {
    /// What a future may hold: a file, a lock.
    struct Held(Arc<AtomicBool>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.store(false, SeqCst);
        }
    }
    /// Looks, when it is called, whether it is still held.
    struct Look {
        is_held: Arc<AtomicBool>,
        seen: Arc<AtomicUsize>,
    }
    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            self.seen.fetch_add(if self.is_held.load(SeqCst) { 100 } else { 1 }, SeqCst);
        }
    }
    for is_dropped in [false, true] {
        let is_held = Arc::new(AtomicBool::new(true));
        let seen = Arc::new(AtomicUsize::new(0));
        let held = Held(Arc::clone(&is_held));
        // Not an `async` block: that would drop what it holds when its body ends, whoever keeps the block.
        let (mut task, handle) = joinable(poll_fn(move |_| {
            let _ = &held;
            Poll::Ready(())
        }));
        let waker = Waker::from(Arc::new(Look { is_held, seen: Arc::clone(&seen) }));
        let mut handle = Box::pin(handle);
        let polled = handle.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending(), "the task has not been polled");
        if is_dropped {
            drop(task);
        } else {
            assert!(run(&mut task).is_ready(), "the future is ready");
        }
        assert!(seen.load(SeqCst) > 0, "the task has ended, and whoever awaits its handle sleeps on");
        assert!(seen.load(SeqCst) < 100, "the handle was woken, and the future still held what it held");
    }
}
