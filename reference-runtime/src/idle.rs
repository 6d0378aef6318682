//! Who sleeps, who searches: how a push finds a worker that would otherwise sleep through it.
//!
//! A worker with a processor is *running* (it polls tasks), *searching* (it looks at other queues), or *sleeping* (it
//! waits on its parker or in the reactor). One word counts the last two.
//!
//! # No wake-up is lost
//!
//! The danger is a task pushed to the injector at the moment at which the last worker goes to sleep.
//!
//! | A pusher ([`Idle::notify`])    | A worker out of work ([`Idle::sleep`])          |
//! |--------------------------------|-------------------------------------------------|
//! | 1. pushes the task             | a. counts itself as sleeping, no longer searching |
//! | 2. `fence(SeqCst)`             | b. `fence(SeqCst)`                              |
//! | 3. reads the counts            | c. looks at every queue once more               |
//!
//! The fences are totally ordered. If 2 comes before b, then c sees the task of 1. If b comes before 2, then 3 sees
//! the count of a, and the pusher takes a sleeper off the list and wakes it. A pusher that reads *somebody searches*
//! at 3 may leave: that worker has yet to pass a, so its c comes after 2 and sees the task; or it finds other work
//! first, and then [`Idle::stop_searching`] tells it that it was the last, and it notifies in the pusher's place.
//!
//! Pushes to a worker's own queue need none of this: that worker is awake, and looks there before it sleeps.

use crate::primitive::{AtomicUsize, Mutex, Ordering, fence, lock};
use crate::trace::ParkPlace;

/// One searching worker in [`Idle::counts`].
const SEARCHING: usize = 1;
/// One sleeping worker in [`Idle::counts`]: above sixteen bits of searching ones.
const SLEEPING: usize = 1 << 16;
const SEARCHING_MASK: usize = SLEEPING - 1;

/// The workers of a scheduler that have nothing to do. `W` is what it takes to wake one.
pub(crate) struct Idle<W> {
    /// How many workers may ever be awake at once: the number of processors.
    processors: usize,
    /// Searching workers in the low sixteen bits, sleeping ones above. Changed only here.
    counts: AtomicUsize,
    /// Guarded by this lock: the sleeping workers, the one that slept last on top.
    sleepers: Mutex<Vec<Sleeper<W>>>,
}

struct Sleeper<W> {
    worker: W,
    place: Place,
}

/// Where a worker sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// On its parker: cheap to wake.
    Parker,
    /// In the reactor: woken last, so that somebody goes on waiting for events.
    Reactor,
}

impl From<Place> for ParkPlace {
    fn from(place: Place) -> ParkPlace {
        match place {
            Place::Parker => ParkPlace::Parker,
            Place::Reactor => ParkPlace::Reactor,
        }
    }
}

/// How a sleep ended, see [`Idle::leave`].
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Left {
    /// By itself: the worker is running.
    ByItself,
    /// A notifier took it off the list: the worker is searching.
    Notified,
}

impl<W: Clone + PartialEq> Idle<W> {
    pub(crate) fn new(processors: usize) -> Self {
        assert!(processors < SEARCHING_MASK, "at most 65,534 workers");
        Self { processors, counts: AtomicUsize::new(0), sleepers: Mutex::new(Vec::new()) }
    }

    /// Whether a push would find somebody to wake. A hint: for pushes to a worker's own queue.
    pub(crate) fn is_worth_a_notify(&self) -> bool {
        // Relaxed: a stale answer costs a late helper, never a task, since the pusher itself is awake.
        let counts = self.counts.load(Ordering::Relaxed);
        counts >= SLEEPING && counts & SEARCHING_MASK == 0
    }

    /// How many workers sleep. A hint.
    pub(crate) fn sleeping(&self) -> usize {
        self.counts.load(Ordering::Relaxed) / SLEEPING
    }

    /// Counts the calling worker as searching, unless half of all processors search already.
    pub(crate) fn try_search(&self) -> bool {
        let counts = self.counts.load(Ordering::Relaxed);
        if 2 * (counts & SEARCHING_MASK) >= self.processors {
            return false;
        }
        // SeqCst: part of the order in which [`Idle::notify`] reads the counts. Two workers may pass the test above
        // at once; one searcher too many does no harm.
        self.counts.fetch_add(SEARCHING, Ordering::SeqCst);
        true
    }

    // ANCHOR: stop_searching
    /// The calling worker found something while it searched. True if it was the last one to search: pushers counted
    /// on it, so it has to notify in their place if more is queued.
    #[must_use]
    pub(crate) fn stop_searching(&self) -> bool {
        // SeqCst: pairs with the read in [`Idle::notify`]; a pusher that read the higher count has left its task to us.
        let before = self.counts.fetch_sub(SEARCHING, Ordering::SeqCst);
        before & SEARCHING_MASK == SEARCHING
    }
    // ANCHOR_END: stop_searching

    // ANCHOR: sleep
    /// Puts the calling worker on the list of sleepers. The caller must look at every queue once more before it
    /// really sleeps (step c of the proof), and call [`Idle::leave`] when it wakes.
    pub(crate) fn sleep(&self, worker: W, place: Place, was_searching: bool) {
        {
            let mut sleepers = lock(&self.sleepers);
            sleepers.push(Sleeper { worker, place });
            let searching = if was_searching { SEARCHING } else { 0 };
            // Both counts in one step: between two, a pusher could see neither a searcher nor a sleeper.
            self.counts.fetch_add(SLEEPING - searching, Ordering::SeqCst);
        }
        // Step b of the proof in the module's documentation; the partner is the fence in `notify`.
        fence(Ordering::SeqCst);
    }
    // ANCHOR_END: sleep

    /// Takes the calling worker off the list, if no notifier did so before.
    pub(crate) fn leave(&self, worker: &W) -> Left {
        let mut sleepers = lock(&self.sleepers);
        let Some(at) = sleepers.iter().rposition(|sleeper| sleeper.worker == *worker) else {
            return Left::Notified;
        };
        sleepers.remove(at);
        self.counts.fetch_sub(SLEEPING, Ordering::SeqCst);
        Left::ByItself
    }

    // ANCHOR: notify
    /// To be called after a push to the injector: the worker to wake and where it sleeps, if one must be woken. It
    /// counts as searching from now on.
    #[must_use]
    pub(crate) fn notify(&self) -> Option<(W, Place)> {
        // Step 2 of the proof in the module's documentation; the partner is the fence in `sleep`.
        fence(Ordering::SeqCst);
        let counts = self.counts.load(Ordering::SeqCst);
        if counts < SLEEPING || counts & SEARCHING_MASK != 0 {
            return None;
        }
        self.take_sleeper()
    }
    // ANCHOR_END: notify

    /// A sleeper to wake, whoever else searches. It counts as searching from now on.
    #[must_use]
    pub(crate) fn take_sleeper(&self) -> Option<(W, Place)> {
        let mut sleepers = lock(&self.sleepers);
        let at = sleepers.iter().rposition(|sleeper| sleeper.place == Place::Parker);
        let at = at.or_else(|| sleepers.len().checked_sub(1))?;
        let sleeper = sleepers.remove(at);
        // One step for both counts, for the reason given in `sleep`. Adding first keeps the word from wrapping.
        self.counts.fetch_sub(SLEEPING - SEARCHING, Ordering::SeqCst);
        Some((sleeper.worker, sleeper.place))
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_notify_takes_the_newest_sleeper_that_is_not_in_the_reactor() {
        let idle = Idle::new(4);
        idle.sleep(1, Place::Parker, false);
        idle.sleep(2, Place::Parker, false);
        idle.sleep(3, Place::Reactor, false);
        assert_eq!(idle.notify(), Some((2, Place::Parker)));
        assert_eq!(idle.notify(), None, "a searching worker is on its way");
        assert!(idle.stop_searching());
        assert_eq!(idle.notify(), Some((1, Place::Parker)));
        assert!(idle.stop_searching());
        assert_eq!(idle.notify(), Some((3, Place::Reactor)));
        assert_eq!(idle.leave(&3), Left::Notified);
        assert_eq!(idle.sleeping(), 0);
    }

    #[test]
    fn at_most_half_of_the_processors_search() {
        let idle = Idle::<u32>::new(4);
        assert!(idle.try_search());
        assert!(idle.try_search());
        assert!(!idle.try_search());
        assert!(!idle.stop_searching());
        assert!(idle.stop_searching());
    }

    #[test]
    fn a_worker_that_wakes_by_itself_is_no_longer_found() {
        let idle = Idle::new(2);
        idle.sleep(7, Place::Reactor, false);
        assert_eq!(idle.leave(&7), Left::ByItself);
        assert_eq!(idle.notify(), None);
        assert!(!idle.is_worth_a_notify());
    }
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests {
    use super::*;
    use crate::primitive::{Arc, AtomicBool, thread};

    /// The injector of the model: one task.
    struct Model {
        idle: Idle<usize>,
        queued: AtomicUsize,
        woken: [AtomicBool; 2],
        polled: AtomicUsize,
    }

    fn model() -> Arc<Model> {
        Arc::new(Model {
            idle: Idle::new(2),
            queued: AtomicUsize::new(0),
            woken: [AtomicBool::new(false), AtomicBool::new(false)],
            polled: AtomicUsize::new(0),
        })
    }

    impl Model {
        fn push(&self) {
            // Relaxed on purpose: the order comes from the fences alone.
            self.queued.fetch_add(1, Ordering::Relaxed);
            if let Some((worker, _)) = self.idle.notify() {
                self.woken[worker].store(true, Ordering::SeqCst);
            }
        }

        fn take(&self) -> bool {
            let queued = self.queued.load(Ordering::Relaxed);
            queued > 0
                && self
                    .queued
                    .compare_exchange(queued, queued - 1, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
        }

        /// One round of a worker: search, and sleep if there is nothing. True if it sleeps for good.
        fn round(&self, worker: usize, searching: bool) -> bool {
            if self.take() {
                self.polled.fetch_add(1, Ordering::SeqCst);
                if searching && self.idle.stop_searching() && self.queued.load(Ordering::Relaxed) > 0 {
                    let _ =
                        self.idle.notify().map(|(other, _)| self.woken[other].store(true, Ordering::SeqCst));
                }
                return false;
            }
            self.idle.sleep(worker, Place::Parker, searching);
            self.queued.load(Ordering::Relaxed) == 0
        }
    }

    // ANCHOR: a_push_beside
    /// A task pushed while the only awake worker goes to sleep is polled by it, or it is woken.
    #[test]
    fn a_push_beside_a_worker_that_goes_to_sleep_is_seen() {
        loom::model(|| {
            let model = model();
            let pusher = {
                let model = Arc::clone(&model);
                thread::spawn(move || model.push())
            };
            let searching = model.idle.try_search();
            let asleep = model.round(0, searching);
            pusher.join().expect("the pusher does not panic");
            if asleep {
                assert!(model.woken[0].load(Ordering::SeqCst), "slept through a push");
            }
        });
    }
    // ANCHOR_END: a_push_beside

    /// Two tasks, two pushers, a searcher: no task is left behind two sleeping workers.
    #[test]
    fn the_last_searcher_notifies_in_the_pushers_place() {
        loom::model(|| {
            let model = model();
            model.idle.sleep(1, Place::Parker, false);
            let pusher = {
                let model = Arc::clone(&model);
                thread::spawn(move || {
                    model.push();
                    model.push();
                })
            };
            let searching = model.idle.try_search();
            let asleep = model.round(0, searching);
            pusher.join().expect("the pusher does not panic");
            let left = model.queued.load(Ordering::SeqCst);
            let awake =
                !asleep || model.woken[0].load(Ordering::SeqCst) || model.woken[1].load(Ordering::SeqCst);
            assert!(left == 0 || awake, "{left} tasks behind sleeping workers");
        });
    }
}
