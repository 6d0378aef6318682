//! Waits for readiness and for timers, and wakes who waited.
//!
//! * A [`Source`] is a socket the operating system watches for us, with the wakers of those who wait for it.
//! * The *attendant* is the one thread that may wait for events. [`Reactor::try_attend`] makes a thread the
//!   attendant, [`Attendant::wait`] ends that again. Who the attendant is, and when, is the scheduler's
//!   business.
//! * A [`Timer`] is an entry among [`Timers`]; the attendant waits no longer than until the
//!   earliest.
//!
//! Invariants: wakers are cloned, woken and dropped with no lock of ours held, the attendance included,
//! because they are user code: the drop of a waker may drop a task, whose sockets and timers come back here.
//! A source is deleted from the poller before its descriptor is closed.
//!
//! Sources are registered once, for both directions and in edge mode: the poller reports a change, and
//! whoever waits tries again. Re-arming with every wait (the oneshot mode) costs a system call each time and
//! shows in the latencies, so it serves only where the platform has no edges; see [`source`].
//!
//! Not here: which tasks run (the scheduler), sockets ([`crate::net`]), clocks and intervals
//! ([`crate::time`]).

use std::{
    cell::RefCell,
    fmt, io,
    time::{Duration, Instant},
};

use polling::PollMode;
use slab::Slab;

use crate::primitive::{Arc, AtomicBool, Locked, Mutex, Ordering, lock, try_lock};

mod selector;
mod side;
pub(crate) mod source;
pub(crate) mod timers;
mod woken;

pub(crate) use source::{Direction, Registered};
pub(crate) use timers::Timer;
pub(crate) use woken::Woken;

use selector::{Reports, Selector, Until};
use source::Source;
use timers::Timers;

/// Waits for readiness and for timers.
pub(crate) struct Reactor {
    // Immutable:
    selector: Selector,
    mode: PollMode,

    /// Held by the attendant, who fills the buffer.
    attendance: Mutex<Reports>,
    /// Written by the attendant only: it holds `attendance`, or is about to give it back.
    is_attended: AtomicBool,

    registry: Mutex<Registry>,
    timers: Mutex<Timers>,
}

/// All sources, by the key under which the poller knows them.
#[derive(Default)]
struct Registry {
    sources: Slab<Arc<Source>>,
    is_closed: bool,
    /// Set before `is_closed`, or never.
    refuses: bool,
}

impl Reactor {
    /// Opens a reactor. Nobody attends it yet.
    pub(crate) fn new() -> io::Result<Arc<Reactor>> {
        let selector = Selector::new()?;
        let mode = if selector.poller().supports_edge() { PollMode::Edge } else { PollMode::Oneshot };
        Ok(Reactor::with(selector, mode))
    }

    /// Opens a reactor that does without edges, as on the platforms that have none.
    #[cfg(test)]
    pub(crate) fn new_oneshot() -> io::Result<Arc<Reactor>> {
        Ok(Reactor::with(Selector::new()?, PollMode::Oneshot))
    }

    fn with(selector: Selector, mode: PollMode) -> Arc<Reactor> {
        Arc::new(Reactor {
            selector,
            mode,
            attendance: Mutex::new(Reports::new()),
            is_attended: AtomicBool::new(false),
            registry: Mutex::new(Registry::default()),
            timers: Mutex::new(Timers::default()),
        })
    }

    /// Makes this the reactor of the current thread until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Entered {
        // In the destructor of a thread-local ours may be gone: then the default runtime serves.
        let previous = CURRENT.try_with(|current| current.replace(Some(self.clone()))).ok().flatten();
        Entered { previous, stays_on_its_thread: std::marker::PhantomData }
    }

    /// The reactor of the current thread; `None` outside of [`Reactor::enter`] and while the thread ends.
    pub(crate) fn current() -> Option<Arc<Reactor>> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Becomes the attendant, unless another thread is.
    pub(crate) fn try_attend(&self) -> Option<Attendant<'_>> {
        let reports = try_lock(&self.attendance)?;
        // SeqCst: the attendant sets this, then looks for work, then waits; who adds work looks at this
        // afterwards, in `is_attended`. Without one order of the four, each could miss the other, and the
        // work would wait for an event.
        self.is_attended.store(true, Ordering::SeqCst);
        Some(Attendant { reactor: self, reports })
    }

    /// Whether some thread waits or is about to. Who adds work first and asks then may spare the
    /// [`Reactor::notify`] on `false`, provided that an attendant looks for work after
    /// [`Reactor::try_attend`].
    pub(crate) fn is_attended(&self) -> bool {
        // SeqCst: see `try_attend`.
        self.is_attended.load(Ordering::SeqCst)
    }

    /// Ends the wait of the attendant; without one, the next wait ends at once.
    pub(crate) fn notify(&self) {
        self.selector.notify();
    }

    /// Whether a wait would return at once because of the poller; consumes nothing. `None` where the poller
    /// cannot be asked. Beside events, a notification counts, and so does the passed time-out of an earlier
    /// wait.
    pub(crate) fn events_waiting(&self) -> Option<bool> {
        self.selector.has_reports()
    }

    /// When the earliest timer is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        lock(&self.timers).next_deadline()
    }

    /// Whether [`Reactor::close`] was called, so that what comes now is for another reactor.
    pub(crate) fn is_closed(&self) -> bool {
        let registry = lock(&self.registry);
        registry.is_closed && !registry.refuses
    }

    /// Closes a reactor that stands for there being none: what comes to it fails, and does not look for another.
    #[cfg(feature = "stages")]
    pub(crate) fn refuse(&self) {
        lock(&self.registry).refuses = true;
        self.close();
    }

    /// Refuses sources and timers from now on, and wakes all who wait.
    ///
    /// Woken, not merely dropped, because a task of another runtime may wait here, and nobody else would ever
    /// tell it: an operation on a socket then fails instead of waiting, and a sleep moves to another reactor.
    /// No waker stays behind, so none can keep alive a task that keeps us alive.
    pub(crate) fn close(&self) {
        let sources: Vec<Arc<Source>> = {
            let mut registry = lock(&self.registry);
            registry.is_closed = true;
            registry.sources.iter().map(|(_, source)| source.clone()).collect()
        };
        let mut woken = Woken::default();
        for source in &sources {
            source.close(&mut woken);
        }
        lock(&self.timers).close(&mut woken);
        self.notify();
        woken.wake();
    }

    /// Collects the wakers of all who wait for what `reports` say.
    fn take_ready(&self, reports: &Reports, woken: &mut Woken) {
        let mut reports = reports.iter().peekable();
        if reports.peek().is_none() {
            return;
        }
        let registry = lock(&self.registry);
        for report in reports {
            // A source that was deleted since may have left its key to another, which then is told of a
            // change that did not happen. It tries, would block, and waits again: the only harm is one system
            // call, so keys carry no generation.
            if let Some(source) = registry.sources.get(report.key) {
                source.report(report, self.mode, woken);
            }
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// The right to wait for events; at most one exists for each reactor.
#[must_use]
pub(crate) struct Attendant<'a> {
    reactor: &'a Reactor,
    reports: Locked<'a, Reports>,
}

impl Attendant<'_> {
    // ANCHOR: attend
    /// Waits for readiness, a timer, a notification, or at most for `timeout`, and gives the wakers of those who waited
    /// for it. `None` is without limit; zero only looks. Even if the poller fails, timers that are due are found.
    ///
    /// Consumes the attendant: wakers are user code and may block, so they run after another thread can attend, and
    /// when the caller says so.
    pub(crate) fn wait(mut self, timeout: Option<Duration>) -> (Woken, io::Result<()>) {
        let reactor = self.reactor;
        let until = match timeout {
            Some(Duration::ZERO) => Until::Now,
            _ => lock(&reactor.timers).watch(timeout),
        };
        let waited = reactor.selector.wait(&mut self.reports, until);

        let mut woken = Woken::default();
        lock(&reactor.timers).take_due(&mut woken);
        reactor.take_ready(&self.reports, &mut woken);
        drop(self);

        let waited = match waited {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        };
        (woken, waited)
    }
    // ANCHOR_END: attend
}

impl Drop for Attendant<'_> {
    fn drop(&mut self) {
        // SeqCst: see `try_attend`. Before the lock is given back, so that the next attendant's store comes
        // later.
        self.reactor.is_attended.store(false, Ordering::SeqCst);
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Reactor>>> = const { RefCell::new(None) };
}

/// Restores the previous reactor of this thread when dropped.
#[must_use]
pub(crate) struct Entered {
    previous: Option<Arc<Reactor>>,
    stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // An error means that the thread ends and has no current reactor any more. What was current is
        // dropped after the cell is free again: it may be the last reference.
        let entered = CURRENT.try_with(|current| current.replace(self.previous.take()));
        drop(entered);
    }
}

#[cfg(test)]
mod tests;
