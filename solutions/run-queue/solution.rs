//! The five states of the chapter, and the queue they are about.
//!
//! Who may push? Two arrows lead to `Queued`, and each has one owner: a wake that finds the task `Idle`, and the thread
//! that polled a `Woken` one. Every other wake leaves at most a word. So a task in the queue was pushed once, and between
//! its being taken out and the end of its poll nobody pushes it. That makes the lock around the future one for which
//! nobody ever waits.
//!
//! A flag in place of the states goes wrong in one of two ways, and both are among the mutants. Cleared after the poll,
//! it loses the wake during the poll. Cleared before, it lets a second thread have the task while the first one polls.
//!
//! Nobody keeps a task that sleeps but its wakers. A list of all tasks would be needed to cancel them; without one, a
//! task that cannot be woken is gone by itself. For the same reason a task holds its queue weakly: one that waits in the
//! queue would otherwise keep the queue that keeps it.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
};

/// Tasks that are to be polled, in the order in which they were woken.
#[derive(Clone)]
pub struct Queue(Arc<Tasks>);

/// Those that wait.
type Tasks = Mutex<VecDeque<Arc<Task>>>;

struct Task {
    queue: Weak<Tasks>,
    state: Mutex<State>,
    /// `None` once it is done. Only who has set [`State::Running`] locks this, so nobody ever waits for it.
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[derive(Clone, Copy)]
enum State {
    /// It sleeps: the next wake queues it.
    Idle,
    /// It is in the queue.
    Queued,
    /// It was taken out, and is polled.
    Running,
    /// As `Running`, and it is to be queued after the poll.
    Woken,
    /// It is never polled again.
    Done,
}

impl Queue {
    /// A queue with nothing in it.
    pub fn empty() -> Queue {
        Queue(Arc::default())
    }

    /// Makes a task of `future` and queues it.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = Arc::new(Task {
            queue: Arc::downgrade(&self.0),
            state: Mutex::new(State::Queued),
            future: Mutex::new(Some(Box::pin(future))),
        });
        task.push();
    }

    /// Takes the task that has waited longest, and polls it once. False if there is none.
    pub fn run_one(&self) -> bool {
        let next = lock(&self.0).pop_front();
        match next {
            Some(task) => {
                task.run();
                true
            }
            None => false,
        }
    }

    /// How many tasks wait.
    pub fn waiting(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Task {
    /// To be called by the one who has set [`State::Queued`].
    fn push(self: Arc<Self>) {
        // Without a queue there is nobody to run it.
        if let Some(queue) = self.queue.upgrade() {
            lock(&queue).push_back(self);
        }
    }

    fn run(self: Arc<Self>) {
        // Before the poll: a wake from now on is one that the poll may not have seen.
        *lock(&self.state) = State::Running;
        let waker = Waker::from(Arc::clone(&self));
        if self.poll(&mut Context::from_waker(&waker)).is_ready() {
            *lock(&self.state) = State::Done;
            return;
        }
        let mut state = lock(&self.state);
        if !matches!(*state, State::Woken) {
            *state = State::Idle;
            return;
        }
        *state = State::Queued;
        drop(state);
        self.push();
    }

    /// Polls, and drops what is done.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut future = lock(&self.future);
        let polled = future.as_mut().expect("a task that is not done has its future").as_mut().poll(cx);
        if polled.is_ready() {
            *future = None;
        }
        polled
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        match *state {
            State::Idle => *state = State::Queued,
            State::Running => {
                *state = State::Woken;
                return;
            }
            State::Queued | State::Woken | State::Done => return,
        }
        drop(state);
        self.push();
    }
}

/// A future that panics ends this exercise; what becomes of the locks then is chapter 3's next one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
