use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Sleeps between polls, and loses every wake that comes while it does not sleep.
pub fn condvar_only<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let sleeper = Arc::new(Sleeper::default());
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        let guard = sleeper.lock.lock().unwrap();
        drop(sleeper.woken.wait(guard).unwrap());
    }
}

#[derive(Default)]
struct Sleeper {
    lock: Mutex<()>,
    woken: Condvar,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.woken.notify_one();
    }
}
