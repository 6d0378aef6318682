//! A task's way back to its scheduler: a number, and the table that leads from numbers to schedulers.
//!
//! A counted pointer in each task would be the obvious way. All threads that spawn or finish tasks would then write to
//! one count, two read-modify-writes per task; and whoever wakes a task by value would pay two more, to hold the
//! scheduler for the length of the call, since the task may be gone before it returns. A number is copied. On the
//! threads of the scheduler, which is where nearly all tasks are woken, it is compared with their own; other threads
//! look in the table.
//!
//! So a task does not keep its scheduler alive. It need not: a scheduler ends all its tasks before it goes.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::atomic::AtomicU64;
use std::sync::{PoisonError, RwLock, Weak};

use super::Scheduler;
use super::worker::{Context, with_current};
use crate::primitive::{Arc, Ordering};
use crate::runnable::{Runnable, Schedule, TaskRef, Wake};

/// The number of a scheduler. None is given twice in a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Home(NonZeroU64);

/// Every scheduler there is. Ordered by number, as new ones are appended.
///
/// Read by threads that wake a task of a scheduler they do not work for. What follows under the lock is a search and a
/// count: no code of users.
static SCHEDULERS: RwLock<Vec<(Home, Weak<Scheduler>)>> = RwLock::new(Vec::new());

impl Home {
    /// Makes a scheduler that knows its number, and lists it.
    pub(super) fn build(build: impl FnOnce(Home) -> Scheduler) -> Arc<Scheduler> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut schedulers = SCHEDULERS.write().unwrap_or_else(PoisonError::into_inner);
        // Relaxed: the lock orders it.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = Home(NonZeroU64::new(number).expect("a process ends before it has made 2^64 runtimes"));
        let scheduler = Arc::new(build(home));
        schedulers.push((home, Arc::downgrade(&scheduler)));
        scheduler
    }

    /// The scheduler is going.
    pub(super) fn remove(self) {
        let mut schedulers = SCHEDULERS.write().unwrap_or_else(PoisonError::into_inner);
        schedulers.retain(|(home, _)| *home != self);
    }

    /// Calls `f` with the context of this thread, if it works for this scheduler.
    fn with_context<R>(self, f: impl FnOnce(&Context) -> R) -> Option<R> {
        with_current(|context| (context.scheduler.home == self).then(|| f(context))).flatten()
    }

    /// The scheduler, for a thread that does not work for it; `None` if it is gone.
    #[cold]
    fn find(self) -> Option<Arc<Scheduler>> {
        let schedulers = SCHEDULERS.read().unwrap_or_else(PoisonError::into_inner);
        let at = schedulers.binary_search_by_key(&self, |(home, _)| *home).ok()?;
        schedulers[at].1.upgrade()
    }
}

impl Schedule for Home {
    fn schedule(&self, runnable: Runnable, wake: Wake) {
        let mut left = Some(runnable);
        let mut take = || left.take().expect("it is scheduled here or below");
        if self.with_context(|context| context.schedule(take(), wake)).is_some() {
            return;
        }
        match self.find() {
            Some(scheduler) => scheduler.schedule(take(), wake),
            // It has ended its tasks, and this one is a moment late.
            None => drop(take()),
        }
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        let mut task = Some(task);
        let mut list = |scheduler: &Scheduler, processor: Option<usize>| {
            let shard = processor.unwrap_or(scheduler.processors.len());
            scheduler.tasks.insert(shard, task.take().expect("it is listed here or below"))
        };
        let listed =
            self.with_context(|context| list(&context.scheduler, context.worker.permit.see().processor()));
        listed.unwrap_or_else(|| list(&*self.find()?, None))
    }

    #[inline]
    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        let listed = self.with_context(|context| {
            context.worker.tally.finished();
            context.scheduler.tasks.remove(place?)
        });
        listed.unwrap_or_else(|| {
            let scheduler = self.find()?;
            scheduler.counters.finished();
            scheduler.tasks.remove(place?)
        })
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;
    use crate::{Runtime, task};

    fn listed() -> Vec<Home> {
        let schedulers = SCHEDULERS.read().unwrap_or_else(PoisonError::into_inner);
        schedulers.iter().map(|(home, _)| *home).collect()
    }

    #[test]
    fn a_scheduler_is_listed_for_as_long_as_it_lives() {
        let runtime = Runtime::new().expect("a runtime starts");
        let here = runtime.spawn(async { with_current(|context| context.scheduler.home) });
        let home = runtime.block_on(here).expect("a task is on a worker");
        assert!(listed().is_sorted(), "found by bisection");
        assert!(listed().contains(&home));
        let handle = runtime.handle().clone();
        drop(runtime);
        // With its tasks ended it is still there for whoever has a handle.
        assert!(listed().contains(&home));
        drop(handle);
        // Its threads have ended, but the last may yet have to let go of it.
        while listed().contains(&home) {
            std::thread::yield_now();
        }
        assert!(home.find().is_none());
    }

    #[test]
    fn a_worker_of_one_runtime_wakes_a_task_of_another() {
        let [one, other] = [(); 2].map(|()| Runtime::new().expect("a runtime starts"));
        let (send, receive) = futures::channel::oneshot::channel();
        let waits = one.spawn(async move {
            let met: u32 = receive.await.expect("it is sent");
            (met, task::spawn(async { 1 }).await)
        });
        other.block_on(async move {
            task::spawn(async move { send.send(7).expect("it is awaited") }).await;
        });
        assert_eq!(one.block_on(waits), (7, 1));
    }
}
