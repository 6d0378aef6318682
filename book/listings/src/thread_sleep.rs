use crate::bell::Bell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Ready after `time`. It takes a thread.
pub async fn thread_sleep(time: Duration) {
    let bell = Arc::new(Bell::default());
    let ringer = Arc::clone(&bell);
    THREADS.fetch_add(1, Ordering::Relaxed);
    thread::spawn(move || {
        thread::sleep(time);
        ringer.ring();
    });
    bell.wait().await;
}
