//! The user's code may panic anywhere.

use super::*;

#[test]
fn polling_a_handle_again_after_its_output_panics_with_a_sentence() {
    let queue = Queue::default();
    let (mut handle, _task) = queue.spawn(async {});
    queue.run();
    assert!(poll_once(&mut handle).is_ready());
    assert!(handle.is_finished());
    handle.abort();
    assert!(panic_text(|| poll_once(&mut handle)).contains("polled again"));
}

#[test]
fn a_panic_goes_to_who_awaits_the_handle() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async { panic!("out of luck") });
    queue.run();
    let payload = catch_unwind(AssertUnwindSafe(|| ready(handle))).unwrap_err();
    assert_eq!(text(payload), "out of luck");
    assert!(queue.is_unused());
}

#[test]
fn join_gives_a_panic_as_an_error() {
    let queue = Queue::default();
    let witness = queue.witness("future dropped");
    let (handle, _) = queue.spawn(async move {
        let _witness = witness;
        panic!("out of {}", "luck")
    });
    queue.run();
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    let error = ready(handle.join()).unwrap_err();
    assert!(error.is_panic() && !error.is_cancelled());
    assert!(error.to_string().contains("panics.rs"));
    assert!(error.to_string().ends_with("panicked: out of luck"), "{error}");
    assert!(format!("{error:?}").starts_with("JoinError("));
    assert_eq!(text(error.into_panic()), "out of luck");
}

#[test]
fn an_error_becomes_an_io_error() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async { panic_any(5_u8) });
    queue.run();
    let error = std::io::Error::from(ready(handle.join()).unwrap_err());
    assert!(error.to_string().ends_with("panicked"));
    let error = error.into_inner().unwrap().downcast::<JoinError>().unwrap();
    assert_eq!(*error.try_into_panic().unwrap().downcast::<u8>().unwrap(), 5);
}

#[test]
fn awaiting_a_cancelled_task_panics_with_a_sentence_that_names_join() {
    let queue = Queue::default();
    let (handle, _) = queue.spawn(async {});
    queue.close();
    let text = panic_text(|| ready(handle));
    assert!(text.contains("was cancelled") && text.contains("JoinHandle::join"), "{text}");
}

#[test]
fn a_joiner_whose_waker_panics_does_not_hurt_the_executor() {
    let queue = Queue::default();
    let counter = Arc::new(CountingWaker { panics: true, ..CountingWaker::default() });
    let waker = Waker::from(counter.clone());
    let (mut handle, _) = queue.spawn(async { 1 });
    assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(queue.run(), 1);
    assert_eq!(counter.wakes.load(SeqCst), 1);
    assert_eq!(ready(handle), 1);
    assert!(queue.is_unused());
}

#[test]
fn a_joiner_whose_waker_panics_when_dropped_still_waits() {
    struct Bomb(#[expect(dead_code)] Witness);
    impl std::task::Wake for Bomb {
        fn wake(self: Arc<Self>) {}
    }
    let queue = Queue::default();
    let (mut handle, _) = queue.spawn(async { 1 });
    for _ in 0..2 {
        let waker = Arc::new(Bomb(queue.bomb("waker dropped")));
        assert!(poll_with(&mut handle, waker.clone()).is_pending());
        assert_eq!(Arc::strong_count(&waker), 2);
    }
    assert_eq!(queue.run(), 1);
    assert_eq!(ready(handle), 1);
    assert_eq!(queue.events(), ["waker dropped", "finished", "waker dropped"]);
    assert!(queue.is_unused());
}

#[test]
// A waker whose clone panics cannot be made of an `Arc`.
#[allow(unsafe_code)]
fn a_joiner_whose_waker_cannot_be_cloned_may_try_again() {
    const TABLE: RawWakerVTable = RawWakerVTable::new(|_| panic!("no clone"), |_| (), |_| (), |_| ());
    // SAFETY: the table does nothing with its data.
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) };
    let queue = Queue::default();
    let counter = Arc::new(CountingWaker::default());
    let (mut handle, _) = queue.spawn(async { 1 });
    assert!(poll_with(&mut handle, counter.clone()).is_pending());
    let text = panic_text(|| Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)));
    assert_eq!(text, "no clone");
    queue.run();
    assert_eq!(counter.wakes.load(SeqCst), 1);
    assert_eq!(ready(handle), 1);
}

#[test]
fn a_destructor_of_an_output_may_panic_in_a_detached_task() {
    let queue = Queue::default();
    let output = queue.bomb("output dropped");
    let (handle, _) = queue.spawn(async move { output });
    drop(handle);
    assert_eq!(queue.run(), 1);
    assert_eq!(queue.events(), ["finished", "output dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn a_destructor_of_an_output_may_panic_in_the_handle() {
    let queue = Queue::default();
    let output = queue.bomb("output dropped");
    let (handle, _) = queue.spawn(async move { output });
    assert_eq!(queue.run(), 1);
    drop(handle);
    assert_eq!(queue.events(), ["finished", "output dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn the_panic_of_a_cancelled_futures_destructor_goes_to_the_joiner() {
    let queue = Queue::default();
    let bomb = queue.bomb("future dropped");
    let (handle, _) = queue.spawn(async move { drop(bomb) });
    queue.close();
    assert_eq!(text(ready(handle.join()).unwrap_err().into_panic()), "future dropped panics");
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    assert!(queue.is_unused());
}

#[test]
fn the_panic_of_a_finished_futures_destructor_takes_the_outputs_place() {
    let queue = Queue::default();
    let (bomb, output) = (queue.bomb("future dropped"), queue.bomb("output dropped"));
    let mut output = Some(output);
    let (handle, _) = queue.spawn(poll_fn(move |_| {
        let _ = &bomb;
        Poll::Ready(output.take().expect("polled once"))
    }));
    assert_eq!(queue.run(), 1);
    assert_eq!(text(ready(handle.join()).err().unwrap().into_panic()), "future dropped panics");
    assert_eq!(queue.events(), ["future dropped", "finished", "output dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn of_two_panics_the_joiner_gets_the_first() {
    let queue = Queue::default();
    let bomb = queue.bomb("future dropped");
    let (handle, _) = queue.spawn(poll_fn(move |_| -> Poll<()> {
        let _ = &bomb;
        panic!("the first")
    }));
    assert_eq!(queue.run(), 1);
    assert_eq!(text(ready(handle.join()).unwrap_err().into_panic()), "the first");
    assert_eq!(queue.events(), ["future dropped", "finished"]);
    assert!(queue.is_unused());
}

#[test]
fn a_payload_may_panic_when_dropped() {
    let queue = Queue::default();
    let payload = queue.bomb("payload dropped");
    let (handle, _) = queue.spawn(async move { panic_any(payload) });
    drop::<JoinHandle<()>>(handle);
    assert_eq!(queue.run(), 1);
    assert_eq!(queue.events(), ["finished", "payload dropped"]);
    assert!(queue.is_unused());
}

#[test]
fn a_scheduler_that_panics_in_finished_hurts_nobody() {
    #[derive(Clone)]
    struct Panicking;
    impl Schedule for Panicking {
        fn schedule(&self, runnable: Runnable, _: Wake) {
            runnable.run();
        }
        fn finished(&self, _: Option<NonZeroU32>) -> Option<TaskRef> {
            panic!("finished panics");
        }
    }
    let (runnable, handle) = task(async { 1 }, Panicking, 0, Location::caller());
    runnable.schedule();
    assert_eq!(ready(handle), 1);
}

#[test]
fn a_scheduler_that_panics_cancels_the_task() {
    #[derive(Clone)]
    struct Panicking(#[expect(dead_code, reason = "counted by its strong references")] Arc<()>);
    impl Schedule for Panicking {
        fn schedule(&self, _: Runnable, _: Wake) {
            panic!("schedule panics");
        }
    }
    let count = Arc::new(());
    let (flag, (send, wakers)) = (Arc::default(), mpsc::channel());
    let (runnable, handle) = task(until(&flag, &send), Panicking(count.clone()), 0, Location::caller());
    runnable.run();
    assert_eq!(panic_text(|| wakers.recv().unwrap().wake()), "schedule panics");
    assert!(ready(handle.join()).unwrap_err().is_cancelled());
    assert_eq!(Arc::strong_count(&count), 1);
}
