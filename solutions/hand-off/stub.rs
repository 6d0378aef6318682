//! Chapter 8, exercise `hand-off`: who holds a processor while its worker blocks?
//!
//! Write [`Permit`], the word in which a worker and those who want its processor settle that. Any of its functions may
//! be called at any time from any thread, so each change of the word is one atomic operation that says what it expects
//! to find.
//!
//! Grade it with `cargo test -p hand-off`.

use std::sync::atomic::AtomicU32;

/// The right to poll tasks, as one worker has it: a processor, or none.
#[derive(Debug)]
pub struct Permit {
    /// Yours to lay out. Processors are small numbers.
    #[allow(dead_code)]
    word: AtomicU32,
}

impl Permit {
    /// The permit of a worker that holds no processor.
    pub fn none() -> Permit {
        todo!("a word that says so")
    }

    /// Gives a processor to this worker. False: it holds one already, and keeps that.
    #[must_use]
    pub fn grant(&self, processor: u32) -> bool {
        todo!("grant {processor}")
    }

    /// Takes the processor from this worker, if the worker is in place.
    #[must_use]
    pub fn take(&self) -> Option<u32> {
        todo!("take it from a worker that is in place, and from no other")
    }

    /// The processor that this worker holds, in place or not.
    pub fn held(&self) -> Option<u32> {
        todo!("read the word")
    }

    /// Runs a closure that may block, on this worker's own thread. Until it has ended, the worker is *in place*: its
    /// processor may be taken.
    ///
    /// Afterwards the worker holds what it held, unless that was taken; then it holds what it was granted since, if
    /// anything. The same is true if the closure panics. A call inside the closure changes nothing.
    pub fn block_in_place<R>(&self, closure: impl FnOnce() -> R) -> R {
        let _ = closure;
        todo!("enter, run it, leave")
    }
}
