//! `JoinSet`: what is joined, in which order, and what becomes of the rest.

use std::collections::HashSet;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use futures::channel::oneshot;
use reference_runtime::task::{self, JoinSet};
use reference_runtime::{Runtime, block_on};

#[test]
fn tasks_are_joined_in_the_order_in_which_they_finish() {
    block_on(async {
        let mut set = JoinSet::new();
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..10).map(|_| oneshot::channel()).unzip();
        for receiver in receivers {
            set.spawn(async move { receiver.await.expect("it is sent") });
        }
        let mut joined = Vec::new();
        for (n, sender) in senders.into_iter().enumerate().rev() {
            sender.send(n).expect("it is awaited");
            joined.push(set.join_next().await.expect("some are left").expect("none fails"));
        }
        assert_eq!(joined, (0..10).rev().collect::<Vec<_>>());
        assert!(set.join_next().await.is_none());
    });
}

#[test]
fn a_hundred_thousand_tasks_are_joined() {
    // With a look at every handle per join, this would take the better part of an hour.
    const TASKS: usize = 100_000;
    block_on(async {
        let mut set = JoinSet::new();
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..TASKS).map(|_| oneshot::channel()).unzip();
        for receiver in receivers {
            set.spawn(async move { receiver.await.expect("it is sent") });
        }
        assert_eq!(set.len(), TASKS);
        // All are waited for, and wait, before the first is let go.
        assert!(set.try_join_next().is_none());
        let mut sum = 0;
        for (n, sender) in senders.into_iter().enumerate() {
            sender.send(n).expect("it is awaited");
            if n % 2 == 1 {
                sum += set.join_next().await.expect("some are left").expect("none fails");
            }
        }
        while let Some(joined) = set.join_next().await {
            sum += joined.expect("none fails");
        }
        assert_eq!(sum, TASKS * (TASKS - 1) / 2);
    });
}

#[test]
fn ids_tell_which_task_was_joined_also_if_it_failed() {
    block_on(async {
        let mut set = JoinSet::new();
        let good = set.spawn(async { 7 });
        let bad = set.spawn(async { panic!("on purpose") });
        let (mut outputs, mut failures) = (Vec::new(), Vec::new());
        while let Some(joined) = set.join_next_with_id().await {
            match joined {
                Ok(output) => outputs.push(output),
                Err(error) => failures.push((error.id(), error.is_panic())),
            }
        }
        assert_eq!((outputs, failures), (vec![(good.id(), 7)], vec![(bad.id(), true)]));
    });
}

#[test]
fn a_join_that_is_dropped_loses_no_output() {
    block_on(async {
        let mut set = JoinSet::new();
        let (sender, receiver) = oneshot::channel();
        set.spawn(async move { receiver.await.expect("it is sent") });
        {
            let mut join = pin!(set.join_next());
            assert!(join.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        sender.send(7).expect("it is awaited");
        assert_eq!(set.join_next().await.expect("one is left").expect("it does not fail"), 7);
    });
}

#[test]
fn a_look_without_waiting_does_not_take_the_wake_up_of_a_later_join() {
    block_on(async {
        let mut set = JoinSet::new();
        let (sender, receiver) = oneshot::channel::<u32>();
        set.spawn(async move { receiver.await.expect("it is sent") });
        assert!(set.try_join_next().is_none());
        let sends = task::spawn(async move { sender.send(7) });
        assert_eq!(set.join_next().await.expect("one is left").expect("it does not fail"), 7);
        assert!(set.try_join_next().is_none());
        sends.await.expect("it was received");
    });
}

#[test]
fn dropping_a_set_aborts_its_tasks() {
    let mut set = JoinSet::new();
    let (alive, all_are_dropped) = mpsc::channel::<()>();
    for _ in 0..100 {
        let alive = alive.clone();
        set.spawn(async move {
            let _alive = alive;
            pending::<()>().await;
        });
    }
    drop(alive);
    drop(set);
    assert!(all_are_dropped.recv().is_err());
}

#[test]
fn detached_tasks_run_on() {
    let mut set = JoinSet::new();
    let (go, goes) = oneshot::channel::<()>();
    let (done, is_done) = mpsc::channel();
    set.spawn(async move {
        goes.await.expect("it is sent");
        done.send(7).expect("it is received");
    });
    set.detach_all();
    assert!(set.is_empty());
    drop(set);
    go.send(()).expect("it is awaited");
    assert_eq!(is_done.recv(), Ok(7));
}

#[test]
fn abort_all_leaves_the_tasks_to_be_joined_and_shutdown_does_not() {
    block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn(pending::<()>());
        }
        set.abort_all();
        assert_eq!(set.len(), 10);
        for _ in 0..10 {
            let error = set.join_next().await.expect("some are left").expect_err("it was aborted");
            assert!(error.is_cancelled());
        }
        let (alive, all_are_dropped) = mpsc::channel::<()>();
        set.spawn(async move {
            let _alive = alive;
            pending::<()>().await;
        });
        set.spawn(async { panic!("on purpose") });
        set.shutdown().await;
        assert!(set.is_empty());
        assert_eq!(all_are_dropped.try_recv(), Err(mpsc::TryRecvError::Disconnected));
        set.spawn(async {});
        assert!(set.join_next().await.expect("it can be used again").is_ok());
    });
}

#[test]
fn an_abort_handle_ends_one_task_of_the_set() {
    block_on(async {
        let mut set = JoinSet::new();
        let aborts: Vec<_> = (0..3).map(|_| set.spawn(pending::<()>())).collect();
        aborts[1].abort();
        let error = set.join_next().await.expect("some are left").expect_err("it was aborted");
        assert_eq!(error.id(), aborts[1].id());
        assert_eq!(set.len(), 2);
    });
}

#[test]
fn join_all_gives_every_output_or_the_first_panic() {
    let set: JoinSet<u32> = (0..100).map(ready).collect();
    let outputs = block_on(set.join_all());
    assert_eq!(outputs.into_iter().collect::<HashSet<_>>(), (0..100).collect());

    let mut set = JoinSet::new();
    let (alive, is_dropped) = mpsc::channel::<()>();
    set.spawn(async move {
        let _alive = alive;
        pending::<()>().await;
    });
    set.spawn(async { panic!("on purpose") });
    let caught = catch_unwind(AssertUnwindSafe(|| block_on(set.join_all())));
    assert_eq!(caught.expect_err("it panics").downcast_ref(), Some(&"on purpose"));
    assert!(is_dropped.recv().is_err(), "the rest is aborted");
}

#[test]
fn closures_and_tasks_of_several_runtimes_may_be_in_one_set() {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut set = JoinSet::new();
    set.spawn(async { 1 });
    set.spawn_on(async { 2 }, runtime.handle());
    set.spawn_blocking(|| 3);
    set.spawn_blocking_on(|| 4, runtime.handle());
    let mut outputs = block_on(set.join_all());
    outputs.sort_unstable();
    assert_eq!(outputs, [1, 2, 3, 4]);
}

#[test]
fn a_set_outlives_the_runtime_of_its_tasks() {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut set = JoinSet::new();
    set.spawn_on(pending::<()>(), runtime.handle());
    drop(runtime);
    assert!(block_on(set.join_next()).expect("one is left").expect_err("it is gone").is_cancelled());
}
