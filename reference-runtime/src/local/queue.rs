//! The queue of a [`LocalSet`](super::LocalSet): what it shares with the threads that wake its tasks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::Waker;

use crate::primitive::{Condvar, Mutex, before_user_code, lock};
use crate::runnable::{Runnable, Schedule, TaskRef, Wake};
use crate::tasks::Tasks;

/// See [`super`].
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Signalled at a push while the set ends.
    pushed: Condvar,
    /// The tasks that sleep. Inserted into and removed from on the set's thread alone.
    asleep: Tasks,
}

/// Guarded by [`Queue::waiting`].
struct Waiting {
    ready: VecDeque<Runnable>,
    /// Those who sleep until there is something in `ready`, by the numbers of drivers.
    drivers: Vec<(u64, Waker)>,
    /// Tasks whose futures have not been dropped.
    unfinished: usize,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new() -> Queue {
        let waiting =
            Waiting { ready: VecDeque::new(), drivers: Vec::new(), unfinished: 0, is_closed: false };
        Queue { waiting: Mutex::new(waiting), pushed: Condvar::new(), asleep: Tasks::new(1) }
    }

    /// Counts a new task, and queues it.
    pub(super) fn spawned(&self, runnable: Runnable) {
        let mut waiting = lock(&self.waiting);
        waiting.unfinished += 1;
        let is_closed = waiting.is_closed;
        drop(waiting);
        // On the set's own thread it may be dropped.
        if is_closed { drop(runnable) } else { self.push(runnable) }
    }

    /// Queues a task that was woken, on any thread, and wakes the drivers that sleep.
    fn push(&self, runnable: Runnable) {
        let mut waiting = lock(&self.waiting);
        waiting.ready.push_back(runnable);
        if waiting.is_closed {
            self.pushed.notify_all();
        }
        // Most often there is one, and the list keeps its memory.
        let driver = waiting.drivers.pop();
        let others =
            if waiting.drivers.is_empty() { Vec::new() } else { std::mem::take(&mut waiting.drivers) };
        drop(waiting);
        before_user_code();
        driver.into_iter().chain(others).for_each(|(_, driver)| driver.wake());
    }

    /// Queues a task again that was woken while its driver polled it, who comes back for it.
    pub(super) fn push_back(&self, runnable: Runnable) {
        lock(&self.waiting).ready.push_back(runnable);
    }

    pub(super) fn pop(&self) -> Option<Runnable> {
        lock(&self.waiting).ready.pop_front()
    }

    /// Registers a driver that is about to sleep. False: there is something to do.
    pub(super) fn wait(&self, driver: u64, waker: &Waker) -> bool {
        let is_same = |(number, former): &(u64, Waker)| *number == driver && former.will_wake(waker);
        let waiting = lock(&self.waiting);
        if !waiting.ready.is_empty() {
            return false;
        }
        if waiting.drivers.iter().any(is_same) {
            return true;
        }
        drop(waiting);
        // A clone and a drop of a waker may be code of users.
        let waker = waker.clone();
        let mut waiting = lock(&self.waiting);
        if !waiting.ready.is_empty() {
            drop(waiting);
            drop(waker);
            return false;
        }
        let at = waiting.drivers.iter().position(|(number, _)| *number == driver);
        let former = at.map(|at| waiting.drivers.swap_remove(at));
        waiting.drivers.push((driver, waker));
        drop(waiting);
        drop(former);
        true
    }

    /// The driver is gone. Others may not have been woken for what it left in the queue.
    pub(super) fn forget(&self, driver: u64) {
        let mut waiting = lock(&self.waiting);
        let at = waiting.drivers.iter().position(|(number, _)| *number == driver);
        let own = at.map(|at| waiting.drivers.swap_remove(at));
        let is_empty = waiting.ready.is_empty();
        let others = if is_empty { Vec::new() } else { std::mem::take(&mut waiting.drivers) };
        drop(waiting);
        drop(own);
        others.into_iter().for_each(|(_, driver)| driver.wake());
    }

    pub(super) fn unfinished(&self) -> usize {
        lock(&self.waiting).unfinished
    }

    pub(super) fn is_all_done(&self) -> bool {
        self.unfinished() == 0
    }

    /// Cancels every task and waits until their futures are gone. For the thread of the set, which is in so many polls
    /// of them.
    pub(super) fn close(&self, running: &Cell<usize>) {
        let mut waiting = lock(&self.waiting);
        waiting.is_closed = true;
        let drivers = std::mem::take(&mut waiting.drivers);
        drop(waiting);
        // Nobody drives what has ended. Their wakers go without a lock, as everything below.
        drop(drivers);
        for task in self.asleep.close() {
            // Queues it.
            task.abort();
        }
        loop {
            let mut waiting = lock(&self.waiting);
            let runnable = loop {
                if let Some(runnable) = waiting.ready.pop_front() {
                    break runnable;
                }
                if waiting.unfinished <= running.get() {
                    return;
                }
                // Another thread has woken one of them, and is about to push it.
                waiting = waiting.wait(&self.pushed);
            };
            drop(waiting);
            // Its future may wake and spawn others.
            drop(runnable);
        }
    }
}

/// A local task's way back to its set.
#[derive(Clone)]
pub(super) struct Origin(pub(super) Arc<Queue>);

impl Schedule for Origin {
    fn schedule(&self, runnable: Runnable, _: Wake) {
        // Also when the set ends: another thread must not drop it. Who ends the set waits for it.
        self.0.push(runnable);
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        self.0.asleep.insert(0, task)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        lock(&self.0.waiting).unfinished -= 1;
        place.and_then(|place| self.0.asleep.remove(place))
    }
}

/// A poll that this thread is in.
pub(super) struct Turn<'a>(&'a Cell<usize>);

impl<'a> Turn<'a> {
    pub(super) fn begin(running: &'a Cell<usize>) -> Turn<'a> {
        running.set(running.get() + 1);
        Turn(running)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
