//! Stand-in.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    sync::{Arc, LazyLock},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use crate::reactor::Reactor;

pub(crate) fn reactor() -> Arc<Reactor> {
    static GLOBAL: LazyLock<Arc<Reactor>> = LazyLock::new(|| {
        let reactor = Reactor::new().expect("a reactor");
        let attended = reactor.clone();
        thread::spawn(move || {
            loop {
                match attended.try_attend() {
                    Some(attendant) => drop(attendant.wait(None).expect("wait")),
                    None => thread::yield_now(),
                }
            }
        });
        reactor
    });
    match Reactor::current() {
        Some(reactor) if !reactor.is_closed() => reactor,
        _ => GLOBAL.clone(),
    }
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        thread::park();
    }
}

/// Stand-in.
pub mod task {
    use super::*;
    use futures::channel::oneshot;

    /// Stand-in.
    pub struct JoinHandle<T>(oneshot::Receiver<thread::Result<T>>);

    impl<T> Future for JoinHandle<T> {
        type Output = T;
        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
            Pin::new(&mut self.0).poll(cx).map(|result| match result.expect("a result") {
                Ok(output) => output,
                Err(payload) => resume_unwind(payload),
            })
        }
    }

    /// Stand-in.
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let run = move || drop(sender.send(catch_unwind(AssertUnwindSafe(|| block_on(future)))));
        thread::Builder::new().stack_size(256 * 1024).spawn(run).expect("a thread");
        JoinHandle(receiver)
    }
}
