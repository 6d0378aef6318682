//! Every wake is an entry in the queue, as in the chapter's first executor. What is done is passed over.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
};

pub const FAILS: &[&str] = &[
    "a_task_is_in_the_queue_at_most_once",
    "a_task_is_not_in_the_queue_while_it_is_polled",
    "a_wake_of_a_task_that_is_done_changes_nothing",
];

#[derive(Clone)]
pub struct Queue(Arc<Tasks>);

type Tasks = Mutex<VecDeque<Arc<Task>>>;

struct Task {
    queue: Weak<Tasks>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Queue {
    pub fn empty() -> Queue {
        Queue(Arc::default())
    }

    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task =
            Arc::new(Task { queue: Arc::downgrade(&self.0), future: Mutex::new(Some(Box::pin(future))) });
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
        let _ = self.poll(&mut Context::from_waker(&waker));
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut future = lock(&self.future);
        let Some(pending) = future.as_mut() else { return Poll::Ready(()) };
        let polled = pending.as_mut().poll(cx);
        if polled.is_ready() {
            *future = None;
        }
        polled
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.push();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
