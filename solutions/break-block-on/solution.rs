//! Five futures, each with its wake where one `block_on` forgets it.
//!
//! A future can tell a right `block_on` from a wrong one only by what it does inside its polls, and by when it wakes. So
//! each of these answers one question: *between the wake and the sleep, who can lose what was written down?* The late
//! clearing loses it by itself, so a wake in the poll will do. The token is lost to whoever parks first, so somebody has
//! to park. The shared note is lost to an inner call, and only to one that sleeps: an inner future that is ready at
//! once never looks at the note, which is why such a test passes on the wrong one.
//!
//! None of the five is strange. A channel parks; a synchronous library calls `block_on` inside; a future yields twice.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

/// What a future may use.
#[derive(Clone, Copy)]
pub struct World {
    /// The `block_on` that runs the future: it may be called in a poll, for another future.
    pub block_on: fn(Adversary),
    /// Stands for [`std::thread::park`], with the same token.
    pub park: fn(),
}

/// A future that tells a wrong `block_on` from a right one.
pub type Adversary = Pin<Box<dyn Future<Output = ()>>>;

/// Does `each` in so many polls, all pending, and is ready in the next one.
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

/// For one that clears its note of a wake after each poll: the wake is in the poll.
pub fn for_one_that_clears_its_note_late(_: World) -> Adversary {
    pending(1, |cx| cx.waker().wake_by_ref())
}

/// For one that has no note: somebody else takes the token.
pub fn for_one_that_trusts_the_token(world: World) -> Adversary {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        (world.park)();
    })
}

/// For one whose note is in a thread-local variable: an inner call takes it.
pub fn for_one_that_shares_its_note(world: World) -> Adversary {
    pending(1, move |cx| {
        cx.waker().wake_by_ref();
        (world.block_on)(pending(1, |cx| cx.waker().wake_by_ref()));
    })
}

/// For one whose waker works once: it is needed a second time.
pub fn for_one_whose_waker_works_once(_: World) -> Adversary {
    pending(2, |cx| cx.waker().wake_by_ref())
}

/// For one whose waker does nothing in `wake_by_ref`: that is all that is called.
pub fn for_one_that_is_deaf_to_references(_: World) -> Adversary {
    pending(1, |cx| cx.waker().wake_by_ref())
}
