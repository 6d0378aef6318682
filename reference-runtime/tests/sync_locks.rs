//! The locks that come from other crates, on this runtime: what a program may rely on.

#![cfg(all(feature = "sync", not(reference_runtime_loom)))]

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use reference_runtime::sync::{
    Arc, Barrier, Event, Mutex, OnceCell, RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore,
};
use reference_runtime::{Runtime, block_on, task};

const TASKS: usize = 1000;

fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Runs a thousand tasks to their end and returns what they did.
fn of_a_thousand<F>(runtime: &Runtime, task: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let tasks: Vec<_> = (0..TASKS).map(|number| runtime.spawn(task(number))).collect();
    runtime.block_on(async {
        let mut outputs = Vec::new();
        for task in tasks {
            outputs.push(task.await);
        }
        outputs
    })
}

fn runtime() -> Runtime {
    reference_runtime::Builder::new().worker_threads(2).build().expect("threads can be started")
}

#[test]
fn a_thousand_readers_and_writers_never_meet() {
    let lock = Arc::new(RwLock::new((0, 0)));
    of_a_thousand(&runtime(), |number| {
        let lock = Arc::clone(&lock);
        async move {
            if number % 4 == 0 {
                let mut pair = lock.write().await;
                pair.0 += 1;
                task::yield_now().await;
                pair.1 += 1;
            } else {
                let pair = lock.read().await;
                let before = *pair;
                task::yield_now().await;
                assert_eq!((before.0, before), (before.1, *pair));
            }
        }
    });
    assert_eq!(Arc::into_inner(lock).unwrap().into_inner(), (TASKS / 4, TASKS / 4));
}

#[test]
fn readers_share_a_lock_and_a_writer_that_gives_up_lets_them_in() {
    let lock = RwLock::new(1);
    let first = lock.try_read().unwrap();
    let mut writer = Box::pin(lock.write());
    assert!(poll_once(writer.as_mut()).is_none());
    assert!(lock.try_read().is_none(), "a writer that waits comes first");
    let mut reader = pin!(lock.read());
    assert!(poll_once(reader.as_mut()).is_none());
    drop(writer);
    assert_eq!(poll_once(reader).map(|value| *value), Some(1));
    drop(first);
}

#[test]
fn a_reader_becomes_a_writer_and_a_writer_a_reader() {
    block_on(async {
        let lock = RwLock::new(1);
        let reader = lock.upgradable_read().await;
        assert!(lock.try_read().is_some());
        let mut writer = RwLockUpgradableReadGuard::upgrade(reader).await;
        *writer += 1;
        assert!(lock.try_read().is_none());
        let reader = RwLockWriteGuard::downgrade(writer);
        assert_eq!((*reader, *lock.read().await), (2, 2));
    });
}

#[test]
fn owned_guards_go_to_other_tasks() {
    block_on(async {
        let lock = Arc::new(RwLock::new(1));
        let mut writer = lock.write_arc().await;
        task::spawn(async move { *writer += 1 }).await;
        let reader = lock.read_arc().await;
        assert_eq!(task::spawn(async move { *reader }).await, 2);
        let permit = Arc::new(Semaphore::new(1));
        let guard = permit.acquire_arc().await;
        task::spawn(async move { drop(guard) }).await;
        assert!(permit.try_acquire().is_some());
    });
}

#[test]
fn a_panic_with_a_guard_unlocks_and_does_not_poison() {
    block_on(async {
        let lock = Arc::new(RwLock::new(1));
        let mut writer = lock.write_arc().await;
        let task = task::spawn(async move {
            *writer = 2;
            panic!("on purpose");
        });
        assert!(task.join().await.unwrap_err().is_panic());
        assert_eq!(*lock.read().await, 2);
    });
}

#[test]
fn no_more_hold_a_semaphore_than_there_are_permits() {
    const PERMITS: usize = 3;
    let shared = Arc::new((Semaphore::new(PERMITS), AtomicUsize::new(0)));
    of_a_thousand(&runtime(), |_| {
        let shared = Arc::clone(&shared);
        async move {
            let (semaphore, holders) = &*shared;
            let _permit = semaphore.acquire().await;
            assert!(holders.fetch_add(1, Ordering::SeqCst) < PERMITS);
            task::yield_now().await;
            holders.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let permits: Vec<_> = std::iter::from_fn(|| shared.0.try_acquire()).collect();
    assert_eq!(permits.len(), PERMITS);
}

#[test]
fn one_that_gives_up_leaves_its_permit_to_the_next() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.try_acquire();
    let mut first = Box::pin(semaphore.acquire());
    let mut second = pin!(semaphore.acquire());
    assert!(poll_once(first.as_mut()).is_none() && poll_once(second.as_mut()).is_none());
    drop(permit);
    drop(first);
    assert!(poll_once(second).is_some());
}

#[test]
fn a_barrier_lets_a_thousand_tasks_pass_together_and_one_leads() {
    let shared = Arc::new((Barrier::new(TASKS), AtomicUsize::new(0)));
    let leaders = of_a_thousand(&runtime(), |_| {
        let shared = Arc::clone(&shared);
        async move {
            let (barrier, came) = &*shared;
            came.fetch_add(1, Ordering::SeqCst);
            let is_leader = barrier.wait().await.is_leader();
            assert_eq!(came.load(Ordering::SeqCst), TASKS);
            is_leader
        }
    });
    assert_eq!(leaders.into_iter().filter(|is_leader| *is_leader).count(), 1);
}

#[test]
fn a_cell_is_set_once_and_by_another_if_the_first_gives_up() {
    static CELL: OnceCell<usize> = OnceCell::new();
    {
        let mut first = pin!(CELL.get_or_init(pending::<usize>));
        assert!(poll_once(first.as_mut()).is_none());
    }
    let runs = Arc::new(AtomicUsize::new(0));
    let values = of_a_thousand(&runtime(), |number| {
        let runs = Arc::clone(&runs);
        async move {
            let init = || async {
                runs.fetch_add(1, Ordering::SeqCst);
                task::yield_now().await;
                number
            };
            *CELL.get_or_init(init).await
        }
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(values.iter().all(|value| Some(value) == CELL.get()));
}

#[test]
fn an_event_wakes_as_many_as_it_is_told() {
    let event = Event::new();
    let mut listeners: Vec<_> = (0..3).map(|_| event.listen()).collect();
    event.notify(2);
    let mut woken = || {
        let listeners = listeners.iter_mut();
        listeners.filter_map(|listener| poll_once(Pin::new(listener))).count()
    };
    assert_eq!(woken(), 2);
}

#[test]
fn a_task_that_waits_for_a_lock_with_its_thread_lets_the_only_worker_go_on() {
    for handoff in [None, Some(std::time::Duration::from_millis(10))] {
        let mut builder = reference_runtime::Builder::new();
        let runtime = builder.worker_threads(1).handoff_after(handoff).build().unwrap();
        let mutex = Arc::new(Mutex::new(1));
        let guard = mutex.try_lock_arc().unwrap();
        let waiting = runtime.spawn({
            let mutex = Arc::clone(&mutex);
            async move { *mutex.lock_blocking() }
        });
        runtime.spawn(async move {
            let mut guard = guard;
            *guard = 2;
        });
        assert_eq!(runtime.block_on(waiting), 2);
    }
}
