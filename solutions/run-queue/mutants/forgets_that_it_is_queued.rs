//! After the poll of a woken task, queues it and calls it idle: the next wake queues it once more.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
};

pub const FAILS: &[&str] = &["a_task_is_in_the_queue_at_most_once"];

#[derive(Clone)]
pub struct Queue(Arc<Tasks>);

type Tasks = Mutex<VecDeque<Arc<Task>>>;

struct Task {
    queue: Weak<Tasks>,
    state: Mutex<State>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Queued,
    Running,
    Woken,
    Done,
}

impl Queue {
    pub fn empty() -> Queue {
        Queue(Arc::default())
    }

    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = Arc::new(Task {
            queue: Arc::downgrade(&self.0),
            state: Mutex::new(State::Queued),
            future: Mutex::new(Some(Box::pin(future))),
        });
        task.push();
    }

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

    pub fn waiting(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Task {
    fn push(self: Arc<Self>) {
        if let Some(queue) = self.queue.upgrade() {
            lock(&queue).push_back(self);
        }
    }

    fn run(self: Arc<Self>) {
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
        *state = State::Idle;
        drop(state);
        self.push();
    }

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
