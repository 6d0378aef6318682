//! Chapter 4, exercise `steal-half`: a queue with one owner and any number of thieves, without a lock.
//!
//! Write [`Queue`]. Tasks are numbers here, as pointers to tasks would be, so nothing needs `unsafe`. The words of the
//! queue are a parameter: the cases hand in a kind that lets another thread in before any access to one of them. All
//! accesses are in one total order, so the chapter's orderings can wait.
//!
//! Grade it with `cargo test -p steal-half`.

use std::marker::PhantomData;

/// A number that several threads use. It begins with 0.
pub trait Word: Default {
    fn load(&self) -> u64;

    fn store(&self, value: u64);

    /// Stores `new` if the word is `old`, in one step. Says whether it was.
    #[must_use]
    fn exchange(&self, old: u64, new: u64) -> bool;
}

/// A queue of at most so many tasks. It promises that
///
/// - tasks come out in the order in which they came in,
/// - a queue that is full gives the task back,
/// - a thief takes half of the queue, rounded up: the oldest to run it, the others into its own queue in their order,
///   and
/// - every task comes out once, whatever others do between any two steps.
pub struct Queue<W>(PhantomData<W>);

impl<W: Word> Queue<W> {
    /// An empty queue.
    pub fn new(capacity: usize) -> Queue<W> {
        let _ = capacity;
        todo!("two counters that only grow, and so many slots")
    }

    /// Puts a task at the end. Only the owner calls this.
    ///
    /// # Errors
    ///
    /// The task, if the queue is full.
    pub fn push(&self, task: u64) -> Result<(), u64> {
        let _ = task;
        todo!("a slot, and then the counter")
    }

    /// Takes the oldest task. Only the owner calls this.
    pub fn pop(&self) -> Option<u64> {
        todo!("look, ask for permission, and begin again if somebody was faster")
    }

    /// Takes the older half. Only the owner of `mine` calls this, which is empty and no smaller than this queue.
    ///
    /// Nothing, if there is nothing. A thief that meets another one may come back with nothing as well.
    pub fn steal_into(&self, mine: &Queue<W>) -> Option<u64> {
        let _ = mine;
        todo!("copy, ask for permission, and only then let others see it")
    }
}
