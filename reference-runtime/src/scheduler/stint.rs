//! The stretch of work that the calling thread is in: one poll. For whoever makes many calls in place in one.

use super::worker::with_current;

/// The poll that the calling thread is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stint {
    /// Another number for each poll of the worker. On a thread that is no worker, always zero.
    pub(crate) number: usize,
    /// Somebody would gain if this poll came back: the worker's processor is gone, or the reactor is unattended.
    pub(crate) is_wanted_back: bool,
}

/// Looks which poll the calling thread is in. It costs a few loads.
pub(crate) fn current() -> Stint {
    with_current(|context| {
        let held = context.held.get();
        Stint {
            number: context.worker.progress.tick(),
            // Nothing is held inside of `block_in_place`, nor on a thread of a lane.
            is_wanted_back: held.processor().is_some() && context.worker.permit.see() != held,
        }
    })
    .unwrap_or(Stint { number: 0, is_wanted_back: false })
}
