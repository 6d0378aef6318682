//! A thread that waits to be told: [`Parker`] waits, any number of [`Unparker`]s tell.
//!
//! Between them lies one token. [`Unparker::unpark`] puts it down, [`Parker::park`] waits for it and takes it away.
//! Two unparks before a park leave one token, not two, so whoever unparks says "look again" and not "one more".
//!
//! The protocol is a state word and, only for sleeping, a lock with a condition variable:
//!
//! ```text
//!            park: nothing there          unpark
//!    EMPTY ----------------------> PARKED ------> NOTIFIED
//!      |  <----------------------                  |   ^
//!      |     park: the time is up                  |   |
//!      |  <----------------------------------------+   |
//!      |     park: takes the token                     |
//!      +-----------------------------------------------+
//!                        unpark
//! ```
//!
//! Only the [`Parker`]'s thread writes [`EMPTY`] and [`PARKED`]; only unparks write [`NOTIFIED`]. A return from the
//! condition variable means nothing by itself: the state word decides, so a spurious wake-up goes back to waiting.
//!
//! [`std::thread::park`] is not used because its token belongs to the thread: a future that parks by itself, or a
//! library that unparks us, would take our token or leave us one of theirs.

use std::{
    cell::Cell,
    fmt,
    marker::PhantomData,
    // Std's even under loom: a `Waker` is made from no other.
    sync::Arc,
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use crate::primitive::{AtomicU32, Condvar, Mutex, Ordering, lock};

/// No token, nobody waits.
const EMPTY: u32 = 0;
/// No token, the [`Parker`]'s thread waits or is about to.
const PARKED: u32 = 1;
/// A token lies there.
const NOTIFIED: u32 = 2;

/// Puts the thread that owns it to sleep until one of its [`Unparker`]s wakes it.
///
/// It may move to another thread, but only one thread at a time can wait with it.
///
/// ```
/// use reference_runtime::Parker;
///
/// let parker = Parker::new();
/// let unparker = parker.unparker();
/// let waiting = std::thread::spawn(move || parker.park());
/// unparker.unpark();
/// waiting.join().unwrap();
/// ```
pub struct Parker {
    unparker: Unparker,
    /// One waiting thread at a time: not [`Sync`].
    _one_thread: PhantomData<Cell<()>>,
}

/// Wakes the thread that waits, or will wait, in the [`Parker`] it came from.
///
/// It is also a [`Waker`], by [`From`], at no cost.
///
/// ```
/// use std::task::Waker;
///
/// let parker = reference_runtime::Parker::new();
/// let waker = Waker::from(parker.unparker());
/// waker.wake();
/// parker.park(); // returns at once
/// ```
#[derive(Clone)]
pub struct Unparker {
    token: Arc<Token>,
}

/// The token and the place to sleep for it.
struct Token {
    state: AtomicU32,
    // `lock` guards no data: it closes the gap between "I am going to sleep" and "I sleep". See `Token::put`.
    lock: Mutex<()>,
    unparked: Condvar,
}

impl Parker {
    /// Makes a parker without a token.
    ///
    /// ```
    /// let parker = reference_runtime::Parker::new();
    /// parker.unparker().unpark();
    /// parker.park();
    /// ```
    pub fn new() -> Parker {
        let token = Token { state: AtomicU32::new(EMPTY), lock: Mutex::new(()), unparked: Condvar::new() };
        Parker { unparker: Unparker { token: Arc::new(token) }, _one_thread: PhantomData }
    }

    /// Waits until the token is there and takes it.
    ///
    /// What the thread that unparked us wrote before is visible afterwards.
    ///
    /// ```
    /// let parker = reference_runtime::Parker::new();
    /// let unparker = parker.unparker();
    /// std::thread::spawn(move || unparker.unpark());
    /// parker.park();
    /// ```
    pub fn park(&self) {
        let taken = self.token().wait(None);
        debug_assert!(taken, "waiting without a deadline ends with the token only");
    }

    /// Waits for the token, but not longer than `timeout`; true if it took the token.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let parker = reference_runtime::Parker::new();
    /// assert!(!parker.park_timeout(Duration::from_millis(1)));
    /// parker.unparker().unpark();
    /// assert!(parker.park_timeout(Duration::ZERO));
    /// ```
    pub fn park_timeout(&self, timeout: Duration) -> bool {
        if timeout.is_zero() {
            return self.token().take();
        }
        // A deadline beyond the clock's range is never reached.
        self.token().wait(Instant::now().checked_add(timeout))
    }

    /// Waits for the token, but not beyond `deadline`; true if it took the token.
    ///
    /// A token that is already there is taken even when `deadline` has passed.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let parker = reference_runtime::Parker::new();
    /// assert!(!parker.park_deadline(Instant::now()));
    /// ```
    pub fn park_deadline(&self, deadline: Instant) -> bool {
        self.token().wait(Some(deadline))
    }

    /// Another way to wake whoever waits here.
    ///
    /// ```
    /// let parker = reference_runtime::Parker::new();
    /// let waker = std::task::Waker::from(parker.unparker());
    /// waker.wake();
    /// parker.park();
    /// ```
    pub fn unparker(&self) -> Unparker {
        self.unparker.clone()
    }

    fn token(&self) -> &Token {
        &self.unparker.token
    }
}

impl Default for Parker {
    fn default() -> Parker {
        Parker::new()
    }
}

impl Unparker {
    /// Puts the token down, and wakes the [`Parker`]'s thread if it waits for it.
    ///
    /// Without a waiting thread this is one atomic exchange.
    ///
    /// ```
    /// let parker = reference_runtime::Parker::new();
    /// let unparker = parker.unparker();
    /// unparker.unpark();
    /// unparker.unpark(); // the token is there already
    /// parker.park();
    /// assert!(!parker.park_timeout(std::time::Duration::from_millis(1)));
    /// ```
    pub fn unpark(&self) {
        self.token.put();
    }
}

impl From<Unparker> for Waker {
    fn from(unparker: Unparker) -> Waker {
        Waker::from(unparker.token)
    }
}

impl Wake for Token {
    fn wake(self: Arc<Token>) {
        self.put();
    }

    fn wake_by_ref(self: &Arc<Token>) {
        self.put();
    }
}

impl Token {
    /// Takes the token if it is there; only the [`Parker`]'s thread calls this.
    fn take(&self) -> bool {
        // Acquire: pairs with the Release in `Token::put`; without it the woken thread may not see what it was woken
        // for. An exchange and not a load: it reads the newest unpark, and so sees what each of them published.
        self.state.compare_exchange(NOTIFIED, EMPTY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Waits for the token, until `deadline` if there is one; true if it was taken.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        if self.take() {
            return true;
        }
        let mut guard = lock(&self.lock);
        // Relaxed: says only that we are about to sleep; the lock orders it with the notification that this asks for.
        if self.state.compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            let taken = self.take();
            debug_assert!(taken, "nobody but us takes the token away");
            return true;
        }
        loop {
            let Some(deadline) = deadline else {
                guard = guard.wait(&self.unparked);
                if self.take() {
                    return true;
                }
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.leave();
            }
            guard = guard.wait_timeout(&self.unparked, left);
            if self.take() {
                return true;
            }
        }
    }

    /// Stops waiting without a token; true if one came at the last moment, and is taken.
    fn leave(&self) -> bool {
        // Acquire: as in `Token::take`, for the token that came at the last moment.
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    // ANCHOR: put
    /// Puts the token down and wakes the thread that sleeps for it.
    fn put(&self) {
        // Release: pairs with the Acquire in `Token::take`; without it the woken thread may not see what it was woken
        // for. An exchange even when the token is there already: the parker must see what the second unpark published
        // too, and only a read-modify-write keeps the first unpark's release alive under the second's.
        if self.state.swap(NOTIFIED, Ordering::Release) != PARKED {
            return;
        }
        // The parker wrote `PARKED` under the lock and lets go of it only by falling asleep. Once we have had the lock,
        // therefore, it sleeps and the notification reaches it, or it has left and needs none. Without the lock our
        // notification could fall between its `PARKED` and its sleep, reach nobody, and be the last one ever.
        drop(lock(&self.lock));
        // After the unlock, so that the woken thread does not run into the lock it needs to return.
        self.unparked.notify_one();
    }
    // ANCHOR_END: put
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").finish_non_exhaustive()
    }
}

impl fmt::Debug for Unparker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unparker").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    /// Far beyond what a test takes, so that reaching it is a failure.
    const FOREVER: Duration = Duration::from_secs(60);

    #[test]
    fn unpark_before_park_is_kept() {
        let parker = Parker::new();
        parker.unparker().unpark();
        assert!(parker.park_timeout(FOREVER));
    }

    #[test]
    fn two_unparks_leave_one_token() {
        let parker = Parker::new();
        parker.unparker().unpark();
        parker.unparker().unpark();
        parker.park();
        assert!(!parker.park_timeout(Duration::ZERO));
        assert!(!parker.park_timeout(Duration::from_millis(1)));
        assert!(!parker.park_deadline(Instant::now()));
    }

    #[test]
    fn a_park_that_timed_out_can_be_parked_again() {
        let parker = Parker::new();
        assert!(!parker.park_timeout(Duration::from_millis(1)));
        parker.unparker().unpark();
        parker.park();
        assert!(!parker.park_timeout(Duration::from_millis(1)));
    }

    #[test]
    fn a_timeout_beyond_the_clock_waits_for_the_token() {
        let parker = Parker::new();
        let unparker = parker.unparker();
        let waiting = thread::spawn(move || parker.park_timeout(Duration::MAX));
        unparker.unpark();
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_passed_deadline_still_takes_a_token_that_is_there() {
        let parker = Parker::new();
        parker.unparker().unpark();
        assert!(parker.park_deadline(Instant::now()));
    }

    #[test]
    fn a_spurious_wake_up_of_the_condition_variable_does_not_end_a_park() {
        let parker = Parker::new();
        let unparker = parker.unparker();
        let (send, receive) = mpsc::channel();
        let waiting = thread::spawn(move || {
            parker.park();
            send.send(()).unwrap();
        });
        while unparker.token.state.load(Ordering::Relaxed) != PARKED {
            thread::yield_now();
        }
        for _ in 0..100 {
            drop(lock(&unparker.token.lock));
            unparker.token.unparked.notify_all();
        }
        assert_eq!(receive.try_recv(), Err(mpsc::TryRecvError::Empty));
        unparker.unpark();
        receive.recv_timeout(FOREVER).unwrap();
        waiting.join().unwrap();
    }

    #[test]
    fn the_waker_of_a_dropped_parker_does_nothing() {
        let waker = Waker::from(Parker::new().unparker());
        waker.wake_by_ref();
        waker.wake();
    }

    #[test]
    fn a_hundred_thousand_round_trips_lose_no_wake_up() {
        let (left, right) = (Parker::new(), Parker::new());
        let (to_left, to_right) = (left.unparker(), right.unparker());
        let echo = thread::spawn(move || {
            for _ in 0..100_000 {
                right.park();
                to_left.unpark();
            }
        });
        for _ in 0..100_000 {
            to_right.unpark();
            left.park();
        }
        echo.join().unwrap();
    }

    #[test]
    fn tokens_that_race_with_a_deadline_are_taken_once_and_not_lost() {
        const ROUNDS: usize = 5_000;
        let parker = Parker::new();
        let unparker = parker.unparker();
        let (ask, asked) = mpsc::channel();
        let other = thread::spawn(move || asked.iter().for_each(|()| unparker.unpark()));
        for round in 0..ROUNDS {
            ask.send(()).unwrap();
            let patience = Duration::from_micros(round as u64 % 60);
            // Hangs if a token gets lost between two of these.
            while !parker.park_timeout(patience) {}
        }
        drop(ask);
        other.join().unwrap();
        assert!(!parker.park_timeout(Duration::ZERO));
    }

    #[test]
    #[ignore = "a measurement: run it alone, in release"]
    fn measure_a_round_trip() {
        let rounds = 200_000u32;
        let (left, right) = (Parker::new(), Parker::new());
        let (to_left, to_right) = (left.unparker(), right.unparker());
        let from_right = to_left.clone();
        let echo = thread::spawn(move || {
            for _ in 0..rounds {
                right.park();
                from_right.unpark();
            }
        });
        let start = Instant::now();
        for _ in 0..rounds {
            to_right.unpark();
            left.park();
        }
        println!("unpark and park, there and back: {:?}", start.elapsed() / rounds);
        echo.join().unwrap();
        let start = Instant::now();
        for _ in 0..rounds {
            to_left.unpark();
            left.park();
        }
        println!("unpark and park on one thread: {:?}", start.elapsed() / rounds);
    }
}

#[cfg(all(test, reference_runtime_loom))]
mod loom_tests;
