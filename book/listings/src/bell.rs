use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Something that happens once, and one future at a time may wait for it.
#[derive(Default)]
pub struct Bell {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_rung: bool,
    /// Of the newest poll, as long as nobody has rung.
    waker: Option<Waker>,
}

impl Bell {
    pub fn ring(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_rung = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut state = self.state.lock().unwrap();
        if state.is_rung {
            return Poll::Ready(());
        }
        let replaced = state.waker.replace(waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    pub fn wait(&self) -> impl Future<Output = ()> {
        poll_fn(|context| self.poll(context))
    }
}
