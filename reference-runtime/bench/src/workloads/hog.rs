//! Tasks that hold their thread for 20 ms per poll, asleep or computing.
//!
//! A computing hog does a fixed amount of work, not a fixed time: else two hogs that share a core would each claim to
//! have done their 20 ms. How much work that is was found out once, by the process that starts the others, so that all
//! runtimes of a row do the same.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::runtimes::Runtime;

/// How long a hog holds its thread.
pub(crate) const TURN: Duration = Duration::from_millis(20);

/// What a hog does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Sleeps,
    Computes,
}

/// What hogs and their workload share. In a static of the process, or leaked.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Turns, or polls, done until now. Relaxed: it is a count, read when the time is up.
    pub(super) turns: AtomicU64,
    /// Relaxed: whoever sees it late does a turn more.
    pub(super) is_over: AtomicBool,
}

impl Board {
    pub(super) fn new() -> &'static Board {
        Box::leak(Box::default())
    }

    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// Does `steps` steps that a compiler can neither leave out nor shorten.
pub(super) fn compute(steps: u64) {
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

/// How many steps of [`compute`] a thread that has a core for itself does in a [`TURN`].
pub(crate) fn steps_per_turn() -> u64 {
    const STEPS: u64 = 5_000_000;
    let fastest = (0..5).map(|_| {
        let began = Instant::now();
        compute(STEPS);
        began.elapsed()
    });
    // The fastest is the one that was disturbed least.
    let fastest = fastest.min().unwrap_or(TURN).max(Duration::from_micros(1));
    (STEPS as f64 * TURN.as_secs_f64() / fastest.as_secs_f64()) as u64
}

/// Spawns a task that hogs its thread, yields, and so on until the board says that it is over.
pub(super) fn spawn<R: Runtime>(runtime: &R, board: &'static Board, kind: Kind, steps: u64) {
    match kind {
        // A type of future each, as two such functions of a program would be.
        Kind::Sleeps => runtime.detach_from_outside(async move {
            while !board.is_over.load(Ordering::Relaxed) {
                thread::sleep(TURN);
                board.turns.fetch_add(1, Ordering::Relaxed);
                R::yield_now().await;
            }
        }),
        Kind::Computes => runtime.detach_from_outside(async move {
            while !board.is_over.load(Ordering::Relaxed) {
                compute(steps);
                board.turns.fetch_add(1, Ordering::Relaxed);
                R::yield_now().await;
            }
        }),
    }
}
