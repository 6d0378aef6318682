//! Two counters that only grow, and a copy that is worth nothing before the exchange has succeeded.
//!
//! The tasks are those between `head` and `tail`, each in the slot of its place modulo the capacity. Only the owner
//! moves `tail`, and it does so after the slot was written, so whoever reads a `tail` may read all slots below it.
//! Everybody moves `head`, and only by an exchange from the value that the taker began with. **Two that begin with the
//! same `head` cannot both succeed**, and what lies between the old `head` and the new one belongs to the one who did.
//!
//! The copy comes before the exchange. Once `head` has moved, the owner may use the slots again, and a copy made then
//! could find the owner's next tasks in them. A copy made earlier may be out of date as well, but then `head` has moved
//! in between and the exchange fails: the owner writes to a slot again only after it has seen that. This is where the
//! counters must grow for ever. Were they places in the ring, `head` could come back to where the thief has read it,
//! with other tasks in the slots, and the exchange would succeed.
//!
//! `head` is read before `tail`. The other way round a pop in between would put `head` above the `tail` that was read,
//! and the length below zero. As it is, the length may be too large by what was pushed since, and then `head` is out of
//! date too.
//!
//! What was stolen is written to the thief's own slots, and shown to others by one store at the end. Until then that
//! queue is empty for everybody, and the tasks are in no queue at all: a worker that goes to sleep at this moment does
//! not see them. In the chapter the thief is awake, and calls a helper once it has shown them.
//!
//! Why half? The case cannot tell; the chapter does.

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
            for (place, task) in (end..).zip(&copied[1..]) {
                mine.slot(place).store(*task);
            }
            mine.tail.store(end + half - 1);
            return Some(copied[0]);
        }
    }
}
