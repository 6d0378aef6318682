use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

/// Something that happens once, and a future may wait for it. It may also wait in vain.
#[derive(Default)]
pub struct RacyBell {
    is_rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl RacyBell {
    pub fn ring(&self) {
        self.is_rung.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// `gap` stands for whatever other threads do between the two lines around it.
    pub fn poll(&self, context: &mut Context<'_>, gap: impl FnOnce()) -> Poll<()> {
        if self.is_rung.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        gap();
        *self.waker.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}
