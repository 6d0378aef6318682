//! The tempting repair of a task that is queued more than once: a flag, cleared after the poll. Nobody types this; the
//! book shows it for its fault.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;
use tiny::bell::Bell;
use tiny::block_on::block_on;
use tiny::watchdog::give_up_after;

struct Task {
    queue: Sender<Arc<Task>>,
    is_queued: AtomicBool,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

// ANCHOR: flag
impl Task {
    fn run(self: Arc<Self>) {
        self.poll();
        self.is_queued.store(false, Ordering::SeqCst);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::SeqCst) {
            let queue = self.queue.clone();
            let _ = queue.send(self);
        }
    }
}
// ANCHOR_END: flag

impl Task {
    fn poll(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        let mut future = self.future.lock().unwrap();
        if let Some(running) = &mut *future {
            if running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                *future = None;
            }
        }
    }
}

fn main() {
    give_up_after(Duration::from_secs(1));
    let (queue, tasks) = mpsc::channel::<Arc<Task>>();
    thread::spawn(move || tasks.into_iter().for_each(Task::run));
    let end = Arc::new(Bell::default());
    let (ringer, mut polls) = (Arc::clone(&end), 0);
    let future = Box::pin(poll_fn(move |context| {
        polls += 1;
        println!("poll {polls}");
        if polls < 2 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ringer.ring();
        Poll::Ready(())
    }));
    let is_queued = AtomicBool::new(false);
    Arc::new(Task { queue, is_queued, future: Mutex::new(Some(future)) }).wake();
    block_on(end.wait());
    println!("done");
}
