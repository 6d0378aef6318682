//! Wakes all that sleep, and lets them find out who is first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub const FAILS: &[&str] = &["each_notification_wakes_one_worker_and_another_one"];

/// How one thread sleeps, and is woken.
pub trait Park {
    /// Sleeps until somebody calls [`Park::unpark`]. If that has happened since the last park, it returns at once. It
    /// may also return for no reason.
    fn park(&self);

    /// Ends a park of this thread, or the next one.
    fn unpark(&self);
}

/// Workers with nothing to do.
pub struct Idle<P>(Mutex<State<P>>);

/// Guarded by the lock of [`Idle`].
struct State<P> {
    /// Those that have said that they sleep, and were not chosen since.
    sleepers: Vec<Arc<P>>,
    /// Those that were not sent home.
    workers: usize,
    /// Who closes, once somebody does.
    closer: Option<Arc<P>>,
}

impl<P: Park> Idle<P> {
    /// For so many workers, none of which sleeps yet.
    pub fn new(workers: usize) -> Idle<P> {
        Idle(Mutex::new(State { sleepers: Vec::new(), workers, closer: None }))
    }

    /// A task for the worker that sleeps by `me`, which may sleep first. `find` looks for one in all queues.
    pub fn next<T>(&self, me: &Arc<P>, mut find: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(task) = find() {
                return Some(task);
            }
            self.lock().sleepers.push(Arc::clone(me));
            if let Some(task) = find() {
                let was_chosen = !self.lock().leave(me);
                if was_chosen {
                    self.notify();
                }
                return Some(task);
            }
            if self.sleep(me) == Slept::UntilTheClose {
                return None;
            }
        }
    }

    fn sleep(&self, me: &Arc<P>) -> Slept {
        loop {
            let closer = {
                let mut state = self.lock();
                // In this order: one that was chosen has a task to look for, close or not.
                if !state.is_asleep(me) {
                    return Slept::UntilChosen;
                }
                if state.closer.is_some() {
                    state.leave(me);
                    state.workers -= 1;
                }
                state.closer.clone()
            };
            if let Some(closer) = closer {
                closer.unpark();
                return Slept::UntilTheClose;
            }
            me.park();
        }
    }

    /// To be called after a task was queued: wakes a worker for it, if one sleeps.
    pub fn notify(&self) {
        let chosen = std::mem::take(&mut self.lock().sleepers);
        for worker in chosen {
            worker.unpark();
        }
    }

    /// Sends the workers home, and waits by `me` until the last of them has been told.
    pub fn close(&self, me: &Arc<P>) {
        let sleepers = {
            let mut state = self.lock();
            state.closer = Some(Arc::clone(me));
            state.sleepers.clone()
        };
        for worker in sleepers {
            worker.unpark();
        }
        while self.lock().workers > 0 {
            me.park();
        }
    }

    /// Nobody is called under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a sleep ended.
#[derive(PartialEq)]
enum Slept {
    UntilChosen,
    UntilTheClose,
}

impl<P> State<P> {
    fn is_asleep(&self, worker: &Arc<P>) -> bool {
        self.sleepers.iter().any(|sleeper| Arc::ptr_eq(sleeper, worker))
    }

    /// Whether the worker was on the list, from which it is gone now.
    fn leave(&mut self, worker: &Arc<P>) -> bool {
        let before = self.sleepers.len();
        self.sleepers.retain(|sleeper| !Arc::ptr_eq(sleeper, worker));
        self.sleepers.len() < before
    }
}
