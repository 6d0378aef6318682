//! Wakes and takes nothing: for a wake in the poll the token is as good as a note.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

pub const FAILS: &[&str] = &["one_that_trusts_the_token_hangs"];

#[derive(Clone, Copy)]
pub struct World {
    pub block_on: fn(Adversary),
    pub park: fn(),
}

pub type Adversary = Pin<Box<dyn Future<Output = ()>>>;

fn pending(polls: usize, each: impl Fn(&mut Context<'_>) + 'static) -> Adversary {
    let mut left = polls;
    Box::pin(poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        each(cx);
        Poll::Pending
    }))
}

pub fn for_one_that_clears_its_note_late(_: World) -> Adversary {
    pending(1, |cx| cx.waker().wake_by_ref())
}

pub fn for_one_that_trusts_the_token(world: World) -> Adversary {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        let _ = world.park;
    })
}

pub fn for_one_that_shares_its_note(world: World) -> Adversary {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        (world.block_on)(pending(1, |cx| cx.waker().wake_by_ref()));
    })
}

pub fn for_one_whose_waker_works_once(_: World) -> Adversary {
    pending(2, |cx| cx.waker().wake_by_ref())
}

pub fn for_one_that_is_deaf_to_references(_: World) -> Adversary {
    pending(1, |cx| cx.waker().wake_by_ref())
}
