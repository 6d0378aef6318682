//! A flag, "it is queued", that is cleared after the poll: a wake during the poll finds it set, and then it is wiped.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
};

pub const FAILS: &[&str] =
    &["a_task_that_wakes_itself_lets_the_others_go_first", "a_wake_during_a_poll_is_not_lost"];

#[derive(Clone)]
pub struct Queue(Arc<Tasks>);

type Tasks = Mutex<VecDeque<Arc<Task>>>;

struct Task {
    queue: Weak<Tasks>,
    is_queued: Mutex<bool>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Queue {
    pub fn empty() -> Queue {
        Queue(Arc::default())
    }

    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = Arc::new(Task {
            queue: Arc::downgrade(&self.0),
            is_queued: Mutex::new(true),
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
        let waker = Waker::from(Arc::clone(&self));
        if self.poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        *lock(&self.is_queued) = false;
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
        let was_queued = std::mem::replace(&mut *lock(&self.is_queued), true);
        if !was_queued {
            self.push();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
