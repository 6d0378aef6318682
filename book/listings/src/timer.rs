// ANCHOR: thread
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// When, and a number that tells two sleeps with the same deadline apart.
type Key = (Instant, u64);

#[derive(Default)]
struct Timer {
    /// The sleeps that have been polled, the next one first.
    sleeps: Mutex<BTreeMap<Key, Waker>>,
    /// Another sleep has become the next one.
    changed: Condvar,
}

static TIMER: LazyLock<Timer> = LazyLock::new(|| {
    thread::spawn(|| TIMER.run());
    Timer::default()
});

impl Timer {
    fn run(&self) {
        let mut sleeps = self.sleeps.lock().unwrap();
        loop {
            let now = Instant::now();
            sleeps = match sleeps.first_entry() {
                None => self.changed.wait(sleeps).unwrap(),
                Some(next) if next.key().0 > now => {
                    let time = next.key().0 - now;
                    self.changed.wait_timeout(sleeps, time).unwrap().0
                }
                Some(next) => {
                    let waker = next.remove();
                    drop(sleeps);
                    waker.wake();
                    self.sleeps.lock().unwrap()
                }
            };
        }
    }

    fn insert(&self, key: Key, waker: Waker) {
        let mut sleeps = self.sleeps.lock().unwrap();
        let replaced = sleeps.insert(key, waker);
        let is_next = sleeps.first_key_value().is_some_and(|(next, _)| *next == key);
        drop(sleeps);
        drop(replaced);
        if is_next {
            self.changed.notify_one();
        }
    }

    fn remove(&self, key: Key) {
        let removed = self.sleeps.lock().unwrap().remove(&key);
        drop(removed);
    }
}
// ANCHOR_END: thread

// ANCHOR: sleep
/// Ready after `time`. All sleeps share one thread.
pub fn sleep(time: Duration) -> Sleep {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Sleep { key: (Instant::now() + time, NEXT.fetch_add(1, Ordering::Relaxed)) }
}

pub struct Sleep {
    key: Key,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.key.0 {
            return Poll::Ready(());
        }
        TIMER.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        TIMER.remove(self.key);
    }
}

/// How many sleeps the thread waits for.
pub fn waiting() -> usize {
    TIMER.sleeps.lock().unwrap().len()
}
// ANCHOR_END: sleep
