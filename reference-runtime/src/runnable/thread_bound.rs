//! A future that stays on its thread, in a task that does not.
//!
//! A task's memory is shared by wakers, which are sent anywhere, so its future has to be one that can be sent. Here is
//! the way round that for futures which cannot: they are only ever touched on the thread that they were made for, and
//! that is checked each time. The executor sees to it that the check never fails; see [`crate::local`].

// The one promise that the compiler cannot check.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::future::Future;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// A future of this thread.
    pub(super) struct ThreadBound<F> {
        thread: Thread,
        #[pin]
        future: F,
    }

    impl<F> PinnedDrop for ThreadBound<F> {
        fn drop(this: Pin<&mut Self>) {
            // Before the compiler drops the future.
            this.thread.check();
        }
    }
}

// SAFETY: whoever polls or drops the future is on its thread, or the process ends. Nothing else reaches it.
unsafe impl<F> Send for ThreadBound<F> {}

impl<F> ThreadBound<F> {
    pub(super) fn new(future: F) -> ThreadBound<F> {
        ThreadBound { thread: Thread::current(), future }
    }
}

impl<F: Future> Future for ThreadBound<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.thread.check();
        self.project().future.poll(context)
    }
}

/// A number for each thread that asks. Not its address, which a later thread may have again, and not
/// [`std::thread::current`], which a destructor at the end of the thread must not ask for.
#[derive(PartialEq)]
struct Thread(NonZeroU64);

impl Thread {
    fn current() -> Thread {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        thread_local! {
            static NUMBER: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
        }
        let number = NUMBER.get().unwrap_or_else(|| {
            // Relaxed: to be unique takes no order.
            let number = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed));
            let number = number.expect("a process ends before it has started 2^64 threads");
            NUMBER.set(Some(number));
            number
        });
        Thread(number)
    }

    fn check(&self) {
        if *self != Thread::current() {
            eprintln!(
                "reference-runtime: a local task is about to be touched on another thread, which is a bug in the \
                 runtime; the process aborts"
            );
            std::process::abort();
        }
    }
}
