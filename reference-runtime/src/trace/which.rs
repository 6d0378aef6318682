//! Who a worker and a runtime are in a trace, and how many tasks were last said to wait with them.
//!
//! Of the length of a queue only changes are events. The worker itself and the monitor both look at it, so what was said
//! last is kept where both see it.

use super::event::Queue;
use super::hook::{holds, is_recording, record_now, this_thread, works_for};
use super::session::current;
use super::word::{Kind, NO_PROCESSOR, NO_THREAD, mask};
use crate::primitive::{AtomicU32, AtomicU64, Ordering};

/// A runtime, in a trace.
pub(crate) struct WhichRuntime {
    number: u32,
    injector: Length,
    lanes: Length,
}

/// The thread of a worker, in a trace.
pub(crate) struct WhichThread {
    /// 0 before the thread runs. Relaxed: whoever reads too early does not know it yet.
    number: AtomicU32,
    /// Its processor. Relaxed, too: of a worker that has just lost it, a length may be told in vain.
    processor: AtomicU64,
    queue: Length,
}

/// A length, and the recording that it was said in. Relaxed: of two who say different lengths at once, one wins, and is
/// corrected at the next look.
struct Length(AtomicU64);

impl WhichRuntime {
    pub(crate) fn new() -> WhichRuntime {
        static RUNTIMES: AtomicU32 = AtomicU32::new(1);
        // Relaxed: to be unique takes no order.
        let number = RUNTIMES.fetch_add(1, Ordering::Relaxed);
        WhichRuntime { number, injector: Length::new(), lanes: Length::new() }
    }

    /// The calling thread works for it from now on.
    pub(crate) fn enter(&self) {
        works_for(self.number);
    }

    /// So many tasks wait in the injector, and in the lanes.
    #[inline]
    pub(crate) fn queued(&self, lengths: impl FnOnce() -> [usize; 2]) {
        if is_recording() {
            let [injector, lanes] = lengths();
            self.injector.is(Queue::Injector, injector);
            self.lanes.is(Queue::Lanes, lanes);
        }
    }
}

impl WhichThread {
    pub(crate) fn new() -> WhichThread {
        WhichThread {
            number: AtomicU32::new(0),
            processor: AtomicU64::new(NO_PROCESSOR),
            queue: Length::new(),
        }
    }

    /// It is the calling one, which works for `runtime`.
    pub(crate) fn is_this(&self, runtime: &WhichRuntime) {
        self.number.store(this_thread(), Ordering::Relaxed);
        runtime.enter();
    }

    /// It begins to work with this processor.
    pub(crate) fn takes(&self, processor: usize) {
        let processor = mask(processor as u64, 16);
        self.holds(processor);
        if is_recording() {
            record_now(Kind::Takes, processor);
        }
    }

    /// It works without a processor from now on.
    pub(crate) fn gives_up(&self) {
        self.holds(NO_PROCESSOR);
    }

    /// It comes back from a poll, and its processor is gone.
    pub(crate) fn returned(&self) {
        let lost = self.holds(NO_PROCESSOR);
        if is_recording() {
            record_now(Kind::Returned, lost);
        }
    }

    fn holds(&self, processor: u64) -> u64 {
        self.processor.store(processor, Ordering::Relaxed);
        holds(processor)
    }

    pub(super) fn number(&self) -> u64 {
        match self.number.load(Ordering::Relaxed) {
            0 => NO_THREAD,
            number => u64::from(number),
        }
    }

    /// So many tasks wait with it.
    #[inline]
    pub(crate) fn queued(&self, length: impl FnOnce() -> usize) {
        if is_recording() {
            let processor = self.processor.load(Ordering::Relaxed);
            if processor != NO_PROCESSOR {
                self.queue.is(Queue::Worker(processor as u32), length());
            }
        }
    }
}

impl Length {
    fn new() -> Length {
        Length(AtomicU64::new(0))
    }

    #[cold]
    fn is(&self, queue: Queue, length: usize) {
        let length = mask(length as u64, 32);
        let said = u64::from(current()) << 32 | length;
        let before = self.0.swap(said, Ordering::Relaxed);
        // At the begin of a recording a queue counts as empty.
        if before != said && (before >> 32 == said >> 32 || length != 0) {
            record_now(Kind::Queued, queue.number() | length << 32);
        }
    }
}
