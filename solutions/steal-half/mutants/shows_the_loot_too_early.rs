//! Lets others see its queue before the tasks are in it.

pub const FAILS: &[&str] = &["another_thief_at_any_step_of_a_steal"];
/// A number that several threads use. It begins with 0.
pub trait Word: Default {
    fn load(&self) -> u64;

    fn store(&self, value: u64);

    /// Stores `new` if the word is `old`, in one step. Says whether it was.
    #[must_use]
    fn exchange(&self, old: u64, new: u64) -> bool;
}

/// A queue of at most so many tasks.
pub struct Queue<W> {
    /// Where the oldest task is. Moved by whoever takes it.
    head: W,
    /// Where the next task goes. Moved by the owner.
    tail: W,
    slots: Vec<W>,
}

impl<W: Word> Queue<W> {
    /// An empty queue.
    pub fn new(capacity: usize) -> Queue<W> {
        let slots = (0..capacity).map(|_| W::default()).collect();
        Queue { head: W::default(), tail: W::default(), slots }
    }

    fn slot(&self, place: u64) -> &W {
        &self.slots[(place % self.slots.len() as u64) as usize]
    }

    /// Puts a task at the end. Only the owner calls this.
    pub fn push(&self, task: u64) -> Result<(), u64> {
        let (head, tail) = (self.head.load(), self.tail.load());
        if tail - head == self.slots.len() as u64 {
            return Err(task);
        }
        self.slot(tail).store(task);
        self.tail.store(tail + 1);
        Ok(())
    }

    /// Takes the oldest task. Only the owner calls this.
    pub fn pop(&self) -> Option<u64> {
        loop {
            let (head, tail) = (self.head.load(), self.tail.load());
            if head == tail {
                return None;
            }
            let task = self.slot(head).load();
            if self.head.exchange(head, head + 1) {
                return Some(task);
            }
        }
    }

    /// Takes the older half. Only the owner of `mine` calls this, which is empty and no smaller than this queue.
    pub fn steal_into(&self, mine: &Queue<W>) -> Option<u64> {
        loop {
            let (head, tail) = (self.head.load(), self.tail.load());
            if head == tail {
                return None;
            }
            let half = (tail - head).div_ceil(2);
            let copied: Vec<u64> = (head..head + half).map(|place| self.slot(place).load()).collect();
            if !self.head.exchange(head, head + half) {
                continue;
            }
            let end = mine.tail.load();
            mine.tail.store(end + half - 1);
            for (place, task) in (end..).zip(&copied[1..]) {
                mine.slot(place).store(*task);
            }
            return Some(copied[0]);
        }
    }
}
