//! What `batched` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! Nothing is handed to a thread. What was handed off lies on a bench until the case runs it, in whatever order it
//! likes.

use super::answer::{Chunk, batched};
use exercises::Case;
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

const HANG: &str =
    "a poll does not return: it waits for what is handed off, which nobody does before it returns";

pub const CASES: &[Case] = &[
    Case {
        name: "results_are_in_the_order_of_the_calls",
        promise: "whichever chunk is done first, the results are in the order of the calls",
        hang: HANG,
        supported: true,
        run: results_are_in_the_order_of_the_calls,
    },
    Case {
        name: "there_are_as_many_hand_offs_as_chunks",
        promise: "no hand-off is made without need, for none of the calls or for fewer than there are",
        hang: HANG,
        supported: true,
        run: there_are_as_many_hand_offs_as_chunks,
    },
    Case {
        name: "no_call_is_made_by_the_task",
        promise: "a call is made where it was handed to, and not before",
        hang: HANG,
        supported: true,
        run: no_call_is_made_by_the_task,
    },
    Case {
        name: "calls_of_a_chunk_are_made_in_their_order",
        promise: "the calls of one chunk are made one after the other, the first one first",
        hang: HANG,
        supported: true,
        run: calls_of_a_chunk_are_made_in_their_order,
    },
    Case {
        name: "chunks_run_beside_each_other",
        promise: "all chunks are handed off before one is waited for",
        hang: HANG,
        supported: true,
        run: chunks_run_beside_each_other,
    },
    Case {
        name: "the_waker_of_the_last_poll_is_called",
        promise: "the task that waits is woken, wherever it was polled last, and not without a reason",
        hang: HANG,
        supported: true,
        run: the_waker_of_the_last_poll_is_called,
    },
];

/// What was handed off and has not been run.
#[derive(Default)]
struct Bench(Mutex<Vec<(Chunk<usize>, Arc<Slot>)>>);

#[derive(Default)]
struct Slot(Mutex<(Option<Vec<usize>>, Option<Waker>)>);

/// The results of one chunk, once it was run.
struct Handed {
    slot: Arc<Slot>,
    is_done: bool,
}

impl Bench {
    fn hand_off(&self, chunk: Chunk<usize>) -> Handed {
        let slot = Arc::<Slot>::default();
        self.0.lock().expect("no holder panics").push((chunk, Arc::clone(&slot)));
        Handed { slot, is_done: false }
    }

    fn len(&self) -> usize {
        self.0.lock().expect("no holder panics").len()
    }

    /// Runs what lies at that place, the first to be handed off at 0.
    fn run(&self, at: usize) {
        let (chunk, slot) = self.0.lock().expect("no holder panics").remove(at);
        let results = chunk();
        let waker = {
            let mut slot = slot.0.lock().expect("no holder panics");
            slot.0 = Some(results);
            slot.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Future for Handed {
    type Output = Vec<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<usize>> {
        assert!(!self.is_done, "a future that is done is polled again");
        let slot = Arc::clone(&self.slot);
        let mut slot = slot.0.lock().expect("no holder panics");
        let Some(results) = slot.0.take() else {
            slot.1 = Some(cx.waker().clone());
            return Poll::Pending;
        };
        self.is_done = true;
        Poll::Ready(results)
    }
}

/// Calls that return their own numbers.
fn numbers(count: usize) -> impl Iterator<Item = impl FnOnce() -> usize + Send + 'static> {
    (0..count).map(|number| move || number)
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls and runs what lies at the end of the bench, or at its beginning, until all is done.
fn finish<F: Future>(mut future: Pin<&mut F>, bench: &Bench, is_last_first: bool) -> F::Output {
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
        let waiting = bench.len();
        assert!(waiting > 0, "all that was handed off has been done, and the task waits for more");
        bench.run(if is_last_first { waiting - 1 } else { 0 });
    }
}

fn results_are_in_the_order_of_the_calls() {
    for is_last_first in [false, true] {
        let bench = Bench::default();
        let future = pin!(batched(numbers(10), 3, |chunk| bench.hand_off(chunk)));
        let results = finish(future, &bench, is_last_first);
        let which = if is_last_first { "last" } else { "first" };
        assert_eq!(
            results,
            Vec::from_iter(0..10),
            "the chunk that was handed off {which} was always done first"
        );
    }
}

fn there_are_as_many_hand_offs_as_chunks() {
    for (calls, chunk, expected) in [(10, 3, 4), (9, 3, 3), (2, 3, 1), (0, 3, 0), (3, 1, 3), (2, 0, 2)] {
        let (bench, hand_offs) = (Bench::default(), AtomicUsize::new(0));
        let future = pin!(batched(numbers(calls), chunk, |chunk| {
            hand_offs.fetch_add(1, SeqCst);
            bench.hand_off(chunk)
        }));
        let mut results = finish(future, &bench, false);
        results.sort();
        assert_eq!(results, Vec::from_iter(0..calls), "each call gives one result");
        assert_eq!(hand_offs.load(SeqCst), expected, "{calls} calls in chunks of {chunk}");
    }
}

fn no_call_is_made_by_the_task() {
    let (bench, is_elsewhere) = (Bench::default(), Arc::new(AtomicBool::new(false)));
    let calls = (0..4).map(|number| {
        let is_elsewhere = Arc::clone(&is_elsewhere);
        move || {
            assert!(
                is_elsewhere.load(SeqCst),
                "a call was made by the task itself, and not where it was handed to"
            );
            number
        }
    });
    let mut future = pin!(batched(calls, 2, |chunk| bench.hand_off(chunk)));
    loop {
        if poll(future.as_mut()).is_ready() {
            break;
        }
        assert!(bench.len() > 0, "all that was handed off has been done, and the task waits for more");
        is_elsewhere.store(true, SeqCst);
        bench.run(0);
        is_elsewhere.store(false, SeqCst);
    }
}

fn calls_of_a_chunk_are_made_in_their_order() {
    let (bench, made) = (Bench::default(), Arc::new(Mutex::new(Vec::new())));
    let calls = (0..6).map(|number| {
        let made = Arc::clone(&made);
        move || {
            made.lock().expect("no holder panics").push(number);
            number
        }
    });
    let future = pin!(batched(calls, 3, |chunk| bench.hand_off(chunk)));
    finish(future, &bench, false);
    let made = made.lock().expect("no holder panics");
    assert_eq!(*made, Vec::from_iter(0..6), "two chunks of three calls, and the first chunk was run first");
}

fn chunks_run_beside_each_other() {
    let bench = Bench::default();
    let mut future = pin!(batched(numbers(10), 3, |chunk| bench.hand_off(chunk)));
    assert_eq!(bench.len(), 0, "a future does nothing before it is polled");
    assert!(poll(future.as_mut()).is_pending(), "nothing that was handed off has been done");
    assert_eq!(bench.len(), 4, "four chunks, and so many were handed off when the task began to wait");
}

/// Counts how often it is called.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn the_waker_of_the_last_poll_is_called() {
    let bench = Bench::default();
    let mut future = pin!(batched(numbers(2), 3, |chunk| bench.hand_off(chunk)));
    let bells = [(); 2].map(|()| Arc::new(Bell::default()));
    let rung = || bells.each_ref().map(|bell| bell.0.load(SeqCst));
    for bell in &bells {
        let polled = future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))));
        assert!(polled.is_pending(), "nothing that was handed off has been done");
    }
    assert_eq!(rung(), [0, 0], "nothing that was handed off has been done");
    bench.run(0);
    assert_eq!(
        rung(),
        [0, 1],
        "the chunk is done; the task was polled with the first waker, then with the second"
    );
    assert_eq!(poll(future), Poll::Ready(vec![0, 1]), "the only chunk is done");
}
