//! Local tasks: on which thread they run, who drives them, and where they end.
#![allow(clippy::async_yields_async, reason = "a handle outlasts the `block_on` that it was made in")]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use futures::channel::oneshot;
use futures::future::join;
use reference_runtime::task::{self, JoinSet, LocalSet};
use reference_runtime::{Builder, Handle, block_on, time};

/// Tells on which thread it is dropped.
struct TellsThread(mpsc::Sender<ThreadId>);

impl Drop for TellsThread {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

/// Waits for ever, and tells where it is dropped.
async fn waits(tells: TellsThread) {
    let _tells = tells;
    pending::<()>().await;
}

/// What `panic!` was given.
fn text(payload: Box<dyn std::any::Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().expect("the panics here have a text").to_string(),
    }
}

#[test]
fn local_tasks_run_on_the_thread_of_block_on() {
    let here = thread::current().id();
    let log = Rc::new(RefCell::new(Vec::new()));
    block_on(async {
        let tasks: Vec<_> = (0..100)
            .map(|n| {
                let log = Rc::clone(&log);
                task::spawn_local(async move {
                    task::yield_now().await;
                    assert_eq!(thread::current().id(), here);
                    log.borrow_mut().push(n);
                    Rc::new(n)
                })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(*task.await, n);
        }
    });
    assert_eq!(*log.borrow(), (0..100).collect::<Vec<_>>());
}

#[test]
fn other_threads_wake_local_tasks() {
    block_on(async {
        let (sender, receiver) = oneshot::channel();
        let local = task::spawn_local(async move { receiver.await.expect("it is sent") });
        time::sleep(std::time::Duration::ZERO).await;
        let other = thread::spawn(move || sender.send(7).expect("it is awaited"));
        assert_eq!(local.await, 7);
        other.join().expect("it does not panic");
        let on_a_worker = task::spawn_local(async { task::spawn(async { 8 }).await });
        assert_eq!(on_a_worker.await, 8);
    });
}

#[test]
fn another_thread_awaits_and_aborts_local_tasks() {
    let (tell, told) = mpsc::channel();
    block_on(async {
        let seven = task::spawn_local(async {
            task::yield_now().await;
            7
        });
        assert_eq!(task::spawn(seven).await, 7);

        let waits = task::spawn_local(waits(TellsThread(tell)));
        let cancelled = task::spawn(async move {
            waits.abort();
            waits.join().await.expect_err("it was aborted").is_cancelled()
        });
        assert!(cancelled.await);
    });
    assert_eq!(told.recv(), Ok(thread::current().id()));
}

#[test]
fn the_main_future_and_local_tasks_take_turns() {
    block_on(async {
        let turns = Rc::new(Cell::new(0));
        // Yields for ever; the rest is only reached if everybody has turns.
        let busy = task::spawn_local({
            let turns = Rc::clone(&turns);
            async move {
                loop {
                    turns.set(turns.get() + 1);
                    task::yield_now().await;
                }
            }
        });
        // More than one round polls.
        let others: Vec<_> = (0..1000).map(|_| task::spawn_local(task::yield_now())).collect();
        for other in others {
            other.await;
        }
        while turns.get() < 1000 {
            task::yield_now().await;
        }
        assert_eq!(busy.cancel().await, None);
    });
}

#[test]
fn a_task_that_outlasts_block_on_goes_on_in_the_next_one() {
    let (sender, receiver) = oneshot::channel();
    let task = block_on(async { task::spawn_local(async move { receiver.await.expect("it is sent") }) });
    assert!(!task.is_finished());
    sender.send(7).expect("it is awaited");
    assert!(!task.is_finished(), "nobody drives it");
    assert_eq!(block_on(task), 7);
}

#[test]
fn a_task_spawned_before_block_on_runs_in_it() {
    let task = task::spawn_local(async { Rc::new(7) });
    assert_eq!(*block_on(task), 7);
}

#[test]
fn the_end_of_a_thread_cancels_its_local_tasks_on_that_thread() {
    let (tell, told) = mpsc::channel();
    let (handle, ended) = thread::spawn(move || {
        let handle = block_on(async { task::spawn_local(waits(TellsThread(tell))) });
        (handle, thread::current().id())
    })
    .join()
    .expect("it does not panic");
    assert_eq!(told.recv(), Ok(ended));
    assert!(block_on(handle.join()).expect_err("it is gone").is_cancelled());
}

#[test]
fn on_a_worker_the_end_of_the_outermost_block_on_cancels_local_tasks() {
    let (tell, told) = mpsc::channel();
    let (here, handle) = block_on(task::spawn(async {
        let handle = task::block_on(async move {
            let handle = task::block_on(async move { task::spawn_local(waits(TellsThread(tell))) });
            task::yield_now().await;
            assert!(!handle.is_finished(), "the outer call drives it still");
            handle
        });
        assert!(handle.is_finished());
        (thread::current().id(), handle)
    }));
    assert_eq!(told.recv(), Ok(here));
    assert!(block_on(handle.join()).expect_err("it is gone").is_cancelled());
}

#[test]
fn a_task_that_may_move_cannot_spawn_local_ones() {
    let caught = block_on(task::spawn(async { drop(task::spawn_local(async {})) }).join());
    let text = text(caught.expect_err("it panics").into_panic());
    assert!(text.contains("within `block_on` or `LocalSet::run_until`"), "{text}");
    let in_a_closure =
        task::spawn_blocking(|| task::block_on(async { task::spawn_local(async { 7 }).await }));
    assert_eq!(block_on(in_a_closure), 7);
}

#[test]
fn a_nested_block_on_drives_the_local_tasks_of_the_outer_one() {
    block_on(async {
        let (sender, receiver) = oneshot::channel();
        let outer = task::spawn_local(async move { sender.send(7).expect("it is awaited") });
        assert_eq!(Handle::current().block_on(receiver), Ok(7));
        // From within a local task, too, which is not polled meanwhile.
        let (sender, receiver) = oneshot::channel();
        let nests = task::spawn_local(async { task::block_on(receiver) });
        let sends = task::spawn_local(async move { sender.send(8).expect("it is awaited") });
        assert_eq!(nests.await, Ok(8));
        sends.await;
        outer.await;
    });
}

#[test]
fn the_outer_block_on_is_woken_after_a_nested_one() {
    block_on(async {
        let (sender, receiver) = oneshot::channel();
        let waits = task::spawn_local(async move { receiver.await.expect("it is sent") });
        task::block_on(task::yield_now());
        let sends = thread::spawn(move || sender.send(7).expect("it is awaited"));
        assert_eq!(waits.await, 7);
        sends.join().expect("it does not panic");
    });
}

#[test]
fn a_set_drives_its_tasks_and_what_they_spawn() {
    let set = LocalSet::new();
    let task = set.spawn_local(async { task::spawn_local(async { Rc::new(7) }).await });
    assert!(!task.is_finished());
    assert_eq!(*block_on(set.run_until(task)), 7);
    // Outside of the set they belong to the thread.
    let (tell, told) = mpsc::channel();
    block_on(async {
        drop(task::spawn_local(async move { tell.send(()).expect("it is received") }));
        task::yield_now().await;
    });
    assert_eq!(told.try_recv(), Ok(()));
}

#[test]
fn a_set_is_awaited_until_all_its_tasks_are_done() {
    let set = LocalSet::new();
    let done = Rc::new(Cell::new(0));
    for n in 0..200 {
        let done = Rc::clone(&done);
        set.spawn_local(async move {
            if n % 2 == 0 {
                task::spawn(task::yield_now()).await;
            }
            let inner = Rc::clone(&done);
            task::spawn_local(async move { inner.set(inner.get() + 1) });
        });
    }
    assert!(format!("{set:?}").contains("200"));
    block_on(set);
    assert_eq!(done.get(), 200);
}

#[test]
fn a_guard_enters_a_set() {
    let (set, other) = (LocalSet::new(), LocalSet::new());
    let entered = set.enter();
    let inner = other.enter();
    let in_other = task::spawn_local(async {});
    drop(inner);
    let in_set = task::spawn_local(async {});
    drop(entered);
    block_on(set);
    assert!(in_set.is_finished() && !in_other.is_finished());
    drop(other);
    assert!(in_other.is_finished(), "the end of its set cancels it");
}

#[test]
fn dropping_a_set_cancels_its_tasks_on_the_spot() {
    let set = LocalSet::new();
    let (tell, told) = mpsc::channel();
    let sleeps = set.spawn_local(waits(TellsThread(tell.clone())));
    block_on(set.run_until(task::yield_now()));
    let queued = set.spawn_local(waits(TellsThread(tell)));
    drop(set);
    assert_eq!(told.iter().collect::<Vec<_>>(), [thread::current().id(); 2]);
    for handle in [sleeps, queued] {
        assert!(block_on(handle.join()).expect_err("it is gone").is_cancelled());
    }
}

#[test]
fn a_future_dropped_with_its_set_may_spawn_and_wake() {
    struct Spawns(Waker);
    impl Drop for Spawns {
        fn drop(&mut self) {
            self.0.wake_by_ref();
            let set = LocalSet::new();
            set.spawn_local(async {});
            let caught = catch_unwind(AssertUnwindSafe(|| task::spawn_local(async {})));
            drop(caught);
        }
    }
    let set = LocalSet::new();
    let waker_of_other = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&waker_of_other);
    let other = set.spawn_local(poll_fn(move |context| {
        *kept.borrow_mut() = Some(context.waker().clone());
        Poll::<()>::Pending
    }));
    block_on(set.run_until(task::yield_now()));
    let waker = waker_of_other.borrow_mut().take().expect("it was polled");
    let spawns = set.spawn_local(async move {
        let _spawns = Spawns(waker);
        pending::<()>().await;
    });
    block_on(set.run_until(task::yield_now()));
    drop(set);
    assert!(spawns.is_finished() && other.is_finished());
}

#[test]
fn wakers_outlive_the_set_and_do_nothing() {
    let set = LocalSet::new();
    let (tell, told) = mpsc::channel();
    drop(set.spawn_local(poll_fn(move |context| {
        tell.send(context.waker().clone()).expect("it is received");
        Poll::<()>::Pending
    })));
    block_on(set.run_until(task::yield_now()));
    drop(set);
    let waker = told.recv().expect("it was polled");
    thread::spawn(move || {
        waker.wake_by_ref();
        let other = waker.clone();
        other.wake();
        drop(waker);
    })
    .join()
    .expect("it does not panic");
}

#[test]
fn sets_end_while_other_threads_wake_their_tasks() {
    let stop = Arc::new(AtomicBool::new(false));
    let (tell, told) = mpsc::channel::<Waker>();
    let wakes = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut wakers = Vec::new();
            while !stop.load(SeqCst) {
                wakers.extend(told.try_iter());
                wakers.iter().for_each(Waker::wake_by_ref);
                if wakers.len() > 50 {
                    wakers.drain(..25);
                }
            }
        }
    });
    let here = thread::current().id();
    for _ in 0..500 {
        let set = LocalSet::new();
        let (dropped, all_dropped) = mpsc::channel();
        for _ in 0..10 {
            let (tell, tells) = (tell.clone(), TellsThread(dropped.clone()));
            drop(set.spawn_local(async move {
                let _tells = tells;
                poll_fn(move |context| {
                    tell.send(context.waker().clone()).expect("it is received");
                    Poll::<()>::Pending
                })
                .await
            }));
        }
        drop(dropped);
        block_on(set.run_until(async { task::spawn(task::yield_now()).await }));
        drop(set);
        assert_eq!(all_dropped.try_iter().collect::<Vec<_>>(), [here; 10]);
    }
    stop.store(true, SeqCst);
    wakes.join().expect("it does not panic");
}

#[test]
fn of_two_that_drive_one_set_both_are_woken() {
    let set = LocalSet::new();
    let (sender, receiver) = oneshot::channel();
    let task = set.spawn_local(async move { receiver.await.expect("it is sent") });
    block_on(async {
        let mut first = Box::pin(set.run_until(pending::<()>()));
        let second = set.run_until(task);
        let mut second = pin!(second);
        let mut is_sent = false;
        let mut sender = Some(sender);
        poll_fn(|context| {
            if !is_sent {
                assert!(second.as_mut().poll(context).is_pending());
                // The last that registers, with a waker that wakes nobody.
                assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                sender.take().expect("it is sent once").send(7).expect("it is awaited");
                is_sent = true;
                return Poll::Pending;
            }
            second.as_mut().poll(context).map(|seven| assert_eq!(seven, 7))
        })
        .await;
    });
    let both = LocalSet::new();
    let (one, other) = (both.spawn_local(async { 1 }), both.spawn_local(async { 2 }));
    assert_eq!(block_on(join(both.run_until(one), both.run_until(other))), (1, 2));
}

#[test]
fn a_driver_that_leaves_work_behind_wakes_the_others() {
    let set = LocalSet::new();
    let yields = set.spawn_local(async {
        for _ in 0..1000 {
            task::yield_now().await;
        }
    });
    block_on(async {
        let short = set.run_until(task::yield_now());
        let long = set.run_until(yields);
        // `short` is done while the task is in the queue; `long` was polled before, and slept.
        join(long, short).await;
    });
}

#[test]
fn a_block_on_within_a_set_drives_what_is_spawned_in_it() {
    let set = LocalSet::new();
    let seven = set.run_until(async { task::block_on(async { task::spawn_local(async { 7 }).await }) });
    assert_eq!(block_on(seven), 7);
    let runtime = Builder::new().worker_threads(1).build().expect("a runtime starts");
    assert_eq!(set.block_on(&runtime, async { task::spawn_local(async { 8 }).await }), 8);
}

#[test]
fn a_panic_of_a_local_task_goes_to_its_joiner() {
    block_on(async {
        let panics = task::spawn_local(async { panic!("out of luck") });
        let error = panics.join().await.expect_err("it panicked");
        assert!(error.to_string().contains("task_local_sets.rs"), "{error}");
        assert_eq!(error.into_panic().downcast_ref(), Some(&"out of luck"));
        assert_eq!(task::spawn_local(async { 7 }).await, 7);
    });
}

#[test]
fn a_panic_of_the_main_future_leaves_the_local_tasks_to_the_next_block_on() {
    let task = Cell::new(None);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        block_on(async {
            task.set(Some(task::spawn_local(async { 7 })));
            panic!("on purpose");
        })
    }));
    assert!(caught.is_err());
    assert_eq!(block_on(task.take().expect("it was spawned")), 7);
}

#[test]
fn a_local_task_has_an_id_and_may_have_a_name() {
    block_on(async {
        let builder = task::Builder::new().name("letters".to_string());
        let named = builder.spawn_local(async { task::current() }).expect("it cannot fail");
        let (seen, current) = (named.task(), named.await);
        assert_eq!((seen.name(), &seen), (Some("letters"), &current));
        let local = task::Builder::new().local(async { task::current().id() }).expect("it cannot fail");
        assert_eq!(local.id(), local.await);
        assert_ne!(current, task::current());
    });
}

#[test]
fn local_tasks_may_be_in_a_join_set() {
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    set.spawn_local_on(async { Rc::new(1) }, &local);
    block_on(local.run_until(async move {
        set.spawn_local(async { Rc::new(2) });
        let mut sum = 0;
        while let Some(joined) = set.join_next().await {
            sum += *joined.expect("none fails");
        }
        assert_eq!(sum, 3);
        let (tell, told) = mpsc::channel();
        set.spawn_local(async {
            waits(TellsThread(tell)).await;
            Rc::new(3)
        });
        task::yield_now().await;
        drop(set);
        task::yield_now().await;
        assert_eq!(told.recv(), Ok(thread::current().id()));
    }));
}
