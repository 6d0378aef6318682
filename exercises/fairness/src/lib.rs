//! Chapter 4, exercise `fairness`: which task is next, so that talk stays cheap and nobody waits for ever.
//!
//! Write [`Lane`], what one worker has of its own: a slot for the task that was woken last, and a queue. Nothing here
//! needs a thread or a clock. All that counts is the order.
//!
//! Grade it with `cargo test -p fairness`.

use std::{collections::VecDeque, marker::PhantomData};

/// The tasks of one worker. It promises that
///
/// - no task is lost, and none comes twice for one wake,
/// - a task that was woken by the one that runs comes next; what stood in the slot goes to the back of the queue,
/// - a task that wakes itself goes to the back of the queue,
/// - the slot comes first so many times in a row; if the queue has a task, it is next then, after which the slot comes
///   first again, and
/// - what others have queued comes after all own tasks, but every so many calls it comes before them.
pub struct Lane<T>(PhantomData<T>);

impl<T> Lane<T> {
    /// A lane without tasks. The slot may come first `slot_in_a_row` times, and one call of [`Lane::next`] in `beat`
    /// looks at the injector first. Both are at least 1.
    pub fn new(slot_in_a_row: usize, beat: usize) -> Lane<T> {
        let _ = (slot_in_a_row, beat);
        todo!("no task, and nothing counted yet")
    }

    /// The task that runs has woken another one.
    pub fn wake(&mut self, task: T) {
        let _ = task;
        todo!("the slot, and what stood there")
    }

    /// The task that runs has woken itself.
    pub fn wake_itself(&mut self, task: T) {
        let _ = task;
        todo!("the back of the queue")
    }

    /// The task to run now. The injector is what others have queued, the oldest in front.
    pub fn next(&mut self, injector: &mut VecDeque<T>) -> Option<T> {
        let _ = injector;
        todo!("the beat, the slot, the queue, the slot after all, the injector")
    }
}
