//! The default runtime, for threads that have entered none.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::cell::RefCell;
use std::panic::catch_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::in_a_child_with;
use reference_runtime::{Handle, Runtime, block_on, task, time};

const VARIABLE: &str = "REFERENCE_RUNTIME_THREADS";

#[test]
fn a_variable_sets_the_number_of_workers() {
    in_a_child_with("a_variable_sets_the_number_of_workers", &[(VARIABLE, " 3 ")], || {
        assert_eq!(Handle::current().metrics().workers(), 3);
        let runtime = Runtime::new().expect("a runtime starts");
        assert_eq!(runtime.metrics().workers(), 3);
        let runtime = Runtime::builder().worker_threads(1).build().expect("a runtime starts");
        assert_eq!(runtime.metrics().workers(), 1);
    });
}

#[test]
fn an_empty_variable_says_nothing() {
    in_a_child_with("an_empty_variable_says_nothing", &[(VARIABLE, "")], || {
        assert!(Handle::current().metrics().workers() > 0);
    });
}

fn a_bad_value_gives_a_sentence(test: &str, value: &str) {
    in_a_child_with(test, &[(VARIABLE, value)], || {
        let error = Runtime::new().expect_err("that is no number of threads").to_string();
        assert!(error.contains(VARIABLE) && error.contains("set it to a number from 1 to"), "{error}");
        // The builder does not ask.
        Runtime::builder().worker_threads(1).build().expect("a runtime starts");
        for _ in 0..2 {
            let panic = catch_unwind(|| task::spawn(async {}).detach()).expect_err("no runtime starts");
            let message = panic.downcast_ref::<String>().expect("a text");
            assert!(message.contains(&error), "{message}");
        }
    });
}

#[test]
fn zero_workers_give_a_sentence() {
    a_bad_value_gives_a_sentence("zero_workers_give_a_sentence", "0");
}

#[test]
fn many_workers_give_a_sentence() {
    a_bad_value_gives_a_sentence("many_workers_give_a_sentence", "99999999999999999999");
}

#[test]
fn a_word_gives_a_sentence() {
    a_bad_value_gives_a_sentence("a_word_gives_a_sentence", "three");
}

#[test]
fn any_thread_may_spawn_sleep_and_connect() {
    let threads: Vec<_> = (0..8)
        .map(|number| {
            thread::spawn(move || {
                let task = task::spawn(async move {
                    time::sleep(Duration::from_millis(1)).await;
                    number
                });
                let talk = async {
                    let (mut client, server) = common::pair().await.expect("loopback works");
                    let echo = task::spawn(common::echo(server));
                    common::round_trips(&mut client, 3).await;
                    drop(client);
                    echo.await;
                };
                block_on(async {
                    time::timeout(common::LONG, talk).await.expect("it hangs");
                    task.await
                })
            })
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().expect("no panic"), number);
    }
}

/// Does something at the end of its thread.
struct AtTheEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

thread_local! {
    static AT_THE_END: RefCell<AtTheEnd> = const { RefCell::new(AtTheEnd(None)) };
}

fn at_the_end(end: impl FnOnce() + 'static) {
    AT_THE_END.with(|at_the_end| at_the_end.borrow_mut().0 = Some(Box::new(end)));
}

#[test]
fn the_destructor_of_a_thread_local_may_spawn_and_block_on() {
    in_a_child_with("the_destructor_of_a_thread_local_may_spawn_and_block_on", &[], || {
        let (tell, told) = mpsc::channel();
        // On a thread that never, and on one that has used the runtime before.
        for uses in [false, true] {
            let tell = tell.clone();
            thread::spawn(move || {
                at_the_end(move || {
                    let task = task::spawn(async { time::sleep(Duration::from_millis(1)).await });
                    block_on(task);
                    block_on(time::sleep(Duration::from_millis(1)));
                    task::block_in_place(|| tell.send(()).expect("the test listens"));
                });
                if uses {
                    block_on(task::spawn(async {}));
                }
            })
            .join()
            .expect("no panic");
            told.recv().expect("it did");
        }
    });
}

/// On a thread of the runtime, which may end long before the runtime does.
#[test]
fn the_destructor_of_a_thread_local_of_a_worker_may_spawn() {
    in_a_child_with("the_destructor_of_a_thread_local_of_a_worker_may_spawn", &[], || {
        for end_of_runtime in [false, true] {
            let runtime = Runtime::builder()
                .worker_threads(1)
                .thread_keep_alive(Duration::from_millis(1))
                .build()
                .expect("a runtime starts");
            let (tell, told) = mpsc::channel();
            let (handle, sender) = (runtime.handle().clone(), tell.clone());
            let body = move || {
                at_the_end(move || {
                    // Explicitly on its own runtime, and on whichever is current by now.
                    handle.spawn(async {}).detach();
                    task::spawn(async move { sender.send(()).expect("the test listens") }).detach();
                });
            };
            if end_of_runtime {
                common::run(&runtime, runtime.spawn(async move { body() }));
                drop(runtime);
                // The current runtime of such a thread is the one that ends: what it spawns is cancelled.
                drop(tell);
                assert_eq!(told.recv_timeout(common::LONG), Err(mpsc::RecvTimeoutError::Disconnected));
            } else {
                common::run(&runtime, runtime.spawn_blocking(body));
                told.recv_timeout(common::LONG).expect("it ran");
            }
        }
    });
}
