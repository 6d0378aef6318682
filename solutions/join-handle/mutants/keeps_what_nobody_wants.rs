//! Has no `Drop` for the handle: an output that nobody takes stays for as long as its task.

use std::{
    any::Any,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

pub const FAILS: &[&str] = &["an_output_is_dropped_once_and_in_time"];

pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Debug)]
pub enum JoinError {
    Panicked(Box<dyn Any + Send>),
    Cancelled,
}

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
    Waiting(Option<Waker>),
    Done(Result<T, JoinError>),
    Detached,
}

struct Running<F: Future> {
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
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        finish(&self.join, Err(dropped.map_or_else(JoinError::Panicked, |()| JoinError::Cancelled)));
    }
}

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
    let _ = catch_unwind(AssertUnwindSafe(|| drop(unwanted)));
}

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

fn lock<T>(join: &Mutex<Join<T>>) -> MutexGuard<'_, Join<T>> {
    join.lock().unwrap_or_else(PoisonError::into_inner)
}
