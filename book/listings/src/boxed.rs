use std::pin::Pin;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// One thread, and a queue of the tasks that it has to poll.
#[derive(Clone)]
pub struct Executor {
    queue: Sender<Arc<Task>>,
}

struct Task {
    queue: Sender<Arc<Task>>,
    /// `None` once it is done.
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Executor {
    pub fn start() -> Executor {
        let (queue, tasks) = mpsc::channel::<Arc<Task>>();
        thread::spawn(move || {
            for task in tasks {
                task.run();
            }
        });
        Executor { queue }
    }

    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = Task { queue: self.queue.clone(), future: Mutex::new(Some(Box::pin(future))) };
        Arc::new(task).wake();
    }
}

impl Task {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut context = Context::from_waker(&waker);
        let mut future = self.future.lock().unwrap();
        if let Some(running) = &mut *future {
            if let Poll::Ready(()) = running.as_mut().poll(&mut context) {
                *future = None;
            }
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let queue = self.queue.clone();
        // Fails only if the thread is gone, and then nobody runs tasks any more.
        let _ = queue.send(self);
    }
}
