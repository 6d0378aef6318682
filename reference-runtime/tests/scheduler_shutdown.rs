//! The end of a runtime: what is dropped, what is waited for, and what comes too late.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use common::{Cause, Gate, in_children, run, until};
use reference_runtime::{Handle, Runtime, block_on, task, time};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().worker_threads(workers).thread_name("w").build().expect("a runtime starts")
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counter() -> (Arc<AtomicUsize>, impl Fn() -> Counted) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    (count, move || Counted(Arc::clone(&counted)))
}

#[test]
fn a_shutdown_that_does_not_wait_for_ever_names_the_stuck_tasks_and_they_may_come_back_late() {
    let test = "a_shutdown_that_does_not_wait_for_ever_names_the_stuck_tasks_and_they_may_come_back_late";
    in_children(test, Cause::ALL.map(|cause| format!("{cause:?}")), |scenario| {
        let cause = Cause::ALL.into_iter().find(|cause| format!("{cause:?}") == scenario).expect("a cause");
        let runtime = runtime(2);
        let gate = Gate::closed();
        let (drops, counted) = counter();
        let (tell, begun) = mpsc::channel();
        let (closed, mark, told) = (gate.clone(), counted(), tell.clone());
        let line = line!() + 1;
        let stuck = runtime.spawn(async move {
            told.send(()).expect("the test listens");
            closed.pass(cause);
            drop(mark);
            pending::<()>().await;
        });
        let (closed, mark) = (gate.clone(), counted());
        let blocking = runtime.spawn_blocking(move || {
            tell.send(()).expect("the test listens");
            closed.pass(cause);
            drop(mark);
            5
        });
        let waits = runtime.spawn(pending::<()>());
        begun.recv().expect("one begins");
        begun.recv().expect("the other begins");
        let error = runtime.shutdown_timeout(Duration::from_millis(20)).expect_err("two are stuck");
        let mut lines: Vec<_> = error.spawned_at().iter().map(|place| place.line()).collect();
        lines.sort_unstable();
        assert_eq!(lines, [line, line + 7], "{error}");
        assert!(error.spawned_at().iter().all(|place| place.file() == file!()));
        assert!(block_on(waits.join()).expect_err("it is cancelled").is_cancelled());
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        gate.open();
        // The one that waits after its poll is cancelled, the one that has finished has finished.
        assert!(block_on(stuck.join()).expect_err("it is cancelled").is_cancelled());
        let late = block_on(blocking.join());
        assert!(late.is_ok_and(|five| five == 5), "what runs to its end has its output");
        assert_eq!(drops.load(Ordering::SeqCst), 2);
        until("the threads have ended", || threads_of_runtime() == 0);
    });
}

/// Without the monitor of the default runtime and the like.
fn threads_of_runtime() -> usize {
    common::threads_named("w") + common::threads_named("w-monitor")
}

#[test]
fn a_runtime_can_be_dropped_inside_its_own_tasks() {
    let test = "a_runtime_can_be_dropped_inside_its_own_tasks";
    in_children(test, ["task", "blocking", "in place", "nested block_on"], |scenario| {
        for workers in [1, 2] {
            let runtime = runtime(workers);
            let handle = runtime.handle().clone();
            let (tell, dropped) = mpsc::channel();
            let others: Vec<_> = (0..10).map(|_| runtime.spawn(pending::<()>())).collect();
            let drops = move || {
                drop(runtime);
                tell.send(()).expect("the test listens");
            };
            match scenario {
                "task" => handle.spawn(async move { drops() }).detach(),
                "blocking" => handle.spawn_blocking(drops).detach(),
                "in place" => handle.spawn(async move { task::block_in_place(drops) }).detach(),
                _ => handle.spawn(async move { Handle::current().block_on(async move { drops() }) }).detach(),
            }
            dropped.recv_timeout(common::LONG).expect("the drop comes to its end");
            for other in others {
                assert!(block_on(other.join()).expect_err("it is cancelled").is_cancelled());
            }
            drop(handle);
            until("the threads have ended", || threads_of_runtime() == 0);
        }
    });
}

#[test]
fn a_runtime_can_be_dropped_in_a_hook() {
    in_children("a_runtime_can_be_dropped_in_a_hook", ["start", "stop", "blocked"], |scenario| {
        let slot = Arc::new(Mutex::new(None::<Runtime>));
        let (tell, dropped) = mpsc::channel();
        let (from, tell) = (Arc::clone(&slot), Mutex::new(tell));
        let drops = move || {
            let Some(runtime) = from.lock().expect("no panic").take() else { return };
            drop(runtime);
            let _ = tell.lock().expect("no panic").send(());
        };
        let mut builder = Runtime::builder();
        builder.worker_threads(1).thread_name("w").thread_keep_alive(Duration::from_millis(10));
        match scenario {
            "start" => builder.on_thread_start(drops),
            "stop" => builder.on_thread_stop(drops),
            _ => builder.on_blocked(move |_| drops()),
        };
        let runtime = builder.build().expect("a runtime starts");
        let handle = runtime.handle().clone();
        *slot.lock().expect("no panic") = Some(runtime);
        // Another thread has to start, and then to end, or this one is reported; and then it comes back by itself.
        handle.spawn(async { thread::sleep(Duration::from_millis(100)) }).detach();
        handle.spawn_blocking(|| ()).detach();
        dropped.recv_timeout(common::LONG).expect("the drop comes to its end");
        drop(handle);
        until("the threads have ended", || threads_of_runtime() == 0);
    });
}

#[test]
fn tasks_that_spawn_for_ever_do_not_keep_a_runtime_from_ending() {
    let test = "tasks_that_spawn_for_ever_do_not_keep_a_runtime_from_ending";
    in_children(test, ["1", "2", "4"], |workers| {
        fn spawns(count: Arc<AtomicUsize>, _mark: Counted) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(async move {
                task::yield_now().await;
                count.fetch_add(1, Ordering::SeqCst);
                task::spawn(spawns(count, _mark)).detach();
            })
        }
        for _ in 0..20 {
            let runtime = runtime(workers.parse().expect("a number"));
            let (drops, counted) = counter();
            let count = Arc::new(AtomicUsize::new(0));
            for _ in 0..10 {
                runtime.spawn(spawns(Arc::clone(&count), counted())).detach();
            }
            until("they spawn", || count.load(Ordering::SeqCst) > 100);
            drop(runtime);
            assert_eq!(drops.load(Ordering::SeqCst), 10, "each chain is dropped once");
        }
    });
}

#[test]
fn two_hundred_runtimes_leave_nothing_behind() {
    in_children("two_hundred_runtimes_leave_nothing_behind", ["made and dropped"], |_| {
        let make_and_drop = || {
            let runtime = runtime(2);
            let (mut client, server) = run(&runtime, common::pair()).expect("loopback works");
            let echo = runtime.spawn(common::echo(server));
            run(&runtime, common::round_trips(&mut client, 1));
            runtime.spawn(time::sleep(Duration::from_secs(3600))).detach();
            runtime.spawn_blocking(|| ()).detach();
            let sleeps = runtime.spawn(async { thread::sleep(Duration::from_millis(1)) });
            run(&runtime, sleeps);
            drop(runtime);
            assert!(block_on(echo.join()).expect_err("it waits for more").is_cancelled());
        };
        for _ in 0..20 {
            make_and_drop();
        }
        until("they are gone", || threads_of_runtime() == 0);
        let (threads, descriptors, memory) =
            (common::threads().len(), common::descriptors(), common::resident());
        for _ in 0..200 {
            make_and_drop();
        }
        until("they are gone", || threads_of_runtime() == 0);
        assert!(common::threads().len() <= threads);
        let grown = common::resident().saturating_sub(memory);
        println!("measured: {memory} bytes before, {grown} more after");
        assert_eq!(common::descriptors(), descriptors);
        assert!(grown < 8 << 20, "{grown} bytes more");
    });
}

#[test]
fn tasks_that_hold_each_others_wakers_are_dropped() {
    let runtime = runtime(2);
    let (drops, counted) = counter();
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    for _ in 0..10 {
        let (wakers, mark) = (Arc::clone(&wakers), counted());
        runtime
            .spawn(poll_fn(move |cx| {
                let _ = &mark;
                wakers.lock().expect("no panic").push(cx.waker().clone());
                Poll::<()>::Pending
            }))
            .detach();
    }
    until("all wait", || wakers.lock().expect("no panic").len() == 10);
    drop(wakers);
    drop(runtime);
    assert_eq!(drops.load(Ordering::SeqCst), 10);
}

#[test]
fn what_is_spawned_after_the_end_is_cancelled_at_once() {
    let runtime = runtime(1);
    let handle = runtime.handle().clone();
    let before = runtime.spawn(pending::<()>());
    drop(runtime);
    let (drops, counted) = counter();
    let mark = counted();
    let after = handle.spawn(async move { drop(mark) });
    assert_eq!(drops.load(Ordering::SeqCst), 1, "the future is dropped by the spawn");
    assert!(after.is_finished());
    assert!(before.is_finished());
    assert!(block_on(before.join()).expect_err("it is cancelled").is_cancelled());
    assert!(block_on(after.join()).expect_err("it is cancelled").is_cancelled());
    let closure = handle.spawn_blocking(|| panic!("it must not run"));
    assert!(block_on(closure.join()).expect_err("it is cancelled").is_cancelled());
    // Nothing of the runtime is needed to run a future that needs nothing of it.
    assert_eq!(handle.block_on(async { 3 }), 3);
}

#[test]
fn what_a_future_spawns_or_wakes_in_its_destructor_is_dropped_too() {
    struct Busy {
        mark: Counted,
        other: Arc<Mutex<Option<Waker>>>,
    }
    impl Drop for Busy {
        fn drop(&mut self) {
            let mark = Counted(Arc::clone(&self.mark.0));
            task::spawn(async move { drop(mark) }).detach();
            // Not under the lock: the wake may drop the other future right here.
            let waker = self.other.lock().expect("no panic").take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
    for workers in [1, 2] {
        let runtime = runtime(workers);
        let (drops, counted) = counter();
        let other = Arc::new(Mutex::new(None));
        for _ in 0..10 {
            let (busy, slot) = (Busy { mark: counted(), other: Arc::clone(&other) }, Arc::clone(&other));
            runtime
                .spawn(async move {
                    let _busy = &busy;
                    poll_fn(|cx| {
                        *slot.lock().expect("no panic") = Some(cx.waker().clone());
                        Poll::<()>::Pending
                    })
                    .await;
                })
                .detach();
        }
        let entered = runtime.enter();
        until("all wait", || runtime.metrics().tasks() == 10);
        drop(runtime);
        drop(entered);
        until("all are dropped", || drops.load(Ordering::SeqCst) == 20);
    }
}

#[test]
fn an_output_whose_destructor_panics_ends_no_thread() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            if !thread::panicking() {
                panic!("a destructor panics, as it should");
            }
        }
    }
    let runtime = runtime(1);
    // Nobody takes the output.
    runtime.spawn(async { Panics }).detach();
    runtime.spawn_blocking(|| Panics).detach();
    // A future that is dropped at the end.
    let (tell, begun) = mpsc::channel();
    let waits = runtime.spawn(async move {
        let _panics = Panics;
        tell.send(()).expect("the test listens");
        pending::<()>().await;
    });
    begun.recv().expect("it begins");
    assert_eq!(run(&runtime, runtime.spawn(async { 4 })), 4);
    drop(runtime);
    assert!(block_on(waits.join()).is_err());
}

/// Wakes by doing what `.0` does.
struct Waking<F>(F);

impl<F: Fn() + Send + Sync> Wake for Waking<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn poll_with<F: Future + Unpin>(waker: &Waker, future: &mut F) {
    assert!(Pin::new(future).poll(&mut Context::from_waker(waker)).is_pending());
}

#[test]
fn wakers_that_panic_or_use_the_runtime_harm_nobody_else() {
    in_children("wakers_that_panic_or_use_the_runtime_harm_nobody_else", ["1", "2"], |workers| {
        let runtime = runtime(workers.parse().expect("a number"));
        let handle = runtime.handle().clone();
        let entered = runtime.enter();
        let (tell, told) = mpsc::channel();
        let tell = Mutex::new(tell);
        let panics = Waker::from(Arc::new(Waking(|| panic!("a waker panics, as it should"))));
        let spawns = Waker::from(Arc::new(Waking(move || {
            let tell = tell.lock().expect("no panic").clone();
            handle.spawn(async move { tell.send(()).expect("the test listens") }).detach();
        })));
        // The same of a timer, of a join handle, and of a closed reactor.
        let gate = Gate::closed();
        let closed = gate.clone();
        let mut task = runtime.spawn_blocking(move || closed.pass(Cause::Park));
        let mut other = runtime.spawn(pending::<()>());
        let mut timers = [1, 2, 3600].map(|time| time::sleep(Duration::from_millis(time)));
        timers[2] = time::sleep(Duration::from_secs(3600));
        poll_with(&panics, &mut timers[0]);
        poll_with(&spawns, &mut timers[1]);
        poll_with(&panics, &mut task);
        told.recv_timeout(common::LONG).expect("the timer's waker spawns");
        gate.open();
        until("it has ended", || task.is_finished());
        poll_with(&spawns, &mut timers[2]);
        poll_with(&panics, &mut other);
        assert_eq!(run(&runtime, runtime.spawn(async { 1 })), 1);
        drop(runtime);
        drop(entered);
        assert!(other.is_finished());
    });
}

/// A waker is code of the user, and may block the worker that waited for events.
#[test]
fn a_waker_that_blocks_stops_neither_timers_nor_spawns_from_outside() {
    let test = "a_waker_that_blocks_stops_neither_timers_nor_spawns_from_outside";
    in_children(test, ["1", "2", "4"], |workers| {
        for _ in 0..20 {
            let runtime = runtime(workers.parse().expect("a number"));
            let entered = runtime.enter();
            let gate = Gate::closed();
            let closed = gate.clone();
            let (tell, told) = mpsc::channel();
            let tell = Mutex::new(tell);
            let blocks = Waker::from(Arc::new(Waking(move || {
                tell.lock().expect("no panic").send(()).expect("the test listens");
                closed.pass(Cause::Park);
            })));
            let mut timer = time::sleep(Duration::from_millis(1));
            if Pin::new(&mut timer).poll(&mut Context::from_waker(&blocks)).is_ready() {
                continue;
            }
            // Wakes the worker that waits for events at about the same time.
            while told.try_recv().is_err() {
                run(&runtime, runtime.spawn(async {}));
            }
            for _ in 0..20 {
                run(&runtime, runtime.spawn(time::sleep(Duration::from_micros(100))));
            }
            gate.open();
            drop(entered);
        }
    });
}

#[test]
fn a_shutdown_from_two_threads_and_a_block_on_beside_it_come_to_an_end() {
    let test = "a_shutdown_from_two_threads_and_a_block_on_beside_it_come_to_an_end";
    in_children(test, ["1", "2"], |workers| {
        for _ in 0..20 {
            let runtime = runtime(workers.parse().expect("a number"));
            let handle = runtime.handle().clone();
            let (tell, begun) = mpsc::channel();
            let beside = thread::spawn(move || {
                let task = handle.spawn(async move {
                    tell.send(()).expect("the test listens");
                    time::sleep(Duration::from_secs(3600)).await;
                });
                handle.block_on(task.join()).expect_err("it is cancelled").is_cancelled()
            });
            begun.recv().expect("it begins");
            drop(runtime);
            assert!(beside.join().expect("no panic"));
        }
    });
}

#[test]
fn a_thread_of_the_program_is_not_waited_for() {
    let runtime = runtime(1);
    let gate = Gate::closed();
    let closed = gate.clone();
    let (tell, begun) = mpsc::channel();
    let handle = runtime.handle().clone();
    let outside = thread::spawn(move || {
        let _entered = handle.enter();
        tell.send(()).expect("the test listens");
        closed.pass(Cause::Park);
    });
    begun.recv().expect("it begins");
    let limit = Instant::now() + common::LONG;
    drop(runtime);
    assert!(Instant::now() < limit);
    assert!(!outside.is_finished());
    gate.open();
    outside.join().expect("no panic");
}

#[test]
fn times_beyond_the_end_of_the_clock_are_no_limit() {
    let runtime = Runtime::builder()
        .worker_threads(1)
        .thread_keep_alive(Duration::MAX)
        .handoff_after(Some(Duration::MAX))
        .build()
        .expect("a runtime starts");
    for _ in 0..3 {
        run(&runtime, runtime.spawn_blocking(|| ()));
    }
    assert_eq!(run(&runtime, runtime.spawn(async { 2 })), 2);
    runtime.shutdown_timeout(Duration::MAX).expect("nothing is stuck");
}

/// The workers are gone by then: somebody else has to see that the timer is due.
#[test]
fn a_drop_waits_for_a_poll_that_waits_in_a_nested_block_on_for_a_timer() {
    let test = "a_drop_waits_for_a_poll_that_waits_in_a_nested_block_on_for_a_timer";
    in_children(test, ["task", "blocking"], |scenario| {
        for workers in [1, 2, 4] {
            let runtime = runtime(workers);
            let handle = runtime.handle().clone();
            let (tell, begun) = mpsc::channel();
            let nested = move || {
                handle.block_on(async {
                    tell.send(()).expect("the test listens");
                    for _ in 0..5 {
                        time::sleep(Duration::from_millis(5)).await;
                    }
                    3
                })
            };
            let nested = match scenario {
                "task" => runtime.spawn(async move { nested() }),
                _ => runtime.spawn_blocking(nested),
            };
            begun.recv().expect("it begins");
            drop(runtime);
            assert!(block_on(nested.join()).is_ok_and(|three| three == 3));
        }
    });
}

/// A wake under a lock that the woken future's destructor takes as well is common, and harmless while a runtime runs.
#[test]
fn a_wake_under_a_lock_that_the_woken_future_takes_when_dropped_does_not_hang_a_shutdown() {
    struct Locks(Arc<Mutex<Option<Waker>>>, Arc<AtomicUsize>);
    impl Drop for Locks {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::SeqCst);
            if let Some(waker) = self.0.lock().expect("no panic").take() {
                waker.wake();
            }
        }
    }
    let test = "a_wake_under_a_lock_that_the_woken_future_takes_when_dropped_does_not_hang_a_shutdown";
    in_children(test, ["1", "2"], |workers| {
        let runtime = runtime(workers.parse().expect("a number"));
        let (slot, drops) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let polls = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let locks = Locks(Arc::clone(&slot), Arc::clone(&drops));
            let polls = Arc::clone(&polls);
            runtime
                .spawn(poll_fn(move |cx| {
                    *locks.0.lock().expect("no panic") = Some(cx.waker().clone());
                    polls.fetch_add(1, Ordering::SeqCst);
                    Poll::<()>::Pending
                }))
                .detach();
        }
        until("all wait", || polls.load(Ordering::SeqCst) == 10);
        drop(runtime);
        assert_eq!(drops.load(Ordering::SeqCst), 10);
    });
}
