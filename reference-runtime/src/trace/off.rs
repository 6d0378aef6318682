//! What stands in the place of the module `trace` when its feature is off, and under loom: hooks that do nothing, which
//! the compiler leaves out.

use std::panic::Location;
use std::time::Duration;

// The one protocol of the module, for loom to explore.
#[cfg(reference_runtime_loom)]
#[path = "ring.rs"]
mod ring;

/// See `event.rs`.
#[derive(Clone, Copy)]
pub(crate) enum PollResult {
    Pending,
    Ready,
    Panicked,
    Cancelled,
}

/// See `event.rs`.
#[derive(Clone, Copy)]
pub(crate) enum ParkPlace {
    Reactor,
    Parker,
    Spare,
}

pub(crate) struct WhichRuntime;

impl WhichRuntime {
    pub(crate) fn new() -> WhichRuntime {
        WhichRuntime
    }

    pub(crate) fn enter(&self) {}

    #[inline]
    pub(crate) fn queued(&self, _: impl FnOnce() -> [usize; 2]) {}
}

pub(crate) struct WhichThread;

impl WhichThread {
    pub(crate) fn new() -> WhichThread {
        WhichThread
    }

    pub(crate) fn is_this(&self, _: &WhichRuntime) {}

    #[inline]
    pub(crate) fn queued(&self, _: impl FnOnce() -> usize) {}

    pub(crate) fn takes(&self, _: usize) {}

    pub(crate) fn gives_up(&self) {}

    pub(crate) fn returned(&self) {}
}

#[must_use]
pub(crate) struct Asleep;

#[must_use]
pub(crate) struct InPlace;

#[inline]
pub(crate) fn spawned(_: u64, _: &'static Location<'static>) {}

#[inline]
pub(crate) fn named(_: u64, _: &str) {}

#[inline]
pub(crate) fn woken(_: impl FnOnce() -> u64) {}

#[inline]
pub(crate) fn poll_begins(_: impl FnOnce() -> u64, _: &'static Location<'static>, _: bool) -> Polled {
    Polled
}

#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct Polled;

impl Polled {
    #[inline]
    pub(crate) fn ends(self, _: PollResult) {}

    #[inline]
    pub(crate) fn was_woken(self) {}
}

#[inline]
pub(crate) fn cancelled(_: impl FnOnce() -> u64) {}

#[inline]
pub(crate) fn stole(_: &WhichThread, _: impl FnOnce() -> usize) {}

#[inline]
pub(crate) fn took(_: impl FnOnce() -> usize) {}

#[inline]
pub(crate) fn park(_: ParkPlace) -> Asleep {
    Asleep
}

#[inline]
pub(crate) fn asleep<R>(_: ParkPlace, sleep: impl FnOnce() -> R) -> R {
    sleep()
}

#[inline]
pub(crate) fn in_place() -> InPlace {
    InPlace
}

#[inline]
pub(crate) fn blocked(_: &WhichThread, _: u8, _: Duration) {}

#[inline]
pub(crate) fn handed_off(_: usize, _: &WhichThread) {}

#[inline]
pub(crate) fn names_are_in(_: fn(u64) -> Option<std::sync::Arc<str>>) {}

#[inline]
pub(crate) fn runtime_starts() {}

#[inline]
pub(crate) fn runtime_ends() {}
