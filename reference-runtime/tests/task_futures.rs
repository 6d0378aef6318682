//! The module `future`, the traits of the crate `futures` for spawning, and what `task` and `prelude` have from std.

use std::future::{pending, ready};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use futures::task::{LocalSpawnExt, Spawn, SpawnExt};
use reference_runtime::future::{self, FutureMoreExt};
use reference_runtime::task::{self, LocalSet};
use reference_runtime::{Handle, Runtime, block_on};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn of_two_that_race_the_first_wins_and_the_other_is_dropped() {
    let (alive, is_dropped) = mpsc::channel::<()>();
    let never = async move {
        let _alive = alive;
        pending::<u32>().await
    };
    assert_eq!(block_on(never.race(async { task::spawn(async { 2 }).await })), 2);
    assert!(is_dropped.recv().is_err());
    assert_eq!(block_on(ready(1).race(ready(2))), 1);
}

#[test]
fn try_race_waits_for_the_second_after_a_failure_of_the_first() {
    async fn later<T>(result: T) -> T {
        task::yield_now().await;
        result
    }
    block_on(async {
        assert_eq!(ready(Err("one")).try_race(later(Ok(2))).await, Ok(2));
        assert_eq!(later(Ok(1)).try_race(ready(Err("two"))).await, Ok(1));
        assert_eq!(later(Err::<u32, _>("one")).try_race(ready(Err("two"))).await, Err("one"));
        assert_eq!(ready(Err::<u32, _>("one")).try_race(later(Err("two"))).await, Err("two"));
        assert_eq!(ready(Ok::<_, &str>(1)).try_race(pending()).await, Ok(1));
    });
}

#[test]
fn join_waits_for_both_and_try_join_for_the_first_failure() {
    block_on(async {
        let both = async { task::spawn(async { 1 }).await }.join(task::spawn(async { "two" }));
        assert_eq!(both.await, (1, "two"));
        let failed = pending::<Result<(), &str>>().try_join(ready(Err::<(), _>("two")));
        assert_eq!(failed.await, Err("two"));
    });
}

#[test]
fn a_delayed_future_begins_when_the_time_is_over_and_a_timeout_ends_it() {
    block_on(async {
        assert_eq!(ready(1).delay(Duration::from_millis(1)).timeout(LONG).await, Ok(1));
        let begins = async { panic!("it begins in an hour") }.delay(LONG);
        assert!(begins.timeout(Duration::from_millis(1)).await.is_err());
        let error: future::TimeoutError =
            future::timeout(Duration::ZERO, pending::<()>()).await.expect_err("it never ends");
        assert!(!error.to_string().is_empty());
    });
}

#[test]
fn libraries_spawn_through_the_traits_of_futures() {
    fn start(spawner: &dyn Spawn) -> mpsc::Receiver<u32> {
        let (tell, told) = mpsc::channel();
        spawner.spawn(async move { tell.send(7).expect("it is received") }).expect("it takes tasks");
        told
    }
    let runtime = Runtime::new().expect("a runtime starts");
    assert_eq!(start(&runtime).recv(), Ok(7));
    assert_eq!(start(runtime.handle()).recv(), Ok(7));
    assert_eq!(start(&&Handle::current()).recv(), Ok(7));
    let handle = runtime.handle().clone();
    assert!(handle.status().is_ok());
    drop(runtime);
    assert!(handle.status().is_err());
    assert!(handle.spawn(async {}).join_is_cancelled());
    assert!(SpawnExt::spawn(&handle, async {}).expect_err("it is gone").is_shutdown());
    let set = LocalSet::new();
    let local = set.spawn_local_with_handle(async { Rc::new(7) }).expect("it takes tasks");
    assert_eq!(*block_on(set.run_until(local)), 7);
}

/// A handle whose task was spawned too late.
trait JoinIsCancelled {
    fn join_is_cancelled(self) -> bool;
}

impl<T> JoinIsCancelled for task::JoinHandle<T> {
    fn join_is_cancelled(self) -> bool {
        block_on(self.join()).is_err_and(|error| error.is_cancelled())
    }
}

#[test]
fn try_current_finds_the_runtime_of_this_thread() {
    assert!(Handle::try_current().is_err());
    let runtime = Runtime::builder().worker_threads(3).build().expect("a runtime starts");
    let workers = || Handle::try_current().map(|handle| handle.metrics().workers());
    assert_eq!(runtime.block_on(async { workers() }).ok(), Some(3));
    let entered = runtime.enter();
    assert_eq!(workers().ok(), Some(3));
    drop(entered);
    assert_eq!(runtime.block_on(runtime.spawn(async move { workers() })).ok(), Some(3));
    assert!(Handle::try_current().is_err());
}

#[test]
fn ids_of_the_current_task_are_those_of_its_handle() {
    assert_eq!(task::try_id(), None);
    assert!(std::panic::catch_unwind(task::id).is_err());
    let handle = task::spawn(async { (task::id(), task::try_id()) });
    let id = handle.id();
    assert_eq!(block_on(handle), (id, Some(id)));
}

#[test]
fn a_program_written_for_async_std_finds_its_names() {
    use reference_runtime::prelude::*;
    use reference_runtime::task::{Context, Poll};

    struct Twice(u32);
    impl Stream for Twice {
        type Item = u32;
        fn poll_next(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
            let () = task::ready!(Poll::Ready(()));
            context.waker().wake_by_ref();
            self.0 += 1;
            Poll::Ready((self.0 <= 2).then_some(self.0))
        }
    }
    task::block_on(async {
        task::sleep(Duration::from_millis(1)).await;
        let twice: Vec<u32> = Twice(0).map(|n| n * 10).collect().await;
        assert_eq!(twice, [10, 20]);
        assert_eq!(ready(1).map(|n| n + 1).race(pending()).await, 2);
    });
}
