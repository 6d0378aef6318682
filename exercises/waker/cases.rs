//! What a waker made by hand promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.

use super::answer::{Note, advance, waker};
use exercises::Case;
use std::{
    future::poll_fn,
    mem::{ManuallyDrop, forget},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

pub const CASES: &[Case] = &[
    Case {
        name: "a_note_holds_a_wake_until_it_is_taken",
        promise: "a note begins with a wake, and holds one from the first wake until it is taken",
        hang: "the note waits for something, perhaps for a lock that this thread has",
        supported: true,
        run: a_note_holds_a_wake_until_it_is_taken,
    },
    Case {
        name: "a_clone_writes_the_same_note",
        promise: "a clone wakes whom the waker wakes, on whatever thread it is called",
        hang: "the note waits for something, perhaps for a lock that this thread has",
        supported: true,
        run: a_clone_writes_the_same_note,
    },
    Case {
        name: "each_waker_owns_one_share",
        promise: "a waker owns one share of the note from when it is made until it is dropped",
        hang: "counting shares waits for nobody",
        supported: true,
        run: each_waker_owns_one_share,
    },
    Case {
        name: "wake_gives_its_share_back",
        promise: "`wake` uses the waker up, and nobody calls `drop_waker` for it afterwards",
        hang: "counting shares waits for nobody",
        supported: true,
        run: wake_gives_its_share_back,
    },
    Case {
        name: "a_waker_may_be_called_when_all_else_is_gone",
        promise: "a waker that was left over can be called, and then the note is gone as well",
        hang: "the waker waits for somebody who is gone",
        supported: true,
        run: a_waker_may_be_called_when_all_else_is_gone,
    },
    Case {
        name: "a_wake_during_a_poll_leads_to_another",
        promise: "a wake that comes while the future is being polled is answered by one more poll",
        hang: "the poll holds a lock that the waker wants",
        supported: true,
        run: a_wake_during_a_poll_leads_to_another,
    },
    Case {
        name: "a_future_is_polled_only_for_a_wake",
        promise: "there is one poll for the wakes since the last one, and none if there were none",
        hang: "`advance` waits where it should say Pending",
        supported: true,
        run: a_future_is_polled_only_for_a_wake,
    },
    Case {
        name: "a_wake_in_the_last_poll_leads_to_none",
        promise: "a future that said Ready is not polled again, though it was woken in that poll",
        hang: "`advance` waits where it should return",
        supported: true,
        run: a_wake_in_the_last_poll_leads_to_none,
    },
];

/// A note that is not for any thread is a data race as soon as its waker is sent to another one. The raw pointer hides it
/// from the compiler; this asks.
const fn is_for_any_thread<T: Send + Sync>() {}

/// A note with shares to spare, so that a wrong count frees nothing that is still used. Counts have cases of their own.
fn note() -> Arc<Note> {
    is_for_any_thread::<Note>();
    let note = Note::new();
    (0..64).for_each(|_| forget(Arc::clone(&note)));
    note
}

fn a_note_holds_a_wake_until_it_is_taken() {
    let note = note();
    assert!(note.take(), "a new note holds a wake, or nobody would poll for the first time");
    assert!(!note.take(), "the wake was taken, and is still there");
    let waker = waker(Arc::clone(&note));
    assert!(!note.take(), "nobody has called the waker yet");
    waker.wake_by_ref();
    waker.wake_by_ref();
    assert!(note.take(), "wake_by_ref was called, and the note says nothing");
    assert!(!note.take(), "two wakes are one note");
    waker.wake();
    assert!(note.take(), "wake was called, and the note says nothing");
}

fn a_clone_writes_the_same_note() {
    let note = note();
    let first = waker(Arc::clone(&note));
    let second = first.clone();
    note.take();
    thread::spawn(move || second.wake()).join().expect("the waker does not panic");
    assert!(note.take(), "a clone was called, and the note says nothing");
    let third = first.clone();
    drop(first);
    third.wake_by_ref();
    assert!(note.take(), "the waker that it was cloned from is gone, and with it the wake");
}

fn each_waker_owns_one_share() {
    let note = note();
    let shares = Arc::strong_count(&note);
    let count = |wakers, after: &str| {
        assert_eq!(
            Arc::strong_count(&note),
            shares + wakers,
            "shares of {wakers} wakers and others, after {after}"
        );
    };
    let first = waker(Arc::clone(&note));
    count(1, "the first was made");
    let second = first.clone();
    count(2, "it was cloned");
    first.wake_by_ref();
    count(2, "wake_by_ref, which leaves the waker as it is");
    drop(first);
    count(1, "one of two was dropped");
    drop(second);
    count(0, "the other was dropped");
}

fn wake_gives_its_share_back() {
    let note = note();
    let waker = waker(Arc::clone(&note));
    let before = Arc::strong_count(&note);
    waker.wake();
    assert_eq!(Arc::strong_count(&note) + 1, before, "shares, and the one of the waker that is used up");
}

fn a_waker_may_be_called_when_all_else_is_gone() {
    let note = Note::new();
    let shares = Arc::downgrade(&note);
    // If the count is wrong, the memory is gone already, and must not be touched when the panic drops the waker.
    let waker = ManuallyDrop::new(waker(note));
    assert_eq!(shares.strong_count(), 1, "a waker keeps its note");
    let wake = move || ManuallyDrop::into_inner(waker).wake();
    thread::spawn(wake).join().expect("the waker does not panic");
    assert_eq!(shares.strong_count(), 0, "the last waker was used up, and the note is still in memory");
}

fn a_wake_during_a_poll_leads_to_another() {
    let by_this_thread = |cx: &mut Context<'_>| cx.waker().wake_by_ref();
    let by_another_one = |cx: &mut Context<'_>| {
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().expect("the waker does not panic");
    };
    for wake in [by_this_thread as fn(&mut Context<'_>), by_another_one] {
        let mut polls = 0;
        let future = pin!(poll_fn(|cx| {
            polls += 1;
            if polls > 1 {
                return Poll::Ready("done");
            }
            wake(cx);
            Poll::Pending
        }));
        let polled = advance(future, &note());
        assert_eq!(
            polled,
            Poll::Ready("done"),
            "the future was woken in its first poll, and left alone after it"
        );
    }
}

fn a_future_is_polled_only_for_a_wake() {
    let (note, mut polls) = (note(), 0);
    let mut kept: Option<Waker> = None;
    let mut after = |wakes: usize| {
        (0..wakes).for_each(|_| kept.as_ref().expect("it was polled").wake_by_ref());
        let polled = advance(
            pin!(poll_fn(|cx| {
                polls += 1;
                assert!(polls < 10, "polled again and again, though nobody calls the waker");
                kept = Some(cx.waker().clone());
                Poll::<()>::Pending
            })),
            &note,
        );
        assert!(polled.is_pending(), "the future said Pending");
        polls
    };
    assert_eq!(after(0), 1, "polls of a new future");
    assert_eq!(after(0), 1, "polls when nobody has called the waker since");
    assert_eq!(after(1), 2, "polls after one wake");
    assert_eq!(after(3), 3, "polls after three more wakes, which one poll answers");
}

fn a_wake_in_the_last_poll_leads_to_none() {
    let (note, mut polls) = (note(), 0);
    let future = pin!(poll_fn(|cx| {
        polls += 1;
        assert_eq!(polls, 1, "a future that was ready was polled again");
        cx.waker().wake_by_ref();
        Poll::Ready(7)
    }));
    assert_eq!(advance(future, &note), Poll::Ready(7), "the future was ready at once");
}
