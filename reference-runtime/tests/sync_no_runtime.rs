//! Locks and channels on threads that know nothing of a runtime, and on executors of others. No test in this file may
//! use one of ours.

#![cfg(not(reference_runtime_loom))]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use futures::StreamExt;
use reference_runtime::channel::{self, RecvError};
use reference_runtime::sync::{Condvar, Mutex, Notify, broadcast, oneshot, watch};

/// An executor of another make.
fn run<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Runs the same on several threads.
fn on_threads(count: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..count {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

#[test]
fn threads_share_a_mutex_whether_they_block_or_poll() {
    let mutex = Mutex::new(0);
    on_threads(4, |number| {
        for _ in 0..1000 {
            if number % 2 == 0 {
                *mutex.lock_blocking() += 1;
            } else {
                run(async { *mutex.lock().await += 1 });
            }
        }
    });
    assert_eq!(mutex.into_inner(), 4000);
    let mutex = Arc::new(Mutex::new(1));
    let guard = mutex.lock_arc_blocking();
    assert!(mutex.try_lock().is_none());
    drop(guard);
}

#[test]
fn threads_send_and_receive() {
    let (sender, receiver) = channel::bounded(3);
    let sum = thread::scope(|scope| {
        for _ in 0..2 {
            let (blocking, polling) = (sender.clone(), sender.clone());
            scope.spawn(move || (1..=500).for_each(|number| blocking.send_blocking(number).unwrap()));
            scope.spawn(move || {
                run(async {
                    for number in 1..=500 {
                        polling.send(number).await.unwrap();
                    }
                });
            });
        }
        drop(sender);
        let other = receiver.clone();
        let polling = scope.spawn(move || run(other.fold(0, |sum, number| async move { sum + number })));
        let mut sum = 0;
        while let Ok(number) = receiver.recv_blocking() {
            sum += number;
        }
        assert_eq!(receiver.recv_blocking(), Err(RecvError));
        sum + polling.join().unwrap()
    });
    assert_eq!(sum, 4 * 500 * 501 / 2);
}

#[test]
fn a_condvar_and_a_notify_wake_threads() {
    let (mutex, condvar, notify) = (Mutex::new(0), Condvar::new(), Notify::new());
    on_threads(4, |number| {
        run(async {
            let mut turn = condvar.wait_until(mutex.lock().await, |turn| *turn == number).await;
            *turn += 1;
            drop(turn);
            condvar.notify_all();
            if number == 3 {
                notify.notify_one();
            }
        });
    });
    run(notify.notified());
    assert_eq!(mutex.into_inner(), 4);
}

#[test]
fn one_message_all_messages_and_the_newest_value_reach_threads() {
    let (ask, asked) = oneshot::channel();
    let (sender, mut received) = broadcast::channel(100);
    let (set, mut value) = watch::channel(0);
    let other = thread::spawn(move || {
        let last = run(asked).unwrap();
        for number in 1..=last {
            sender.send(number).unwrap();
            set.send(number).unwrap();
        }
    });
    ask.send(100).unwrap();
    let mut sum = 0;
    while let Ok(number) = received.blocking_recv() {
        sum += number;
    }
    assert_eq!(sum, 5050);
    assert_eq!(run(value.wait_for(|value| *value == 100)).map(|value| *value), Ok(100));
    other.join().unwrap();
    let (answer, answered) = oneshot::channel::<u8>();
    drop(answer);
    assert!(answered.blocking_recv().is_err());
}

/// The others of this file may run meanwhile: none of them starts one, either.
#[cfg(target_os = "linux")]
#[test]
fn no_thread_of_a_runtime_is_started_for_all_this() {
    let (sender, receiver) = channel::bounded(1);
    let other = thread::spawn(move || sender.send_blocking(1));
    assert_eq!(receiver.recv_blocking(), Ok(1));
    other.join().unwrap().unwrap();
    // What Linux keeps of the name of a runtime's thread.
    let ours = || {
        let threads = std::fs::read_dir("/proc/self/task").expect("Linux lists its threads");
        let names =
            threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.filter(|name| name.starts_with("reference-runti")).count()
    };
    assert_eq!(ours(), 0);
    let (started, wait) = std::sync::mpsc::channel();
    let named = thread::Builder::new().name("reference-runtime".to_owned());
    let named = named.spawn(move || wait.recv()).unwrap();
    while ours() == 0 {
        // It takes its name when it begins; that it never does would be a hang.
        thread::yield_now();
    }
    started.send(()).unwrap();
    named.join().unwrap().unwrap();
}
