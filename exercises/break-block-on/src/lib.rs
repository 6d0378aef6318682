//! Chapter 1, exercise `break-block-on`: which future shows that a `block_on` is wrong?
//!
//! Below are five wrong ones, and you write a future for each: the wrong one hangs on it, and a right one finishes it.
//! So the future has to be fair: before it says `Pending`, it has called its waker.
//!
//! There is one thread, and nobody else in the world. A `block_on` that goes to sleep would sleep for ever, so here it
//! gives up in place of sleeping, and the case says that it hung. The broken ones are in `cases.rs`, to be read.
//!
//! Grade it with `cargo test -p break-block-on`.

use std::{future::Future, pin::Pin};

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

/// For one that clears its note of a wake after each poll, and then sleeps until the note is set.
pub fn for_one_that_clears_its_note_late(world: World) -> Adversary {
    let _ = world;
    todo!("a future on which it hangs")
}

/// For one that has no note. Its waker unparks the thread, and after each poll it parks once.
pub fn for_one_that_trusts_the_token(world: World) -> Adversary {
    let _ = world;
    todo!("a future on which it hangs")
}

/// For one whose note is in a thread-local variable, so that all calls of `block_on` on a thread share it.
pub fn for_one_that_shares_its_note(world: World) -> Adversary {
    let _ = world;
    todo!("a future on which it hangs")
}

/// For one that makes one waker for all polls, which sets the note the first time that it is called and never again.
pub fn for_one_whose_waker_works_once(world: World) -> Adversary {
    let _ = world;
    todo!("a future on which it hangs")
}

/// For one whose waker does something in `wake`, and nothing in `wake_by_ref`.
pub fn for_one_that_is_deaf_to_references(world: World) -> Adversary {
    let _ = world;
    todo!("a future on which it hangs")
}
