//! The queue, the processor and the number of the poll behind one lock, since a takeover asks for all three at once.
//!
//! The invariant is of two lines. **A task is in one place:** in a queue, or in the hands of the thread that polls it.
//! It is popped before the poll begins, so no takeover can find it (the mutant `leaves_the_task_in_the_queue` pops it
//! afterwards, and the task is polled by two threads at once). **A worker that holds no processor has an empty
//! queue:** the takeover empties it, and from then on [`Worker::push`] goes to the injector. There is no moment in
//! which a task is at a worker that will not look, however long the poll goes on.
//!
//! The verdict comes with the number of the poll on which it was passed. Between the look and the takeover the poll may
//! have ended, and then the worker is not stuck. Compared under the lock, the number makes a late verdict harmless; it
//! must never come again, so it is counted over the whole life of a worker and not from each run.
//!
//! Nothing tells the worker. It looks when its poll has ended, and finds the processor there or not. The option not
//! taken is a note, *you have lost it*, beside the processor: two facts that can disagree, and one to reset at the
//! next run (`forgets_to_forget`).
//!
//! With one lock, takeover and end of the poll come one after the other, and no two threads ever poll with one
//! processor. The price is a lock at each push and pop, for a hundred million polls to be ready for one takeover. The
//! runtime of the book does without: there only the processor is a word that both sides change, the queue can be
//! stolen from at any time, and a worker that misses the change by a moment polls once more.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

/// The queue from which every worker takes tasks, once its own is empty.
pub type Injector = Mutex<VecDeque<u32>>;

/// A worker as all threads see it.
#[derive(Debug)]
pub struct Worker {
    injector: Arc<Injector>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Empty while there is no processor.
    queue: VecDeque<u32>,
    processor: Option<u32>,
    /// The polls begun so far, which is the number of the last one.
    polls: u64,
    is_polling: bool,
}

impl Worker {
    /// A worker with an empty queue, that does not run.
    pub fn new(injector: Arc<Injector>) -> Worker {
        Worker { injector, state: Mutex::default() }
    }

    /// Queues a task: at this worker if that runs and holds a processor, and in the injector if not.
    pub fn push(&self, task: u32) {
        let mut state = self.lock();
        if state.processor.is_some() {
            state.queue.push_back(task);
        } else {
            self.injected().push_back(task);
        }
    }

    /// The number of the poll that this worker is in, if it is in one.
    pub fn polling(&self) -> Option<u64> {
        let state = self.lock();
        state.is_polling.then_some(state.polls)
    }

    /// Takes the processor from this worker, and what it has queued, if it is still in the poll of that number.
    pub fn take_over(&self, poll: u64) -> Option<u32> {
        let mut state = self.lock();
        if !state.is_polling || state.polls != poll {
            return None;
        }
        let processor = state.processor.take()?;
        // Before the lock is released: who finds no processor here also finds no tasks.
        self.injected().append(&mut state.queue);
        Some(processor)
    }

    /// Runs with this processor until there is no task, or until it was taken over.
    pub fn run(&self, processor: u32, mut poll: impl FnMut(u32)) -> Option<u32> {
        self.lock().processor = Some(processor);
        loop {
            let task = {
                let mut state = self.lock();
                // Gone if it was taken over in the last poll, and then there is nothing to look for.
                state.processor?;
                let next = state.queue.pop_front();
                let Some(task) = next.or_else(|| self.injected().pop_front()) else {
                    return state.processor.take();
                };
                state.polls += 1;
                state.is_polling = true;
                task
            };
            poll(task);
            self.lock().is_polling = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// Locked after the worker, and never before it.
    fn injected(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.injector.lock().expect("no holder panics")
    }
}
