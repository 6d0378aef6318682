//! Ending tasks from outside: `cancel`, and handles that only abort.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use reference_runtime::{Builder, block_on, task};

/// Counts its drop.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_cancelled_task_has_dropped_its_future_and_has_no_output() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Counted(Arc::clone(&drops));
    let task = task::spawn(async move {
        let _counted = counted;
        pending::<u32>().await
    });
    assert_eq!(block_on(task.cancel()), None);
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn a_task_that_finished_before_its_cancel_gives_its_output() {
    block_on(async {
        let task = task::spawn(async { "done".to_string() });
        while !task.is_finished() {
            task::yield_now().await;
        }
        assert_eq!(task.cancel().await.as_deref(), Some("done"));
    });
}

#[test]
fn a_poll_that_ends_in_an_output_gives_it_although_a_cancel_came_meanwhile() {
    let (started, has_started) = mpsc::channel();
    let (end, ends) = mpsc::channel();
    let task = task::spawn(async move {
        started.send(()).expect("it is received");
        ends.recv().expect("it is sent")
    });
    has_started.recv().expect("it starts");
    let cancel = task.cancel();
    end.send(7).expect("it is received");
    assert_eq!(block_on(cancel), Some(7));
}

#[test]
fn cancel_asks_before_it_is_polled_and_dropping_it_takes_nothing_back() {
    let (dropped, is_dropped) = mpsc::channel::<()>();
    let task = task::spawn(async move {
        let _dropped = dropped;
        pending::<()>().await;
    });
    drop(task.cancel());
    assert!(is_dropped.recv().is_err(), "the task ends, and with it the sender");
}

#[test]
fn cancel_resumes_the_panic_of_a_task_that_panicked() {
    block_on(async {
        let task = task::spawn(async { panic!("out of luck") });
        while !task.is_finished() {
            task::yield_now().await;
        }
        let caught = catch_unwind(AssertUnwindSafe(|| block_on(task.cancel())));
        assert_eq!(caught.expect_err("it panics").downcast_ref(), Some(&"out of luck"));
    });
}

#[test]
fn an_abort_handle_outlives_the_handle_and_the_runtime() {
    let runtime = Builder::new().worker_threads(1).build().expect("a runtime starts");
    let (dropped, is_dropped) = mpsc::channel::<()>();
    let task = runtime.spawn(async move {
        let _dropped = dropped;
        pending::<()>().await;
    });
    let (abort, id) = (task.abort_handle(), task.id());
    drop(task);
    assert!(!abort.is_finished());
    let other = abort.clone();
    std::thread::spawn(move || other.abort()).join().expect("it does not panic");
    assert!(is_dropped.recv().is_err());
    drop(runtime);
    assert!(abort.is_finished());
    assert_eq!((abort.id(), abort.task().name()), (id, None));
    abort.abort();
    assert!(format!("{abort:?}").contains("task_cancel.rs"), "{abort:?}");
}

#[test]
fn an_abort_of_a_finished_task_leaves_the_output() {
    block_on(async {
        let task = task::spawn(async { 7 });
        let abort = task.abort_handle();
        while !abort.is_finished() {
            task::yield_now().await;
        }
        abort.abort();
        assert_eq!(task.await, 7);
        assert!(abort.is_finished());
    });
}

#[test]
fn a_closure_in_line_is_cancelled_and_one_that_has_begun_is_not() {
    let runtime = Builder::new().worker_threads(1).max_threads(2).build().expect("a runtime starts");
    let (started, has_started) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let begun = runtime.spawn_blocking(move || {
        started.send(()).expect("it is received");
        ends.recv().expect("it is sent");
        "ran"
    });
    has_started.recv().expect("it starts");
    // The one thread for closures is taken.
    let in_line = runtime.spawn_blocking(|| "ran");
    in_line.abort();
    begun.abort();
    end.send(()).expect("it is received");
    assert_eq!(runtime.block_on(begun), "ran");
    assert!(runtime.block_on(in_line.join()).expect_err("it was aborted").is_cancelled());
}
