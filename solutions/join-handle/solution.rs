//! One place for the output, and three words for what is in it.
//!
//! Each party moves by one `replace` under the lock, and then owns what it got: the task puts `Done` and gets a waker to
//! call; a handle that is polled gets the result; a handle that is dropped puts `Detached` and gets an output to drop. If
//! `Detached` is what the task finds, it keeps the output that it came with, and drops it. So *every output has one owner
//! at any moment*, and none is left in a place that nobody looks at.
//!
//! What is dropped or called is code of others: outputs, wakers, futures. None of it runs under the lock.
//!
//! The order at the end is catch, drop, tell. A panic has to be caught twice, for a destructor may panic as a poll may;
//! `drop` comes before `tell`, so that whoever awaits the handle finds the files closed and the locks given up. The crate
//! and the chapter keep the same order for the same reason.
//!
//! The mutant that is hardest to see is the one without a `Drop` for the task. It passes every test in which tasks end,
//! and hangs at the first shutdown.

use std::{
    any::Any,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// The end that an executor runs.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why there is no output.
#[derive(Debug)]
pub enum JoinError {
    /// The future panicked, in a poll or in its destructor, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// The task was dropped before it was done, as at a shutdown.
    Cancelled,
}

/// Splits `future` into a task and the handle of its output.
pub fn joinable<F>(future: F) -> (Task, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let join = Arc::new(Mutex::new(Join::Waiting(None)));
    let running = Running { future: Some(Box::pin(future)), join: Arc::clone(&join) };
    (Box::pin(running), JoinHandle { join })
}

enum Join<T> {
    /// Not done, with the waker of the handle's newest poll.
    Waiting(Option<Waker>),
    Done(Result<T, JoinError>),
    /// Nobody will ask: the handle is gone, or has what it asked for.
    Detached,
}

struct Running<F: Future> {
    /// `None` once it is done.
    future: Option<Pin<Box<F>>>,
    join: Arc<Mutex<Join<F::Output>>>,
}

impl<F: Future> Future for Running<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let future = self.future.as_mut().expect("a task that is done is not polled again");
        let result = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(JoinError::Panicked(payload)),
        };
        let future = self.future.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        finish(&self.join, result.and_then(|output| dropped.map(|()| output).map_err(JoinError::Panicked)));
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Running<F> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        // The panic of a destructor is not passed on: it may come during another one, and that would end the process.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        finish(&self.join, Err(dropped.map_or_else(JoinError::Panicked, |()| JoinError::Cancelled)));
    }
}

/// Puts the result down for the handle, or drops it if nobody will ask.
fn finish<T>(join: &Mutex<Join<T>>, result: Result<T, JoinError>) {
    let mut place = lock(join);
    let unwanted = match mem::replace(&mut *place, Join::Detached) {
        Join::Waiting(waker) => {
            *place = Join::Done(result);
            drop(place);
            waker.into_iter().for_each(Waker::wake);
            return;
        }
        Join::Done(_) | Join::Detached => result,
    };
    drop(place);
    // Nobody is left to tell of the panic of its destructor, and the executor must not die of it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(unwanted)));
}

/// What a task gives when it is done, once.
pub struct JoinHandle<T> {
    join: Arc<Mutex<Join<T>>>,
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let waker = cx.waker().clone();
        let mut place = lock(&self.join);
        match mem::replace(&mut *place, Join::Detached) {
            Join::Done(result) => Poll::Ready(result),
            Join::Detached => panic!("a handle is polled after it gave the output"),
            Join::Waiting(replaced) => {
                *place = Join::Waiting(Some(waker));
                drop(place);
                drop(replaced);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let unwanted = mem::replace(&mut *lock(&self.join), Join::Detached);
        // With the lock given up at the end of the line above: an output may do anything when it is dropped.
        drop(unwanted);
    }
}

/// No code of others runs under the lock, so a poisoned one is as good as any.
fn lock<T>(join: &Mutex<Join<T>>) -> MutexGuard<'_, Join<T>> {
    join.lock().unwrap_or_else(PoisonError::into_inner)
}
