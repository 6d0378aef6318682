//! Tasks that end before their futures do, and tasks whose handle is gone.

use super::*;

#[test]
fn dropping_a_runnable_cancels_the_task() {
    let queue = Queue::default();
    let witness = queue.witness("future dropped");
    let (handle, _task) = queue.spawn(async move { drop(witness) });
    drop(queue.pop());
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    let error = ready(handle.join()).unwrap_err();
    assert!(error.is_cancelled() && !error.is_panic());
    assert!(panic_text(|| error.into_panic()).contains("no panic to give"));
}

#[test]
fn abort_of_a_sleeping_task_has_the_executor_drop_it() {
    for from_handle in [true, false] {
        let queue = Queue::default();
        let witness = queue.witness("future dropped");
        let (handle, task) = queue.spawn(async move {
            let _witness = witness;
            pending::<()>().await;
        });
        queue.run();
        for _ in 0..2 {
            if from_handle { handle.abort() } else { task.abort() }
        }
        assert_eq!(queue.events(), [""; 0]);
        assert_eq!(queue.run(), 1);
        assert_eq!(queue.events(), ["future dropped", "finished"]);
        task.abort();
        assert_eq!(queue.len(), 0);
        assert!(ready(handle.join()).unwrap_err().is_cancelled());
        drop(task);
        assert!(queue.is_unused());
    }
}

#[test]
fn abort_of_a_queued_task_drops_it_unpolled() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async { unreachable!("an aborted task is not polled") });
    handle.abort();
    assert_eq!(queue.run(), 1);
    assert!(ready(handle.join()).unwrap_err().is_cancelled());
}

#[test]
fn abort_during_poll_takes_effect_when_the_poll_pends() {
    let queue = Queue::default();
    let (send, tasks) = mpsc::channel::<TaskRef>();
    let witness = queue.witness("future dropped");
    let (handle, task) = queue.spawn(poll_fn(move |cx| {
        let _ = &witness;
        tasks.recv().unwrap().abort();
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    send.send(task).unwrap();
    assert_eq!(queue.run(), 1);
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    assert!(ready(handle.join()).unwrap_err().is_cancelled());
    assert!(queue.is_unused());
}

#[test]
fn a_task_that_finishes_in_the_poll_in_which_it_is_aborted_has_finished() {
    let queue = Queue::default();
    let (send, tasks) = mpsc::channel::<TaskRef>();
    let (handle, task) = queue.spawn(poll_fn(move |_| {
        tasks.recv().unwrap().abort();
        Poll::Ready(3)
    }));
    send.send(task).unwrap();
    assert_eq!(queue.run(), 1);
    assert_eq!(ready(handle), 3);
}

#[test]
fn a_detached_task_runs_on_and_its_output_is_dropped_where_it_ends() {
    let queue = Queue::default();
    let output = queue.witness("output dropped");
    let (handle, task) = queue.spawn(async move { output });
    handle.detach();
    assert_eq!(queue.run(), 1);
    assert_eq!(queue.events(), ["finished", "output dropped"]);
    assert!(task.is_finished());
    drop(task);
    assert!(queue.is_unused());
}

#[test]
fn a_handle_dropped_after_the_end_drops_the_output() {
    let queue = Queue::default();
    let output = queue.witness("output dropped");
    let (handle, _) = queue.spawn(async move { output });
    queue.run();
    assert_eq!(queue.events(), ["finished"]);
    drop(handle);
    assert_eq!(queue.events(), ["output dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn a_handle_dropped_while_it_waits_drops_its_waker() {
    let queue = Queue::default();
    let counter = Arc::new(CountingWaker::default());
    let (mut handle, _task) = queue.spawn(async {});
    let waker = Waker::from(counter.clone());
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    drop(handle);
    assert_eq!(Arc::strong_count(&counter), 1);
    queue.run();
    assert_eq!(counter.wakes.load(SeqCst), 0);
}

#[test]
fn a_wake_after_the_executor_has_gone_cancels_in_place() {
    for by_value in [true, false] {
        let queue = Queue::default();
        let (flag, (send, wakers)) = (Arc::default(), mpsc::channel());
        let (handle, _) = queue.spawn(until(&flag, &send));
        queue.run();
        queue.close();
        let waker = wakers.recv().unwrap();
        if by_value {
            waker.wake()
        } else {
            waker.wake_by_ref()
        }
        assert_eq!(queue.events(), ["finished"]);
        assert!(ready(handle.join()).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_yield_after_the_executor_has_gone_cancels_in_place() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(yields(1));
    let (runnable, _) = queue.pop().unwrap();
    queue.close();
    runnable.run();
    assert!(ready(handle.join()).unwrap_err().is_cancelled());
    assert!(queue.is_unused());
}

#[test]
fn cancelled_tasks_may_wake_and_cancel_each_other() {
    /// Wakes when it is dropped.
    struct WakeOnDrop(Vec<Waker>);
    impl Drop for WakeOnDrop {
        fn drop(&mut self) {
            self.0.drain(..).for_each(Waker::wake);
        }
    }
    let queue = Queue::default();
    let wakers = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..3 {
        let (wakers, mut all) = (wakers.clone(), WakeOnDrop(Vec::new()));
        let (handle, _) = queue.spawn(poll_fn(move |cx| {
            let all = &mut all;
            lock(&wakers).push(cx.waker().clone());
            all.0 = lock(&wakers).clone();
            Poll::<()>::Pending
        }));
        handle.detach();
    }
    assert_eq!(queue.run(), 3);
    queue.close();
    let waker = lock(&wakers)[2].clone();
    waker.wake();
    assert_eq!(queue.events(), ["finished"; 3]);
    drop(wakers);
    assert!(queue.is_unused());
}

#[test]
fn a_detached_task_that_nobody_can_wake_is_dropped_with_its_last_reference() {
    let queue = Queue::default();
    let witness = queue.bomb("future dropped");
    let (handle, task) = queue.spawn(async move {
        let _witness = witness;
        pending::<()>().await;
    });
    assert_eq!(queue.run(), 1);
    drop(task.clone());
    drop(task);
    assert_eq!(queue.events(), [""; 0]);
    drop(handle);
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    assert!(queue.is_unused());
}

#[test]
fn a_detached_task_is_dropped_with_its_last_waker() {
    let queue = Queue::default();
    let (flag, (send, wakers)) = (Arc::default(), mpsc::channel());
    let (handle, task) = queue.spawn(until(&flag, &send));
    queue.run();
    drop((handle, task));
    assert_eq!(queue.events(), [""; 0]);
    drop(wakers.recv().unwrap());
    assert_eq!(queue.events(), ["finished"]);
    assert!(queue.is_unused());
}

#[test]
fn a_detached_task_that_pends_without_a_waker_is_dropped_by_the_poll() {
    let queue = Queue::default();
    let (handle, task) = queue.spawn(pending::<()>());
    drop((handle, task));
    assert_eq!(queue.run(), 1);
    assert_eq!(queue.events(), ["finished"]);
    assert!(queue.is_unused());
}

#[test]
fn a_handle_alone_keeps_a_sleeping_task_and_can_abort_it() {
    let queue = Queue::default();
    let (handle, task) = queue.spawn(pending::<()>());
    drop(task);
    queue.run();
    handle.abort();
    assert_eq!(queue.run(), 1);
    assert!(ready(handle.join()).unwrap_err().is_cancelled());
    assert!(queue.is_unused());
}

#[test]
fn tasks_stay_whole_when_threads_run_wake_abort_and_join_them_at_once() {
    let rounds = if cfg!(miri) { 10 } else { 1_000 };
    let queue = Queue::default();
    for round in 0..rounds {
        let (flag, (send, wakers)) = (Arc::new(AtomicUsize::new(0)), mpsc::channel());
        let (handle, task) = queue.spawn(until(&flag, &send));
        drop(send);
        let (task, queue) = (&task, &queue);
        thread::scope(|scope| {
            scope.spawn(move || {
                while !task.is_finished() {
                    queue.run();
                    thread::yield_now();
                }
            });
            scope.spawn(move || {
                // Until the future is gone, and its sender with it.
                for waker in wakers {
                    flag.store(1, SeqCst);
                    waker.wake();
                    if round % 2 == 0 {
                        task.abort();
                    }
                }
            });
            let mut join = handle.join();
            while poll_with(&mut join, Arc::<CountingWaker>::default()).is_pending() {
                thread::yield_now();
            }
        });
    }
    assert_eq!(queue.events().len(), rounds);
    assert!(queue.is_unused());
}
