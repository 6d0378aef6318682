//! Two counts, each of which gives somebody a turn who would not get one by the order alone.
//!
//! The order alone is: the slot, the queue, the injector. It is the order of warmth, and it starves. Two tasks that
//! wake each other keep the slot full, so the queue would never be reached. A task that wakes itself keeps the queue
//! full, so the injector would never be. **Each place that can be kept full by what comes out of it needs a bound on
//! how often it may go first.**
//!
//! The bound of the slot counts how often it came first since something else did, and a turn of the queue sets it back.
//! One that only ever counted up would close the slot for good after the first few. When the bound is reached and the
//! queue is empty, the slot is asked after all: nobody else of this worker waits, and a task that stayed in the slot
//! would be lost to a worker that goes to sleep.
//!
//! The beat counts calls, found or not. It asks the injector first, and if nothing is there goes on as in any other
//! call; a beat that returned what it found, or nothing, would now and then send a worker to sleep with a full queue.
//!
//! The rejected option is to have no slot. Then nothing starves, and each message between two tasks costs a walk to the
//! end of the queue.

use std::collections::VecDeque;

/// The tasks of one worker.
pub struct Lane<T> {
    /// The task that was woken last, by the one that ran.
    slot: Option<T>,
    queue: VecDeque<T>,
    slot_in_a_row: usize,
    beat: usize,
    /// How often the slot came first since the queue was asked.
    slot_came_first: usize,
    /// Calls of [`Lane::next`].
    calls: usize,
}

impl<T> Lane<T> {
    /// A lane without tasks.
    pub fn new(slot_in_a_row: usize, beat: usize) -> Lane<T> {
        let (slot, queue) = (None, VecDeque::new());
        Lane { slot, queue, slot_in_a_row, beat, slot_came_first: 0, calls: 0 }
    }

    /// The task that runs has woken another one.
    pub fn wake(&mut self, task: T) {
        let evicted = self.slot.replace(task);
        self.queue.extend(evicted);
    }

    /// The task that runs has woken itself.
    pub fn wake_itself(&mut self, task: T) {
        self.queue.push_back(task);
    }

    /// The task to run now. The injector is what others have queued, the oldest in front.
    pub fn next(&mut self, injector: &mut VecDeque<T>) -> Option<T> {
        self.calls += 1;
        if self.calls % self.beat == 0 {
            if let Some(task) = injector.pop_front() {
                return Some(task);
            }
        }
        if self.slot_came_first < self.slot_in_a_row {
            if let Some(task) = self.slot.take() {
                self.slot_came_first += 1;
                return Some(task);
            }
        }
        self.slot_came_first = 0;
        self.queue.pop_front().or_else(|| self.slot.take()).or_else(|| injector.pop_front())
    }
}
