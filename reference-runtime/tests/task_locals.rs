//! Task-local values: whose they are, how long they live, and what a scope is.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use reference_runtime::task::{self, LocalKey, LocalSet};
use reference_runtime::{Runtime, block_on, task_local};

task_local! {
    static COUNT: Cell<u32> = Cell::new(1);
    /// A value of a scope.
    static USER: String;
    pub(crate) static DEPTH: u32 = 0;
    #[allow(dead_code)]
    static LAST: Vec<u8>
}

fn bump() -> u32 {
    COUNT.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

#[test]
fn each_task_has_a_value_of_its_own_wherever_it_is_polled() {
    block_on(async {
        assert_eq!(bump(), 2);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                task::spawn(async {
                    for expected in 2..100 {
                        assert_eq!(bump(), expected);
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        assert_eq!(bump(), 3);
    });
    assert_eq!(block_on(async { bump() }), 2);
    assert_eq!(block_on(task::spawn_blocking(|| (bump(), bump()))), (2, 3));
}

static MADE: AtomicUsize = AtomicUsize::new(0);
static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl Counted {
    fn new() -> Counted {
        MADE.fetch_add(1, SeqCst);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, SeqCst);
    }
}

#[test]
fn values_are_made_when_asked_for_and_dropped_before_the_joiner_hears_of_the_end() {
    task_local! { static COUNTED: Counted = Counted::new(); }
    fn counts() -> (usize, usize) {
        (MADE.load(SeqCst), DROPPED.load(SeqCst))
    }
    block_on(async {
        task::spawn(async {}).await;
        assert_eq!(counts(), (0, 0), "a task that does not ask has none");
        task::spawn(async {
            COUNTED.with(|_| ());
            task::yield_now().await;
            COUNTED.with(|_| assert_eq!(counts(), (1, 0)));
        })
        .await;
        assert_eq!(counts(), (1, 1));
        let waits = task::spawn(async {
            COUNTED.with(|_| ());
            pending::<()>().await;
        });
        while counts() != (2, 1) {
            task::yield_now().await;
        }
        waits.cancel().await;
        assert_eq!(counts(), (2, 2));
        let panics = task::spawn(async { COUNTED.with(|_| panic!("on purpose")) });
        assert!(panics.join().await.is_err());
        assert_eq!(counts(), (3, 3));
        task::spawn_local(async { COUNTED.with(|_| ()) }).await;
        assert_eq!(counts(), (4, 4));
        COUNTED.with(|_| ());
    });
    assert_eq!(counts(), (5, 5), "block_on ends as a task does");
}

#[test]
fn outside_of_a_task_there_is_no_value() {
    let error = COUNT.try_with(Cell::get).expect_err("there is no task");
    assert!(error.to_string().contains("`COUNT` was used outside of a task"), "{error}");
    assert!(catch_unwind(bump).is_err());
    let error = block_on(async { USER.try_with(String::len) }).expect_err("there is no scope");
    assert!(error.to_string().contains("`USER.scope(value, future)`"), "{error}");
}

#[test]
fn a_nested_block_on_has_values_of_its_own_and_is_in_the_scopes_around_it() {
    block_on(task::spawn(async {
        assert_eq!((bump(), bump()), (2, 3));
        let scope = USER.scope("ann".to_string(), async {
            task::block_on(async {
                assert_eq!(bump(), 2);
                task::yield_now().await;
                assert_eq!(USER.get(), "ann");
                USER.scope("bob".to_string(), async { assert_eq!(USER.get(), "bob") }).await;
                assert_eq!(USER.get(), "ann");
            });
            task::block_in_place(|| assert_eq!(USER.get(), "ann"));
        });
        scope.await;
        assert_eq!(bump(), 4);
    }));
}

/// Calls a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}

#[test]
fn a_future_has_its_values_while_it_is_dropped() {
    let (tell, told) = mpsc::channel();
    let on_drop = move || tell.send((bump(), DEPTH.try_get(), USER.try_get().ok())).expect("it is received");
    let future = |on_drop| async move {
        let _on_drop: OnDrop<Box<dyn FnMut() + Send>> = on_drop;
        bump();
        pending::<()>().await;
    };
    block_on(async {
        let on_drop_in_scope = on_drop.clone();
        let cancelled = task::spawn(future(OnDrop(Box::new(on_drop.clone()))));
        task::yield_now().await;
        let in_scope = task::spawn(USER.scope("ann".to_string(), future(OnDrop(Box::new(on_drop_in_scope)))));
        for task in [cancelled, in_scope] {
            task.cancel().await;
        }
    });
    let mut users = Vec::new();
    for (count, depth, user) in told.try_iter() {
        assert!(count == 2 || count == 3, "polled or not, it is the task's own: {count}");
        assert_eq!(depth, Ok(0));
        users.push(user);
    }
    users.sort();
    assert_eq!(users, [None, Some("ann".to_string())]);
    // One that was never polled.
    let (tell, told) = mpsc::channel();
    let on_drop = OnDrop(move || tell.send(USER.get()).expect("it is received"));
    drop(USER.scope("bob".to_string(), async move { drop(on_drop) }));
    assert_eq!(told.recv().as_deref(), Ok("bob"));
}

#[test]
fn values_stay_after_a_panic_that_was_caught() {
    block_on(async {
        assert_eq!(bump(), 2);
        let caught = catch_unwind(AssertUnwindSafe(|| COUNT.with(|_| panic!("on purpose"))));
        assert!(caught.is_err());
        assert_eq!(bump(), 3);
        let scope = USER.scope("ann".to_string(), async { panic!("on purpose") });
        let caught = catch_unwind(AssertUnwindSafe(|| task::block_on(scope)));
        assert!(caught.is_err());
        assert!(USER.try_get().is_err(), "the scope is left");
        let caught = catch_unwind(|| USER.sync_scope("ann".to_string(), || panic!("on purpose")));
        assert!(caught.is_err());
        assert!(USER.try_get().is_err(), "the scope is left");
    });
}

#[test]
fn values_may_be_used_within_each_other_and_made_from_each_other() {
    task_local! {
        static FIRST: Cell<u32> = Cell::new(7);
        static SECOND: RefCell<Vec<u32>> = RefCell::new(vec![FIRST.with(Cell::get)]);
    }
    block_on(async {
        SECOND.with(|second| {
            FIRST.with(|first| first.set(8));
            second.borrow_mut().push(FIRST.with(Cell::get));
            SECOND.with(|same| assert_eq!(*same.borrow(), [7, 8]));
        });
    });
}

#[test]
fn the_destructor_of_a_value_is_outside_of_the_task() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    task_local! {
        static AT_THE_END: OnDrop<fn()> = OnDrop(|| {
            let is_outside = COUNT.try_with(|_| ()).is_err() && task::try_current().is_none();
            SEEN.fetch_add(if is_outside { 1 } else { 100 }, SeqCst);
            panic!("on purpose");
        });
    }
    block_on(async {
        let task = task::spawn(async {
            COUNT.with(|_| ());
            AT_THE_END.with(|_| ());
            7
        });
        assert_eq!(task.await, 7, "a panic of the destructor is not the task's");
    });
    block_on(async { AT_THE_END.with(|_| ()) });
    assert_eq!(SEEN.load(SeqCst), 2);
}

#[test]
fn local_tasks_have_values_of_their_own_and_are_not_in_the_scopes_of_their_driver() {
    block_on(USER.scope("ann".to_string(), async {
        let local = task::spawn_local(async {
            assert!(USER.try_get().is_err());
            assert_eq!(bump(), 2);
            USER.scope("bob".to_string(), async {
                task::yield_now().await;
                assert_eq!(USER.get(), "bob");
                task::block_on(async { assert_eq!(USER.get(), "bob") });
            })
            .await;
        });
        bump();
        assert_eq!(USER.get(), "ann");
        local.await;
        assert_eq!(USER.get(), "ann");
        let set = LocalSet::new();
        set.spawn_local(async { assert!(USER.try_get().is_err()) });
        set.await;
    }));
}

#[test]
fn scopes_nest_and_what_is_spawned_is_outside_of_them() {
    block_on(USER.scope("ann".to_string(), async {
        assert_eq!(USER.with(|user| user.len()), 3);
        let inner = USER.scope("bob".to_string(), async {
            task::yield_now().await;
            USER.get()
        });
        assert_eq!(inner.await, "bob");
        assert_eq!(USER.get(), "ann");
        assert_eq!(USER.sync_scope("carl".to_string(), || USER.get()), "carl");
        assert!(task::spawn(async { USER.try_get().is_err() }).await);
    }));
    assert_eq!(USER.sync_scope("ann".to_string(), || USER.get()), "ann", "no task is needed");
}

#[test]
fn a_scope_goes_from_thread_to_thread_with_its_future() {
    task_local! { static LOG: RefCell<Vec<u32>>; }
    let runtime = Runtime::new().expect("a runtime starts");
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            runtime.spawn(LOG.scope(RefCell::default(), async {
                for n in 0..50 {
                    LOG.with(|log| log.borrow_mut().push(n));
                    task::yield_now().await;
                }
                LOG.with(RefCell::take)
            }))
        })
        .collect();
    for task in tasks {
        assert_eq!(runtime.block_on(task), (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn two_scopes_polled_in_turn_keep_their_values() {
    let (mut ann, mut bob) = (
        pin!(USER.scope("ann".to_string(), poll_fn(|_| never_again("ann")))),
        pin!(USER.scope("bob".to_string(), poll_fn(|_| never_again("bob")))),
    );
    fn never_again(name: &str) -> Poll<()> {
        assert_eq!(USER.get(), name);
        Poll::Pending
    }
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(ann.as_mut().poll(&mut context).is_pending());
        assert!(bob.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(ann.as_mut().take_value().as_deref(), Some("ann"));
    assert_eq!(ann.as_mut().take_value(), None);
}

#[test]
fn a_scope_goes_before_the_value_of_the_task() {
    block_on(async {
        assert_eq!(bump(), 2);
        COUNT.scope(Cell::new(10), async { assert_eq!(bump(), 11) }).await;
        assert_eq!(bump(), 3);
    });
    assert_eq!(COUNT.sync_scope(Cell::new(20), bump), 21);
}

#[test]
fn a_scope_may_hold_what_cannot_be_sent() {
    task_local! { static SHARED: Rc<Cell<u32>>; }
    let shared = Rc::new(Cell::new(1));
    block_on(SHARED.scope(Rc::clone(&shared), async {
        task::yield_now().await;
        SHARED.get().set(2);
    }));
    assert_eq!(shared.get(), 2);
    assert_eq!(Rc::strong_count(&shared), 1);
}

#[test]
fn a_scope_within_a_use_of_the_same_key_panics_with_a_sentence() {
    let caught = catch_unwind(|| {
        USER.sync_scope("ann".to_string(), || {
            USER.with(|_| USER.sync_scope("bob".to_string(), || ()));
        });
    });
    let payload = caught.expect_err("it panics");
    let text = payload.downcast_ref::<String>().expect("it has a text");
    assert!(text.contains("USER") && text.contains("within `with`"), "{text}");
    assert!(USER.try_get().is_err());
}

#[test]
fn a_key_may_be_passed_on() {
    fn read(key: &'static LocalKey<u32>) -> u32 {
        key.get()
    }
    assert_eq!(block_on(async { read(&DEPTH) }), 0);
    assert_eq!(DEPTH.sync_scope(3, || read(&DEPTH)), 3);
    assert!(format!("{DEPTH:?}").contains("DEPTH"));
}
