//! One right `block_on`, and seven that are broken.
//!
//! Where they sleep they call [`Call::park`], which is `thread::park` with an eye on whether the sleep can ever end.
//! It is all that distinguishes them from programs that one finds.

use super::super::answer::Breaker;
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// The right one: a note for each call, wiped before the poll.
pub fn right(mut future: Breaker) {
    let call = Call::new(Sleeper::new());
    while is_pending(&mut future, &call.waker) {
        while !call.sleeper.is_woken.swap(false, SeqCst) {
            call.park();
        }
    }
}

/// Wipes the note after the poll.
pub fn wipes_the_note(mut future: Breaker) {
    let call = Call::new(Sleeper::new());
    while is_pending(&mut future, &call.waker) {
        call.sleeper.is_woken.store(false, SeqCst);
        while !call.sleeper.is_woken.load(SeqCst) {
            call.park();
        }
    }
}

/// Has no note: the park token is enough, it thinks.
pub fn trusts_the_token(mut future: Breaker) {
    let call = Call::new(Sleeper::new());
    while is_pending(&mut future, &call.waker) {
        call.park();
    }
}

/// Spares itself a second wake, as if there were one at most for each future.
pub fn notes_one_wake(mut future: Breaker) {
    struct Once(Arc<Sleeper>, AtomicBool);
    impl Wake for Once {
        fn wake(self: Arc<Self>) {
            if !self.1.swap(true, SeqCst) {
                self.0.is_woken.store(true, SeqCst);
                self.0.thread.unpark();
            }
        }
    }
    let sleeper = Sleeper::new();
    let once = Arc::new(Once(Arc::clone(&sleeper), AtomicBool::new(false)));
    let call = Call::of(sleeper, once);
    while is_pending(&mut future, &call.waker) {
        while !call.sleeper.is_woken.swap(false, SeqCst) {
            call.park();
        }
    }
}

/// Keeps the note in a cell, which is faster than an atomic, and in a thread-local, so that the waker finds it.
pub fn notes_it_with_the_caller(mut future: Breaker) {
    thread_local! {
        static IS_WOKEN: Cell<bool> = const { Cell::new(false) };
    }
    struct Noted(Thread);
    impl Wake for Noted {
        fn wake(self: Arc<Self>) {
            IS_WOKEN.set(true);
            self.0.unpark();
        }
    }
    let call = Call::of(Sleeper::new(), Arc::new(Noted(thread::current())));
    while is_pending(&mut future, &call.waker) {
        while !IS_WOKEN.replace(false) {
            call.park();
        }
    }
}

/// Makes one sleeper for each thread and keeps it, to save an allocation in each call.
pub fn shares_one_note(mut future: Breaker) {
    thread_local! {
        static SLEEPER: Arc<Sleeper> = Sleeper::new();
    }
    let call = Call::new(SLEEPER.with(Arc::clone));
    while is_pending(&mut future, &call.waker) {
        while !call.sleeper.is_woken.swap(false, SeqCst) {
            call.park();
        }
    }
}

/// Looks at the note before it sleeps, and polls after that, whatever has ended its sleep.
pub fn polls_after_any_park(mut future: Breaker) {
    let call = Call::new(Sleeper::new());
    while is_pending(&mut future, &call.waker) {
        if !call.sleeper.is_woken.swap(false, SeqCst) {
            call.park();
            call.sleeper.is_woken.store(false, SeqCst);
        }
    }
}

/// Never sleeps.
pub fn polls_in_a_loop(mut future: Breaker) {
    let call = Call::new(Sleeper::new());
    while is_pending(&mut future, &call.waker) {
        call.spin();
    }
}

fn is_pending(future: &mut Breaker, waker: &Waker) -> bool {
    future.as_mut().poll(&mut Context::from_waker(waker)) == Poll::Pending
}

/// Whoever is to be woken, and the note of it.
struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Sleeper {
    fn new() -> Arc<Sleeper> {
        Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) })
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

/// What a `block_on` unwinds with when it would hang.
struct Hung;

/// Whether `block_on` runs this future to its end. False: it hangs.
pub fn ends(block_on: fn(Breaker), future: Breaker) -> bool {
    match catch_unwind(AssertUnwindSafe(|| block_on(future))) {
        Ok(()) => true,
        Err(panic) if panic.is::<Hung>() => false,
        Err(panic) => resume_unwind(panic),
    }
}

/// One call of a `block_on`.
struct Call {
    sleeper: Arc<Sleeper>,
    waker: Waker,
    /// How many share what is behind the waker while nobody but this call has a waker.
    alone: usize,
    shared: Box<dyn Fn() -> usize>,
    began: Instant,
    turns: Cell<u32>,
}

impl Call {
    fn new(sleeper: Arc<Sleeper>) -> Call {
        Call::of(Arc::clone(&sleeper), sleeper)
    }

    fn of<W: Wake + Send + Sync + 'static>(sleeper: Arc<Sleeper>, wake: Arc<W>) -> Call {
        let waker = Waker::from(Arc::clone(&wake));
        let alone = Arc::strong_count(&wake);
        let shared = Box::new(move || Arc::strong_count(&wake));
        Call { sleeper, waker, alone, shared, began: Instant::now(), turns: Cell::new(0) }
    }

    /// Whether nobody could wake this call any more: all other wakers are gone.
    fn is_forgotten(&self) -> bool {
        (self.shared)() <= self.alone
    }

    /// `thread::park`, but it unwinds if that would never return.
    fn park(&self) {
        // A token that is there ends the sleep at once, so after a whole slice there was none. If nobody can wake this
        // call, there never will be one.
        const SLICE: Duration = Duration::from_millis(100);
        // Somebody has a waker, and may have forgotten it.
        const SLICES: u32 = 20;
        let was_forgotten = self.is_forgotten();
        for _ in 0..SLICES {
            let began = Instant::now();
            thread::park_timeout(SLICE);
            // The second: a wake may come just when the slice is over. Then the waker is gone.
            if began.elapsed() < SLICE || self.is_forgotten() != was_forgotten {
                return;
            }
            if was_forgotten {
                break;
            }
        }
        resume_unwind(Box::new(Hung));
    }

    /// Unwinds if it would be called for ever.
    fn spin(&self) {
        const TURNS: u32 = 1_000;
        const LONG: Duration = Duration::from_secs(2);
        self.turns.set(if self.is_forgotten() { self.turns.get() + 1 } else { 0 });
        if self.turns.get() > TURNS || self.began.elapsed() > LONG {
            resume_unwind(Box::new(Hung));
        }
        thread::yield_now();
    }
}
