//! Chapter 8, exercise `rendezvous`: two closures in one join wait for each other. Do they meet?
//!
//! A [`Way`](rendezvous) turns a closure that blocks into a future, as `spawn_blocking` does or `block_in_place`.
//! Write [`rendezvous`], which finds out by the meeting itself which kind of way it was given, with no sleep and no
//! time-out.
//!
//! A way runs its closures either each on a thread that is not in the middle of polling this join (sooner or later;
//! any thread may be used, also one that has polled it before), or inside a poll, on the thread that polls. It treats
//! both closures alike.
//!
//! Grade it with `cargo test -p rendezvous`.

use std::{future::Future, pin::Pin};

/// A closure that may block.
pub type Call = Box<dyn FnOnce() + Send>;

/// A call in the hands of a way: polled for the first time it sees to it that the closure runs, and it is ready when
/// the closure has returned.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What became of two closures that were to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// For a moment both had begun and neither had ended.
    Together,
    /// The second began after the first had ended.
    InTurns,
}

/// Gives two closures to `way`, awaits both in one join, and says how they met.
///
/// Each poll of the join polls both branches, as long as they are not ready. The closures must be
/// [together](Seen::Together) wherever that is possible: one that comes first sleeps until the other is there. Where it
/// is not possible, the first must not wait for it.
pub fn rendezvous(way: impl FnMut(Call) -> Running + Send) -> impl Future<Output = Seen> + Send {
    let _ = way;
    async { todo!("a place to meet, two closures that meet there, and a join of two branches") }
}
