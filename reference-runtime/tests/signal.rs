//! Signals that a process sends to itself.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::{descriptors, in_children, run};
use futures::StreamExt;
use nix::sys::signal::{Signal as Number, raise};
use reference_runtime::signal::unix::{Signal, SignalKind, signal};
use reference_runtime::{Runtime, signal as signals, time};

fn runtime() -> Runtime {
    Runtime::builder().worker_threads(2).build().expect("a runtime starts")
}

fn send(number: Number) {
    raise(number).expect("a process may send signals to itself");
}

fn listen(runtime: &Runtime, kind: SignalKind) -> Signal {
    let _entered = runtime.enter();
    signal(kind).expect("it can be listened for")
}

#[test]
fn a_signal_is_received_each_time_by_every_listener() {
    in_children(
        "a_signal_is_received_each_time_by_every_listener",
        ["one runtime", "two runtimes"],
        |scenario| {
            let first = runtime();
            let second = (scenario == "two runtimes").then(runtime);
            let second = second.as_ref().unwrap_or(&first);
            let mut listeners =
                [listen(&first, SignalKind::user_defined1()), listen(second, SignalKind::user_defined1())];
            let mut other = listen(&first, SignalKind::user_defined2());
            for _ in 0..10 {
                send(Number::SIGUSR1);
                for listener in &mut listeners {
                    assert_eq!(run(&first, listener.recv()), Some(()));
                }
            }
            // The other kind heard nothing.
            let heard = run(&first, async { time::timeout(Duration::from_millis(20), other.recv()).await });
            assert!(heard.is_err());
            send(Number::SIGUSR2);
            assert_eq!(run(&first, other.recv()), Some(()));
        },
    );
}

#[test]
fn signals_that_came_before_one_was_received_count_as_one() {
    in_children("signals_that_came_before_one_was_received_count_as_one", ["many"], |_| {
        let runtime = runtime();
        let mut listener = listen(&runtime, SignalKind::hangup());
        for _ in 0..50 {
            send(Number::SIGHUP);
        }
        assert_eq!(run(&runtime, listener.recv()), Some(()));
        let again = run(&runtime, async { time::timeout(Duration::from_millis(20), listener.recv()).await });
        assert!(again.is_err());
        send(Number::SIGHUP);
        assert_eq!(run(&runtime, listener.next()), Some(()));
    });
}

#[test]
fn a_cancelled_recv_loses_no_signal() {
    in_children("a_cancelled_recv_loses_no_signal", ["cancelled"], |_| {
        let runtime = runtime();
        let mut listener = listen(&runtime, SignalKind::user_defined1());
        run(&runtime, async {
            for _ in 0..3 {
                let cancelled = time::timeout(Duration::from_millis(1), listener.recv()).await;
                assert!(cancelled.is_err());
            }
            {
                let mut recv = pin!(listener.recv());
                std::future::poll_fn(|cx| {
                    assert!(recv.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                send(Number::SIGUSR1);
            }
            assert_eq!(listener.recv().await, Some(()));
        });
    });
}

#[test]
fn ctrl_c_is_waited_for_again_and_again() {
    in_children("ctrl_c_is_waited_for_again_and_again", ["three times"], |_| {
        let runtime = runtime();
        // So that no Ctrl-C comes while nobody listens.
        let _listener = listen(&runtime, SignalKind::interrupt());
        for _ in 0..3 {
            let task = runtime.spawn(signals::ctrl_c());
            while !task.is_finished() {
                send(Number::SIGINT);
                run(&runtime, time::sleep(Duration::from_millis(1)));
            }
            run(&runtime, task).expect("it can be listened for");
        }
    });
}

#[test]
fn a_listener_leaves_nothing_behind_and_its_signal_does_not_end_the_process() {
    let test = "a_listener_leaves_nothing_behind_and_its_signal_does_not_end_the_process";
    in_children(test, ["dropped"], |_| {
        let runtime = runtime();
        drop(listen(&runtime, SignalKind::terminate()));
        let before = descriptors();
        for _ in 0..100 {
            drop(listen(&runtime, SignalKind::terminate()));
        }
        assert_eq!(descriptors(), before);
        send(Number::SIGTERM);
    });
}

#[test]
fn a_listener_ends_with_its_runtime() {
    in_children("a_listener_ends_with_its_runtime", ["shut down"], |_| {
        let (first, second) = (runtime(), runtime());
        let mut listener = listen(&first, SignalKind::user_defined1());
        drop(first);
        assert_eq!(run(&second, listener.recv()), None);
        assert_eq!(run(&second, listener.next()), None);
        // And the next one works, in the runtime that runs.
        let mut listener = listen(&second, SignalKind::user_defined1());
        send(Number::SIGUSR1);
        assert_eq!(run(&second, listener.recv()), Some(()));
    });
}

#[test]
fn signals_that_cannot_be_caught_are_errors() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for number in [nix::libc::SIGKILL, nix::libc::SIGSTOP, nix::libc::SIGSEGV, -1, 9_999] {
        assert!(signal(SignalKind::from_raw(number)).is_err(), "{number}");
    }
}
