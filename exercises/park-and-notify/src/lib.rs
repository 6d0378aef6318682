//! Chapter 4, exercise `park-and-notify`: workers that sleep, and a push that never meets them on the wrong foot.
//!
//! Write [`Idle`]. One lock around what you keep is enough, and it takes no atomic. How a thread sleeps is a parameter,
//! [`Park`], so that the cases can do something at the very moment at which a worker is about to sleep. Where tasks are
//! queued is a parameter, too: whoever calls [`Idle::next`] says how to look for one.
//!
//! Grade it with `cargo test -p park-and-notify`.

use std::{marker::PhantomData, sync::Arc};

/// How one thread sleeps, and is woken.
pub trait Park {
    /// Sleeps until somebody calls [`Park::unpark`]. If that has happened since the last park, it returns at once. It
    /// may also return for no reason.
    fn park(&self);

    /// Ends a park of this thread, or the next one.
    fn unpark(&self);
}

/// Workers with nothing to do. It promises that
///
/// - a worker that finds nothing sleeps, and does not ask again and again,
/// - a task that is queued, and notified of, does not wait while a worker sleeps, whatever the worker was doing at
///   that moment,
/// - each notification wakes one sleeping worker and no more, and two of them wake two workers,
/// - at the close every worker is sent home, once nothing is queued any more, and
/// - neither the search nor a `park` happens under its lock: others push meanwhile.
pub struct Idle<P>(PhantomData<P>);

impl<P: Park> Idle<P> {
    /// For so many workers, none of which sleeps yet.
    pub fn new(workers: usize) -> Idle<P> {
        let _ = workers;
        todo!("nobody sleeps, and nobody has been sent home")
    }

    /// A task for the worker that sleeps by `me`, which may sleep first. `find` looks for one in all queues.
    ///
    /// Nothing, if the scheduler closes and nothing is queued: then the worker goes home, and does not call this again.
    pub fn next<T>(&self, me: &Arc<P>, find: impl FnMut() -> Option<T>) -> Option<T> {
        let _ = (me, find);
        todo!("look, say that you sleep, look again, and sleep")
    }

    /// To be called after a task was queued: wakes a worker for it, if one sleeps.
    pub fn notify(&self) {
        todo!("take one sleeping worker, and unpark it")
    }

    /// Sends the workers home, and waits by `me` until the last of them has been told. No task is queued any more.
    pub fn close(&self, me: &Arc<P>) {
        let _ = me;
        todo!("unpark everybody, and park until all have gone")
    }
}
