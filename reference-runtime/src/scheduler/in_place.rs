//! `block_in_place`: a worker says that it blocks, and goes on where it stands.

use super::handoff::Seen;
use super::worker::{Context, with_current};
use crate::trace;

// ANCHOR: block_in_place
/// Runs a closure that may block. If a worker runs it, that worker's processor may be taken meanwhile.
pub(crate) fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    let mut closure = Some(closure);
    let mut run = || closure.take().expect("it runs here or below")();
    // One look at the thread's locals for both ends: a short closure should cost no more than a few stores.
    with_current(|context| {
        let _traced = trace::in_place();
        let _in_place = InPlace::enter(context);
        run()
    })
    .unwrap_or_else(run)
}
// ANCHOR_END: block_in_place

// ANCHOR: in_place
/// A worker is inside [`block_in_place`].
struct InPlace<'a> {
    context: &'a Context,
    held: Seen,
}

impl<'a> InPlace<'a> {
    /// `None`: this thread holds no processor, or is in place already.
    fn enter(context: &'a Context) -> Option<Self> {
        let held = context.held.replace(Seen::NONE);
        held.processor()?;
        // Before the processor can go: whoever takes it looks at this.
        context.worker.progress.change_place();
        let scheduler = &context.scheduler;
        // The monitor comes later, and only if the closure takes long. Without one it is now or never.
        if !scheduler.monitor.is_on() {
            let seen = context.worker.permit.see();
            if seen.processor().is_some() && context.worker.permit.revoke(seen) {
                scheduler.hand_off(&context.worker, seen);
            }
        }
        Some(Self { context, held })
    }
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        self.context.worker.progress.change_place();
        // If the processor is gone, the worker finds out after its poll.
        self.context.held.set(self.held);
    }
}
// ANCHOR_END: in_place
