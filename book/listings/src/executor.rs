// ANCHOR: task
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// A future, its state, and what its handle waits for, in one allocation.
struct Task<F: Future> {
    queue: Sender<Runnable>,
    state: Mutex<State>,
    /// `None` once it is done. Only who has the task's `Runnable` locks this, so nobody ever waits for it.
    future: Mutex<Option<F>>,
    join: Mutex<Join<F::Output>>,
}

/// The right to poll a task once.
struct Runnable(Arc<dyn Run>);

trait Run: Send + Sync {
    fn run(self: Arc<Self>);
}

enum State {
    /// It sleeps: the next wake queues it.
    Idle,
    /// Its `Runnable` is in the queue.
    Queued,
    /// Its `Runnable` has become a poll.
    Running,
    /// As `Running`, and it has to be queued after the poll.
    Woken,
    Done,
}

enum Join<T> {
    /// Not done, with the waker of whoever awaits the handle.
    Waiting(Option<Waker>),
    /// The output, or what the task panicked with.
    Done(thread::Result<T>),
    /// The handle has it.
    Taken,
}
// ANCHOR_END: task

// ANCHOR: wake
impl<F> Wake for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn wake(self: Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        match *state {
            State::Idle => *state = State::Queued,
            State::Running => {
                *state = State::Woken;
                return;
            }
            State::Queued | State::Woken | State::Done => return,
        }
        drop(state);
        self.schedule();
    }
}
// ANCHOR_END: wake

// ANCHOR: run
impl<F> Run for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn run(self: Arc<Self>) {
        *self.state.lock().unwrap() = State::Running;
        let waker = Waker::from(Arc::clone(&self));
        let mut context = Context::from_waker(&waker);
        let result = match catch_unwind(AssertUnwindSafe(|| self.poll(&mut context))) {
            Ok(Poll::Pending) => return self.suspend(),
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(panic),
        };
        let dropped = catch_unwind(AssertUnwindSafe(|| self.drop_future()));
        self.finish(result.and_then(|output| dropped.map(|()| output)));
    }
}

impl<F> Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn schedule(self: Arc<Self>) {
        let queue = self.queue.clone();
        // Fails only if the thread is gone, and then nobody runs tasks any more.
        let _ = queue.send(Runnable(self));
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut future = self.future.lock().unwrap();
        let future = future.as_mut().expect("a task that is not done has its future");
        // SAFETY: the future is inside an `Arc` and never leaves it: `drop_future` drops it in place, and nothing else
        // here gets it by `&mut`.
        let future = unsafe { Pin::new_unchecked(future) };
        future.poll(context)
    }

    /// The poll returned `Pending`.
    fn suspend(self: Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        if !matches!(*state, State::Woken) {
            *state = State::Idle;
            return;
        }
        *state = State::Queued;
        drop(state);
        self.schedule();
    }

    fn drop_future(&self) {
        // Poisoned if the poll panicked. The future is not used any more, so that does no harm.
        *self.future.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }

    fn finish(&self, result: thread::Result<F::Output>) {
        *self.state.lock().unwrap() = State::Done;
        let before = mem::replace(&mut *self.join.lock().unwrap(), Join::Done(result));
        if let Join::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}
// ANCHOR_END: run

// ANCHOR: join
/// Gives the output of a task, or its panic. Dropped, it leaves the task running.
pub struct JoinHandle<T> {
    task: Arc<dyn Joined<T>>,
}

trait Joined<T>: Send + Sync {
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<thread::Result<T>>;
}

impl<T> Future for JoinHandle<T> {
    type Output = thread::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<thread::Result<T>> {
        self.task.poll_join(context)
    }
}

impl<F> Joined<F::Output> for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn poll_join(&self, context: &mut Context<'_>) -> Poll<thread::Result<F::Output>> {
        let waker = context.waker().clone();
        let mut join = self.join.lock().unwrap();
        match mem::replace(&mut *join, Join::Taken) {
            Join::Done(result) => Poll::Ready(result),
            Join::Taken => panic!("a handle is polled after it gave the output"),
            Join::Waiting(replaced) => {
                *join = Join::Waiting(Some(waker));
                drop(join);
                drop(replaced);
                Poll::Pending
            }
        }
    }
}
// ANCHOR_END: join

// ANCHOR: executor
/// One thread, and a queue of the tasks that it has to poll.
#[derive(Clone)]
pub struct Executor {
    queue: Sender<Runnable>,
}

impl Executor {
    pub fn start() -> Executor {
        let (queue, runnables) = mpsc::channel();
        thread::spawn(move || work(runnables));
        Executor { queue }
    }

    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = Arc::new(Task {
            queue: self.queue.clone(),
            state: Mutex::new(State::Queued),
            future: Mutex::new(Some(future)),
            join: Mutex::new(Join::Waiting(None)),
        });
        Arc::clone(&task).schedule();
        JoinHandle { task }
    }
}

fn work(runnables: Receiver<Runnable>) {
    for Runnable(task) in runnables {
        task.run();
    }
}
// ANCHOR_END: executor
