//! Ids and names of tasks: where they are seen, and from where.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use reference_runtime::{Handle, Runtime, block_on, task};

fn named(name: &str) -> task::Builder {
    task::Builder::new().name(name.to_string())
}

fn current_name() -> Option<String> {
    task::current().name().map(String::from)
}

#[test]
fn ids_differ_whatever_spawned_the_task() {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut ids: Vec<task::Id> = (0..3000).map(|_| runtime.spawn(async {}).id()).collect();
    ids.extend((0..100).map(|_| runtime.spawn_blocking(|| ()).id()));
    ids.push(runtime.block_on(async { task::current().id() }));
    ids.extend(runtime.block_on(async { (0..3000).map(|_| task::spawn(async {}).id()).collect::<Vec<_>>() }));
    let count = ids.len();
    assert_eq!(ids.into_iter().collect::<HashSet<_>>().len(), count);
}

#[test]
fn a_task_is_the_same_at_every_poll_and_beside_others() {
    block_on(async {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                task::spawn(async {
                    let before = task::current();
                    for _ in 0..10 {
                        task::yield_now().await;
                        assert_eq!(task::current(), before);
                    }
                    before.id()
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.id(), task.await);
        }
    });
}

#[test]
fn there_is_no_task_outside_of_one() {
    assert_eq!(task::try_current(), None);
    assert!(std::panic::catch_unwind(task::current).is_err());
    block_on(async {});
    assert_eq!(task::try_current(), None);
}

#[test]
fn a_nested_block_on_is_a_task_of_its_own() {
    block_on(async {
        let outer = task::current();
        let inner = Handle::current().block_on(async { task::current() });
        assert_ne!(outer, inner);
        assert_eq!(task::current(), outer);
        let in_task = task::spawn(async {
            let outer = task::current();
            let inner = task::block_on(async { task::current() });
            assert_ne!(outer, inner);
            assert_eq!(task::current(), outer);
        });
        in_task.await;
    });
}

#[test]
fn a_task_left_by_a_panic_is_no_longer_the_current_one() {
    let runtime = Runtime::builder().worker_threads(1).build().expect("a runtime starts");
    let panics = runtime.spawn(async { panic!("on purpose") });
    assert!(runtime.block_on(panics.join()).is_err());
    let next = runtime.spawn(async { task::current().id() });
    assert_eq!(next.id(), runtime.block_on(next));
    let caught = std::panic::catch_unwind(|| block_on(async { panic!("on purpose") }));
    assert!(caught.is_err());
    assert_eq!(task::try_current(), None);
}

#[test]
fn a_name_is_seen_inside_and_outside_of_the_task() {
    let task = named("letters").spawn(async {
        task::yield_now().await;
        let mine = current_name();
        let other = task::spawn(async { current_name() }).await;
        let nested = task::block_on(async { current_name() });
        (mine, other, nested)
    });
    let task = task.expect("the default runtime starts");
    let outside = task.task();
    assert_eq!(outside.name(), Some("letters"));
    assert_eq!(outside.id(), task.id());
    assert_eq!(block_on(task), (Some("letters".to_string()), None, None));
    let scan = named("scan").spawn_blocking(current_name).expect("the default runtime starts");
    assert_eq!(block_on(scan).as_deref(), Some("scan"));
    assert_eq!(named("main").blocking(async { current_name() }).as_deref(), Some("main"));
}

#[test]
fn a_builder_without_a_name_spawns_a_task_without_one() {
    let runtime = Runtime::new().expect("a runtime starts");
    let task = task::Builder::new().spawn_on(async { current_name() }, runtime.handle());
    let closure = task::Builder::new().spawn_blocking_on(current_name, runtime.handle());
    let (task, closure) = (task.expect("it cannot fail"), closure.expect("it cannot fail"));
    assert_eq!((runtime.block_on(task), runtime.block_on(closure)), (None, None));
}

#[test]
fn errors_name_the_task() {
    let task = named("letters").spawn(async { panic!("out of luck") }).expect("the default runtime starts");
    let id = task.id();
    let line = line!() - 2;
    let error = block_on(task.join()).expect_err("it panicked");
    assert_eq!((error.id(), error.task().name()), (id, Some("letters")));
    let text = error.to_string();
    assert!(text.starts_with(&format!("task \"letters\" ({id}), spawned at ")), "{text}");
    assert!(text.contains(&format!("task_names.rs:{line}:")), "{text}");
    assert!(text.ends_with("panicked: out of luck"), "{text}");
}

#[test]
fn a_shutdown_names_what_is_stuck_on_a_worker_and_in_a_lane() {
    let runtime = Runtime::builder().worker_threads(1).build().expect("a runtime starts");
    let (started, has_started) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let ends = Arc::new(Mutex::new(ends));
    let blocks = |name: &str| {
        let (started, ends) = (started.clone(), Arc::clone(&ends));
        let name = name.to_string();
        move || {
            assert_eq!(current_name(), Some(name));
            started.send(()).expect("it is received");
            let _ = ends.lock().expect("nobody panics").recv();
        }
    };
    let (on_a_worker, in_a_lane) = (blocks("worker"), blocks("lane"));
    let tasks = [
        named("worker").spawn_on(async move { on_a_worker() }, runtime.handle()),
        named("lane").spawn_blocking_on(in_a_lane, runtime.handle()),
    ];
    let tasks = tasks.map(|task| task.expect("it cannot fail"));
    has_started.recv().expect("one starts");
    has_started.recv().expect("the other starts");
    let stuck = runtime.shutdown_timeout(Duration::from_millis(1)).expect_err("both are stuck");
    let names: HashSet<_> = stuck.tasks().iter().map(|task| (task.id(), task.name())).collect();
    assert_eq!(names, HashSet::from([(tasks[0].id(), Some("worker")), (tasks[1].id(), Some("lane"))]));
    assert_eq!(stuck.spawned_at().len(), 2);
    let text = stuck.to_string();
    assert!(text.contains("2 of its tasks") && text.contains("task \"lane\" ("), "{text}");
    drop(end);
}
