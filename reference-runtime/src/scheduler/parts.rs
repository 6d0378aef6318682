//! The parts of the scheduler that a measurement may leave out, one at a time: the ablation of chapter 12 of the book.
//!
//! Only the feature `ablation` can leave one out. Without it every answer is a constant, and what asks compiles to
//! nothing. Learning, the monitor and its questions to the kernel are not in the list: they are options anyway.

use std::io;

use super::{Scheduler, abort_on_panic};
use crate::primitive::{Arc, thread};

// ANCHOR: part
/// A part that can be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(feature = "ablation"), expect(unreachable_pub, reason = "it has a path with the feature"))]
pub enum Part {
    /// The next-task slot. Without it, a task that is woken goes to the end of the queue.
    NextTask,
    /// The reactor in the workers. Without it, a thread of its own waits for events and timers, and nobody else does.
    Reactor,
    /// The hand-off by the monitor. Without it, the monitor looks and judges, and whoever blocks keeps the processor.
    /// Nor does it learn who blocks, since that is learned at a hand-off.
    HandOff,
}
// ANCHOR_END: part

/// Which parts there are: all, unless told otherwise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts {
    /// A bit for each [`Part`].
    missing: u8,
}

impl Parts {
    // ANCHOR: has
    #[inline]
    pub(crate) const fn has(self, part: Part) -> bool {
        !cfg!(feature = "ablation") || self.missing & Self::bit(part) == 0
    }
    // ANCHOR_END: has

    #[cfg(feature = "ablation")]
    pub(crate) fn leave_out(&mut self, part: Part) {
        self.missing |= Self::bit(part);
    }

    const fn bit(part: Part) -> u8 {
        1 << part as u8
    }
}

impl Scheduler {
    /// In place of the reactor in the workers: a thread that waits for events until the runtime closes, and hands what
    /// it wakes to the injector, as any thread does that is none of ours.
    pub(super) fn start_attendant_if_alone(self: &Arc<Self>) -> io::Result<()> {
        if self.config.parts.has(Part::Reactor) {
            return Ok(());
        }
        let scheduler = Arc::clone(self);
        let name = format!("{}-reactor", self.config.thread_name);
        thread::Builder::new().name(name).spawn(move || abort_on_panic(|| scheduler.attend()))?;
        Ok(())
    }

    fn attend(&self) {
        while !self.is_closing() {
            // Only a thread that closes the runtime attends beside this one.
            let Some(attendant) = self.reactor.try_attend() else { return };
            // An error is met again at the next wait; nobody else waits meanwhile.
            let (woken, _) = attendant.wait(None);
            woken.wake();
        }
    }
}
