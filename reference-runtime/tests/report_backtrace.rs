//! Where a poll was when it next had to do with the runtime after it had been found stuck.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::{Cause, Gate, LONG, run};
use reference_runtime::{Builder, ReturnedPoll, Runtime, task, time};

/// A runtime, what hears of polls that are stuck, and of those that have come back.
fn runtime(adjust: impl FnOnce(&mut Builder)) -> (Runtime, mpsc::Receiver<()>, mpsc::Receiver<ReturnedPoll>) {
    let ((tell, told), (tell_return, returned)) = (mpsc::channel(), mpsc::channel());
    let mut builder = Runtime::builder();
    builder.worker_threads(1).backtrace(true);
    builder.on_blocked(move |_| _ = tell.send(()));
    builder.on_returned(move |poll| _ = tell_return.send(poll.clone()));
    adjust(&mut builder);
    (builder.build().expect("a runtime starts"), told, returned)
}

/// Spawns a task that passes the gate, opens it when the task is found stuck, and gives the stack of its return.
fn stack_of<F>(adjust: impl FnOnce(&mut Builder), body: impl FnOnce(Gate) -> F) -> Option<String>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (runtime, told, returned) = runtime(adjust);
    let gate = Gate::closed();
    let task = runtime.spawn(body(gate.clone()));
    let waits = runtime.spawn(async {});
    told.recv_timeout(LONG).expect("it is found");
    run(&runtime, waits);
    gate.open();
    run(&runtime, task);
    let returned = returned.recv_timeout(LONG).expect("it has come back");
    returned.backtrace().map(|stack| stack.to_string())
}

#[inline(never)]
async fn reads_the_disk_and_awaits(gate: Gate) {
    gate.pass(Cause::EmptyPipe);
    time::sleep(Duration::from_millis(1)).await;
}

#[inline(never)]
async fn handles_a_request(gate: Gate) {
    reads_the_disk_and_awaits(gate).await;
}

#[test]
fn the_stack_leads_through_the_async_functions_to_the_next_await() {
    let stack = stack_of(|_| (), handles_a_request).expect("there is a stack");
    let at = |name: &str| stack.find(name).unwrap_or_else(|| panic!("no {name} in:\n{stack}"));
    assert!(at("reads_the_disk_and_awaits") < at("handles_a_request"), "innermost first:\n{stack}");
}

#[test]
fn the_stack_is_taken_once_at_the_first_await() {
    async fn second_await() {
        time::sleep(Duration::from_millis(1)).await;
    }
    let two = |gate: Gate| async move {
        gate.pass(Cause::EmptyPipe);
        // Both register within the poll that was stuck.
        futures::join!(reads_the_disk_and_awaits(gate), second_await());
    };
    let stack = stack_of(|_| (), two).expect("there is a stack");
    assert!(stack.contains("reads_the_disk_and_awaits") && !stack.contains("second_await"), "{stack}");
}

#[test]
fn a_spawn_of_another_task_shows_where_the_poll_was_too() {
    #[inline(never)]
    fn spawns_what_it_read() {
        task::spawn(async {}).detach();
    }
    let spawns = |gate: Gate| async move {
        gate.pass(Cause::EmptyPipe);
        spawns_what_it_read();
    };
    let stack = stack_of(|_| (), spawns).expect("there is a stack");
    assert!(stack.contains("spawns_what_it_read"), "{stack}");
}

#[test]
fn a_poll_that_ends_its_task_has_no_stack() {
    assert_eq!(stack_of(|_| (), |gate| async move { gate.pass(Cause::EmptyPipe) }), None);
}

#[test]
fn without_the_option_there_is_no_stack() {
    assert_eq!(stack_of(|builder| _ = builder.backtrace(false), handles_a_request), None);
}

/// Types that are known to block are polled on threads set aside for them. Their polls have stacks as well.
#[test]
fn a_poll_in_a_lane_has_a_stack() {
    let (runtime, told, returned) = runtime(|_| ());
    // Twice within a short time, and the type is known; under load it may take more. Then it is found stuck in its lane.
    loop {
        let gate = Gate::closed();
        let task = runtime.spawn(handles_a_request(gate.clone()));
        let waits = runtime.spawn(async {});
        told.recv_timeout(LONG).expect("it is found");
        run(&runtime, waits);
        gate.open();
        run(&runtime, task);
        // The last poll of a task may take a millisecond on a busy machine, and is told of if that is in a lane.
        let poll = || returned.recv_timeout(LONG).expect("it has come back");
        let poll = std::iter::repeat_with(poll).find(|poll| poll.blocked().is_some()).expect("no end");
        let stack = poll.backtrace().unwrap_or_else(|| panic!("no stack: {poll:?}")).to_string();
        assert!(stack.contains("reads_the_disk_and_awaits"), "{stack}");
        if stack.contains("poll_in_lane") {
            break;
        }
    }
}
