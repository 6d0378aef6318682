//! A task's state: six flags and a reference count in one word, changed only by the named transitions of [`State`].
//!
//! | Flag | Means while it is set |
//! |---|---|
//! | [`ACTIVE`] | a `Runnable` exists, or the poll or the end that it has become: whoever has it owns the stage |
//! | [`WOKEN`] | there was a wake since the last poll began, so another poll is due |
//! | [`COMPLETED`] | the future is gone for good; [`WOKEN`] and [`ABORTED`] mean nothing any more |
//! | [`ABORTED`] | the next thread to run the task drops the future instead of polling it |
//! | [`HANDLE`] | the `JoinHandle` lives; after [`COMPLETED`] it owns the output |
//! | [`JOIN_WAKER`] | the joiner's waker is in its field and belongs to whoever clears the flag |
//!
//! The count covers the `Runnable` (or the poll it has become), each waker and each `TaskRef`. The `TaskRef` of the
//! executor's list is counted from the start: until the task is listed, whoever has the `Runnable` has that one as well,
//! so neither the first sleep nor the end needs an operation for it. The `JoinHandle` needs none: its flag keeps the task
//! just as well, and dropping it stays one operation. A task is freed by whoever leaves it with no reference and no
//! handle.
//!
//! A wake and the poll it causes cost two read-modify-writes, [`State::wake_by_ref`] and [`State::suspend`]; so do a
//! yield, which stays active all along, [`State::wake_by_ref`] and [`State::start`].

use crate::primitive::{AtomicUsize, Ordering};

const ACTIVE: usize = 1 << 0;
// Twice `ACTIVE`, so that one addition turns the one into the other; see `State::complete_detached`.
const COMPLETED: usize = ACTIVE << 1;
const WOKEN: usize = 1 << 2;
const ABORTED: usize = 1 << 3;
const HANDLE: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
/// The count lives in all the bits from here on.
const REFERENCE: usize = 1 << 6;

/// The one atomic of a task.
pub(super) struct State(AtomicUsize);

/// What a wake has to do.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Wakeup {
    /// Hand the task to its scheduler: this wake made its `Runnable`.
    Schedule,
    /// Nothing: somebody else polls the task after this, or nobody ever does.
    Nothing,
    /// The waker was the last that referred to the completed task.
    Free,
}

/// What the thread that begins to run a task does.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Start {
    /// Poll the future.
    Poll,
    /// Drop the future.
    Cancel,
}

/// What follows a poll that returned `Pending`.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Suspend {
    /// The task sleeps, and the poll's reference is given up.
    Idle(Remains),
    /// It was woken meanwhile, and the poll's reference is the next `Runnable`'s.
    Again,
    /// It was aborted meanwhile: still running, drop the future.
    Cancel,
}

/// What follows the end of the future.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Complete {
    /// The output is the handle's now, and our references are given up.
    Done(Remains),
    /// The output is the handle's now, the joiner's waker is ours, and so are the references still.
    WakeJoiner,
    /// Nobody will ever ask for the output: still running, drop it and then call [`State::complete_detached`].
    OutputUnwanted,
}

/// What is left of a task when a reference or the handle has been given up.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Remains {
    /// Others refer to the task: do not touch it again.
    Others,
    /// Nobody does, and the future is gone: free the task.
    Nobody,
    /// Nobody does, so nobody can ever wake it: drop the future, then free the task.
    Future,
}

/// What the `JoinHandle` finds when it looks.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Join {
    /// The output is the handle's.
    Finished,
    /// The future lives. The waker's field belongs to the handle alone.
    Unregistered,
    /// The future lives. The waker in the field may be read, no more.
    Registered,
}

/// What the `JoinHandle` that goes away has to do.
#[must_use]
#[derive(Debug, PartialEq)]
pub(super) enum Detach {
    /// Drop the output, then call [`State::release_handle`].
    HasOutput,
    /// Take the waker back first; see [`State::unregister`].
    HasWaker,
    /// It has detached.
    Done(Remains),
}

#[inline]
fn remains(state: usize) -> Remains {
    match (state & HANDLE != 0 || state >= REFERENCE, state & COMPLETED != 0) {
        (true, _) => Remains::Others,
        (false, true) => Remains::Nobody,
        (false, false) => Remains::Future,
    }
}

impl State {
    /// The state of a new task: with a `Runnable`, a reference for the list, and a `JoinHandle`.
    #[inline]
    pub(super) fn new() -> State {
        State(AtomicUsize::new(ACTIVE | HANDLE | (2 * REFERENCE)))
    }

    /// Adds a reference, for somebody who has one.
    #[inline]
    pub(super) fn add_reference(&self) {
        // Relaxed: whoever has a reference keeps the task from being freed, and a new one publishes nothing.
        let before = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if before > usize::MAX / 2 {
            // A program that leaks this many wakers would soon wrap the count around and free a task in use.
            std::process::abort();
        }
    }

    /// Gives so many references up.
    #[inline]
    pub(super) fn drop_references(&self, references: usize) -> Remains {
        // Release: pairs with the Acquire of whoever gives up the last reference; without it our last accesses could
        // come after the memory was freed. Acquire: we may be that one, and the pairs are all the other drops.
        let before = self.0.fetch_sub(references * REFERENCE, Ordering::AcqRel);
        remains(before - references * REFERENCE)
    }

    /// A waker is used up. With [`Wakeup::Schedule`] its reference is the `Runnable`'s.
    #[inline]
    pub(super) fn wake(&self) -> Wakeup {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (next, wakeup) = if seen & (ACTIVE | COMPLETED) == 0 {
                (seen + ACTIVE, Wakeup::Schedule)
            } else if seen & COMPLETED == 0 {
                ((seen | WOKEN) - REFERENCE, Wakeup::Nothing)
            } else if remains(seen - REFERENCE) == Remains::Others {
                (seen - REFERENCE, Wakeup::Nothing)
            } else {
                (seen - REFERENCE, Wakeup::Free)
            };
            // Release: pairs with the Acquire in `start`, also when the task is queued already; without it the next
            // poll may not see what the waking thread wrote, and sleep for ever. Acquire: as in `drop_references`.
            match self.0.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return wakeup,
                Err(actual) => seen = actual,
            }
        }
    }

    // ANCHOR: wake_by_ref
    /// A waker is used and kept. Never returns [`Wakeup::Free`].
    #[inline]
    pub(super) fn wake_by_ref(&self) -> Wakeup {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (next, wakeup) = if seen & COMPLETED != 0 {
                return Wakeup::Nothing;
            } else if seen & ACTIVE == 0 {
                (seen + ACTIVE + REFERENCE, Wakeup::Schedule)
            } else {
                (seen | WOKEN, Wakeup::Nothing)
            };
            // Release: as in `wake`. A task that has been woken already gets its own state written back for this alone:
            // a load that finds `WOKEN` would not be ordered before the poll that clears it.
            match self.0.compare_exchange_weak(seen, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return wakeup,
                Err(actual) => seen = actual,
            }
        }
    }
    // ANCHOR_END: wake_by_ref

    /// Asks for the end of the task. Never returns [`Wakeup::Free`].
    pub(super) fn abort(&self) -> Wakeup {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (next, wakeup) = if seen & (COMPLETED | ABORTED) != 0 {
                return Wakeup::Nothing;
            } else if seen & ACTIVE == 0 {
                ((seen | ACTIVE | ABORTED) + REFERENCE, Wakeup::Schedule)
            } else {
                (seen | ABORTED, Wakeup::Nothing)
            };
            // Release: pairs with the Acquire in `start`; without it the destructor of the future may not see what
            // the aborting thread wrote.
            match self.0.compare_exchange_weak(seen, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return wakeup,
                Err(actual) => seen = actual,
            }
        }
    }

    /// The `Runnable` becomes a poll.
    #[inline]
    pub(super) fn start(&self) -> Start {
        // Acquire: pairs with the Release in `suspend`, whose release sequence the wake that made this `Runnable` carries
        // on; without it this poll may find the future as it was before the last poll on another thread.
        let mut seen = self.0.load(Ordering::Acquire);
        if seen & WOKEN != 0 {
            // The flag goes before the poll, so that a wake from now on asks for another. One that came before the load
            // and was not seen by it does so as well: a poll too many, but none too few.
            //
            // Acquire: pairs with the Release in `wake` and `wake_by_ref`; without it this poll may miss what it was
            // woken for.
            seen = self.0.fetch_and(!WOKEN, Ordering::Acquire);
        }
        debug_assert_eq!(seen & (ACTIVE | COMPLETED), ACTIVE);
        if seen & ABORTED != 0 { Start::Cancel } else { Start::Poll }
    }

    /// Whether [`State::suspend`] would find a reason not to. It may find one later, too.
    #[inline]
    pub(super) fn has_reason_to_stay(&self) -> bool {
        // Relaxed: a hint. `suspend` decides.
        self.0.load(Ordering::Relaxed) & (WOKEN | ABORTED) != 0
    }

    /// The poll returned `Pending`.
    #[inline]
    pub(super) fn suspend(&self) -> Suspend {
        // Acquire, here and below: pairs with the Release in `abort`; without it the destructor of the future may not
        // see what the aborting thread wrote.
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            if seen & ABORTED != 0 {
                return Suspend::Cancel;
            }
            if seen & WOKEN != 0 {
                // Nothing changes: the task stays active, and its `Runnable` goes to a queue, which carries the future
                // as this poll leaves it to the thread that takes it out.
                return Suspend::Again;
            }
            let next = seen - ACTIVE - REFERENCE;
            // Release: pairs with the Acquire in `start`; without it the next poll may find the future as it was
            // before this one. Acquire: as in `drop_references`.
            match self.0.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Suspend::Idle(remains(next)),
                Err(actual) => seen = actual,
            }
        }
    }

    /// The future has been dropped and the output is in its place. The caller has so many references.
    #[inline]
    pub(super) fn complete(&self, references: usize) -> Complete {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            if seen & HANDLE == 0 {
                return Complete::OutputUnwanted;
            }
            let (next, complete) = if seen & JOIN_WAKER != 0 {
                (seen - ACTIVE + COMPLETED - JOIN_WAKER, Complete::WakeJoiner)
            } else {
                (seen - ACTIVE + COMPLETED - references * REFERENCE, Complete::Done(Remains::Others))
            };
            // Release: pairs with the Acquires in `look`, `register`, `unregister` and `detach`; without it the
            // handle may read the output before it is written. Acquire: pairs with the Release in `register`; without
            // it we may read the waker before it is written.
            match self.0.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return complete,
                Err(actual) => seen = actual,
            }
        }
    }

    /// The future and the output have been dropped, and there is no handle. The caller gives up so many references.
    #[inline]
    pub(super) fn complete_detached(&self, references: usize) -> Remains {
        // Acquire: as in `drop_references`. Only who refers to the task can refer others to it, so if nobody else does,
        // it stays so, and nobody is left to read what would be stored here: of the tasks that nobody joins, most end so.
        if self.0.load(Ordering::Acquire) / REFERENCE == references {
            return Remains::Nobody;
        }
        // `ACTIVE` is set and `COMPLETED` is not, so the sum clears the one and sets the other. An addition is one
        // instruction where a compare-exchange is a loop.
        let change = (COMPLETED - ACTIVE).wrapping_sub(references * REFERENCE);
        // Release and Acquire: as in `drop_references`, which this is too.
        let before = self.0.fetch_add(change, Ordering::AcqRel);
        debug_assert_eq!(before & (ACTIVE | COMPLETED | HANDLE), ACTIVE);
        remains(before.wrapping_add(change))
    }

    /// What the handle finds.
    #[inline]
    pub(super) fn look(&self) -> Join {
        // Acquire: pairs with the Release in `complete`; without it the handle may read the output before it is
        // written.
        let seen = self.0.load(Ordering::Acquire);
        match (seen & COMPLETED != 0, seen & JOIN_WAKER != 0) {
            (true, _) => Join::Finished,
            (false, false) => Join::Unregistered,
            (false, true) => Join::Registered,
        }
    }

    /// The handle has put a waker into the field. [`Join::Finished`]: too late, and the waker is still the handle's.
    pub(super) fn register(&self) -> Join {
        // Release: pairs with the Acquire in `complete`; without it the field may be read before it is written.
        self.update_unless_finished(|seen| seen | JOIN_WAKER, Ordering::Release, Join::Registered)
    }

    /// The handle wants the waker back. [`Join::Finished`]: too late, the waker belongs to the thread that finished.
    pub(super) fn unregister(&self) -> Join {
        // Relaxed: the waker that is ours again was written by us.
        self.update_unless_finished(|seen| seen & !JOIN_WAKER, Ordering::Relaxed, Join::Unregistered)
    }

    fn update_unless_finished(&self, change: impl Fn(usize) -> usize, order: Ordering, done: Join) -> Join {
        // Acquire, here and below: as in `look`.
        let mut seen = self.0.load(Ordering::Acquire);
        while seen & COMPLETED == 0 {
            match self.0.compare_exchange_weak(seen, change(seen), order, Ordering::Acquire) {
                Ok(_) => return done,
                Err(actual) => seen = actual,
            }
        }
        Join::Finished
    }

    /// The handle goes away.
    #[inline]
    pub(super) fn detach(&self) -> Detach {
        // Acquire, here and below: as in `look`, for the output that must be dropped.
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            if seen & COMPLETED != 0 {
                return Detach::HasOutput;
            }
            if seen & JOIN_WAKER != 0 {
                return Detach::HasWaker;
            }
            let next = seen - HANDLE;
            // Release and Acquire: as in `drop_references`, which this is too.
            match self.0.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Detach::Done(remains(next)),
                Err(actual) => seen = actual,
            }
        }
    }

    /// The handle, having taken the output, goes away.
    pub(super) fn release_handle(&self) -> Remains {
        // Release and Acquire: as in `drop_references`, which this is too.
        let before = self.0.fetch_sub(HANDLE, Ordering::AcqRel);
        debug_assert_eq!(before & (COMPLETED | HANDLE), COMPLETED | HANDLE);
        remains(before - HANDLE)
    }
}
