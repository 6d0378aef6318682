//! Ids, names, and which task is the current one.

use super::super::{Id, Task, current_id, named_task};
use super::*;

#[test]
fn a_handle_knows_its_task_when_the_output_is_taken_and_frees_it_in_the_end() {
    let queue = Queue::default();
    let (mut handle, task) = queue.spawn(async { 5 });
    let id = handle.id();
    assert_eq!(id, task.id());
    drop(task);
    queue.run();
    assert_eq!(ready(&mut handle), 5);
    assert_eq!(handle.id(), id);
    assert!(handle.is_finished());
    handle.abort();
    assert!(format!("{handle:?}").contains("identity.rs"));
    assert!(panic_text(|| poll_once(&mut handle)).contains("polled again"));
    assert!(!queue.is_unused(), "the handle keeps the task's memory");
    drop(handle);
    assert!(queue.is_unused());
}

#[test]
fn the_task_that_runs_is_the_current_one_also_while_its_future_is_dropped() {
    struct Tells(mpsc::Sender<Option<Id>>);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.send(current_id()).unwrap();
        }
    }
    let queue = Queue::default();
    let (send, told) = mpsc::channel();
    let tells = Tells(send.clone());
    let (polled, task) = queue.spawn(async move {
        let tells = tells;
        tells.0.send(current_id()).unwrap();
    });
    drop(task);
    let tells = Tells(send);
    let (cancelled, task) = queue.spawn(async move { drop(tells) });
    drop(task);
    let ids = [polled.id(), polled.id(), cancelled.id()].map(Some);
    let (runnable, _) = queue.pop().unwrap();
    runnable.run();
    queue.close();
    assert_eq!(current_id(), None);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ids);
}

#[test]
fn a_name_lasts_as_long_as_the_task_and_is_in_its_error() {
    let queue = Queue::default();
    let here = Location::caller();
    let (runnable, handle) = named_task(pending::<()>(), queue.clone(), 0, here, "letters".into());
    assert_eq!(handle.task().name(), Some("letters"));
    let id = handle.id();
    drop(runnable);
    let error = ready(handle.join()).unwrap_err();
    assert_eq!(error.id(), id);
    assert!(error.to_string().starts_with(&format!("task \"letters\" ({id}), spawned at ")), "{error}");
    assert_eq!(Task::of(id).name(), None);
    assert!(queue.is_unused());
}
