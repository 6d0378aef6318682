//! Runs one future on the thread that calls, and sleeps while the future waits.
//!
//! The thread waits with a [`Parker`] of its own and the future wakes it through a [`Waker`] made from it. A pair of
//! the two is kept per thread, because making one costs an allocation and most calls come again. It is *lent* to one
//! call at a time: a [`block_on`] within the future of another finds none, and makes one. So a wake-up never goes to
//! the wrong one of two nested calls.
//!
//! A waker that a future left behind can put a token into a pair that a later call uses. That costs the later call
//! one poll too many. It never ends a call early, because only [`Poll::Ready`] does.

use std::{
    cell::Cell,
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::park::Parker;

/// Runs `future` to its end on this thread and returns its output.
///
/// Between polls the thread sleeps. It needs no runtime: whatever wakes the future from another thread will do.
///
/// ```
/// let (send, receive) = futures::channel::oneshot::channel();
/// std::thread::spawn(move || send.send(6 * 7));
/// assert_eq!(reference_runtime::block_on(receive), Ok(42));
/// ```
///
/// # Panics
///
/// Panics when `future` does, and the thread may call [`block_on`] again afterwards.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let lent = Lent::borrow();
    let Pair { parker, waker } = lent.pair();
    let mut context = Context::from_waker(waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        parker.park();
    }
}

thread_local! {
    /// The pair that the next [`block_on`] of this thread borrows; `None` while one has it.
    static SPARE: Cell<Option<Pair>> = const { Cell::new(None) };
}

/// A [`Parker`] and the [`Waker`] that unparks it.
struct Pair {
    parker: Parker,
    waker: Waker,
}

/// A [`Pair`] that goes back to [`SPARE`] when dropped: after a panic, too.
struct Lent {
    /// `None` only inside `drop`.
    pair: Option<Pair>,
}

impl Pair {
    fn new() -> Pair {
        let parker = Parker::new();
        let waker = Waker::from(parker.unparker());
        Pair { parker, waker }
    }
}

impl Lent {
    /// Takes this thread's pair, or a new one if it is lent already or if the thread's locals are gone.
    fn borrow() -> Lent {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        Lent { pair: Some(spare.unwrap_or_else(Pair::new)) }
    }

    fn pair(&self) -> &Pair {
        self.pair.as_ref().expect("a pair is lent until the loan is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let pair = self.pair.take();
        // Fails while the thread's locals are being destroyed; the pair is then dropped here.
        let _ = SPARE.try_with(|spare| spare.set(pair));
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use std::{
        future::{poll_fn, ready},
        panic::{AssertUnwindSafe, catch_unwind},
        sync::mpsc,
        thread,
    };

    use super::*;

    /// Pending once, after having handed its waker to `with_waker`; counts its polls.
    async fn pend_once(polls: &Cell<u32>, with_waker: impl Fn(&Waker)) {
        poll_fn(|context| {
            polls.set(polls.get() + 1);
            if polls.get() > 1 {
                return Poll::Ready(());
            }
            with_waker(context.waker());
            Poll::Pending
        })
        .await
    }

    /// The waker that [`block_on`] polls with on this thread now.
    fn waker_of_this_call() -> Waker {
        block_on(poll_fn(|context| Poll::Ready(context.waker().clone())))
    }

    #[test]
    fn a_ready_future_is_polled_once() {
        assert_eq!(block_on(ready(7)), 7);
    }

    #[test]
    fn a_wake_within_the_poll_polls_again_without_sleeping() {
        let polls = Cell::new(0);
        block_on(pend_once(&polls, Waker::wake_by_ref));
        assert_eq!(polls.get(), 2);
    }

    #[test]
    fn a_wake_from_another_thread_ends_the_sleep() {
        let polls = Cell::new(0);
        let (send, receive) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || receive.recv().unwrap().wake());
        block_on(pend_once(&polls, |waker| send.send(waker.clone()).unwrap()));
        assert_eq!(polls.get(), 2);
        other.join().unwrap();
    }

    #[test]
    fn an_unpark_of_the_thread_is_neither_taken_nor_seen() {
        let polls = Cell::new(0);
        let (send, receive) = mpsc::channel::<Waker>();
        let this = thread::current();
        let other = thread::spawn(move || {
            let waker = receive.recv().unwrap();
            this.unpark();
            waker.wake();
        });
        block_on(pend_once(&polls, |waker| send.send(waker.clone()).unwrap()));
        other.join().unwrap();
        assert_eq!(polls.get(), 2);
        // The thread's own token is still there: this would hang otherwise.
        thread::park();
    }

    #[test]
    fn a_future_that_parks_the_thread_leaves_our_token_alone() {
        let polls = Cell::new(0);
        block_on(pend_once(&polls, |waker| {
            waker.wake_by_ref();
            thread::current().unpark();
            thread::park();
        }));
        assert_eq!(polls.get(), 2);
    }

    #[test]
    fn a_nested_call_has_a_waker_of_its_own() {
        let (outer, inner) = block_on(async {
            let outer = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
            (outer, waker_of_this_call())
        });
        assert!(!outer.will_wake(&inner));
    }

    #[test]
    fn a_nested_call_does_not_take_the_wake_up_of_the_outer() {
        let polls = Cell::new(0);
        block_on(pend_once(&polls, |outer| {
            outer.wake_by_ref();
            let polls = Cell::new(0);
            block_on(pend_once(&polls, Waker::wake_by_ref));
            assert_eq!(polls.get(), 2);
        }));
        assert_eq!(polls.get(), 2);
    }

    #[test]
    fn a_stale_waker_costs_the_next_call_one_poll_and_no_more() {
        let stale = waker_of_this_call();
        let polls = Cell::new(0);
        let (send, receive) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || receive.recv().unwrap().wake());
        let is_woken = Cell::new(false);
        block_on(poll_fn(|context| {
            polls.set(polls.get() + 1);
            match polls.get() {
                1 => {
                    assert!(context.waker().will_wake(&stale), "the pair is used again");
                    stale.wake_by_ref();
                    Poll::Pending
                }
                2 => {
                    send.send(context.waker().clone()).unwrap();
                    Poll::Pending
                }
                _ => {
                    is_woken.set(true);
                    Poll::Ready(())
                }
            }
        }));
        assert!(is_woken.get());
        assert_eq!(polls.get(), 3);
        other.join().unwrap();
    }

    #[test]
    fn a_panic_leaves_the_thread_able_to_block_again() {
        let before = waker_of_this_call();
        let panicked = catch_unwind(AssertUnwindSafe(|| block_on(async { panic!("on purpose") })));
        assert!(panicked.is_err());
        assert!(waker_of_this_call().will_wake(&before), "the pair came back");
    }

    #[test]
    fn a_thread_local_may_block_while_it_is_destroyed() {
        struct BlocksInDrop(mpsc::Sender<u32>);
        impl Drop for BlocksInDrop {
            fn drop(&mut self) {
                let polls = Cell::new(0);
                block_on(pend_once(&polls, Waker::wake_by_ref));
                self.0.send(polls.get()).unwrap();
            }
        }
        thread_local! {
            static EARLY: Cell<Option<BlocksInDrop>> = const { Cell::new(None) };
            static LATE: Cell<Option<BlocksInDrop>> = const { Cell::new(None) };
        }
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            // One on either side of `SPARE`, so that one of them is destroyed after it.
            EARLY.set(Some(BlocksInDrop(send.clone())));
            block_on(ready(()));
            LATE.set(Some(BlocksInDrop(send)));
        })
        .join()
        .unwrap();
        assert_eq!(receive.iter().collect::<Vec<_>>(), [2, 2]);
    }
}
