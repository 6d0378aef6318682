//! Passes the slot over at its limit, even if nobody else waits.

use std::collections::VecDeque;

pub const FAILS: &[&str] =
    &["two_tasks_that_wake_each_other_go_on_if_nobody_waits", "what_others_queued_comes_with_the_beat"];

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
        self.queue.pop_front().or_else(|| injector.pop_front())
    }
}
