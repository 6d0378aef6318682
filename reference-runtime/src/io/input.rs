//! The standard input of the process, which all handles and all runtimes share.
//!
//! Std keeps a buffer of it behind a lock, and a call waits for input with that lock held. Here nothing is taken out of
//! that buffer before a task is there to have it:
//!
//! * Who finds nothing there asks the *waiter*, a thread that is started when that first happens, to wait until std's
//!   buffer is filled. The waiter takes nothing, so a future that is dropped meanwhile has lost nothing.
//! * Who finds std's buffer filled takes what it wants in its own poll.
//!
//! The buffer is handled by one at a time, a task in its poll or the waiter: see [`Phase`]. The beginning of a line
//! whose end is not there yet is kept in [`State::ahead`], for whoever reads next.
//!
//! The waiter is a thread of its own and no task on a blocking thread, since nobody may press a key for an hour: a
//! runtime that shuts down would have to wait for that task, and what is typed in the end belongs to another runtime.

use std::{
    io::{self, BufRead},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker, ready},
    thread,
};

use super::{
    turn::poll_turn,
    wait::{is_readable, until_done, until_readable},
};
use crate::{
    park::{Parker, Unparker},
    primitive::{Mutex, before_user_code, lock},
    scheduler::block_in_place,
};

/// The one standard input.
pub(super) static INPUT: Input = Input {
    state: Mutex::new(State { phase: Phase::Unknown, ahead: Vec::new(), waiting: Vec::new(), waiter: None }),
};

pub(super) struct Input {
    state: Mutex<State>,
}

/// Guarded by [`Input::state`].
struct State {
    phase: Phase,
    /// Taken out of std's buffer and given to nobody yet: the beginning of a line.
    ahead: Vec<u8>,
    /// To be woken when the phase is neither [`Phase::Taken`] nor [`Phase::Wanted`] any more.
    waiting: Vec<Waker>,
    /// Wakes the waiter, once that was started. It never ends.
    waiter: Option<Unparker>,
}

/// Who handles std's buffer, and what is known of it.
enum Phase {
    /// Nobody. It may be empty.
    Unknown,
    /// Nobody. There are bytes in it.
    Filled,
    /// Nobody. The waiter met the end of the input, or an error, for whoever comes next.
    Ended(io::Result<()>),
    /// A task in its poll.
    Taken,
    /// The waiter, from now on or soon.
    Wanted,
}

/// What a task finds when it wants to handle std's buffer.
enum Found {
    /// It may, and puts the phase right afterwards.
    Mine {
        is_filled: bool,
    },
    Ended(io::Result<()>),
    /// Somebody else handles it, and wakes the task.
    Theirs,
}

/// How far a look at std's buffer came.
enum Look<R> {
    Done(R),
    /// All that was in it has been read ahead.
    More,
    Failed(io::Error),
    /// There is nothing, and a call on it would wait.
    Empty,
}

impl Input {
    /// Reads what is there, up to the length of `buf`. Nothing is the end.
    pub(super) fn poll_read(&'static self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        // Also while the waiter waits.
        if let Some(length) = give(&mut lock(&self.state).ahead, buf) {
            return Poll::Ready(Ok(length));
        }
        self.poll_take(cx, |ahead, bytes| {
            // Somebody may have read ahead in between.
            if let Some(length) = give(ahead, buf) {
                return (0, Some(length));
            }
            let length = bytes.len().min(buf.len());
            buf[..length].copy_from_slice(&bytes[..length]);
            (length, Some(length))
        })
    }

    /// Reads a line with its end, or what is there before the end of the input.
    pub(super) fn poll_read_line(&'static self, cx: &Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        self.poll_take(cx, |ahead, bytes| {
            // There is no end of a line in what was read ahead.
            let end = bytes.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            let length = end.unwrap_or(bytes.len());
            ahead.extend_from_slice(&bytes[..length]);
            let is_whole = end.is_some() || bytes.is_empty();
            (length, is_whole.then(|| mem::take(ahead)))
        })
    }

    /// Shows `take` what was read ahead and what is in std's buffer, which is empty at the end of the input. It says
    /// how much of the latter it took, and what that comes to, unless it wants more.
    fn poll_take<R>(
        &'static self,
        cx: &Context<'_>,
        mut take: impl FnMut(&mut Vec<u8>, &[u8]) -> (usize, Option<R>),
    ) -> Poll<io::Result<R>> {
        loop {
            // Each time: a line need not have an end.
            ready!(poll_turn(cx));
            let is_filled = match self.claim(cx) {
                Found::Mine { is_filled } => is_filled,
                Found::Ended(Err(error)) => return Poll::Ready(Err(error)),
                Found::Ended(Ok(())) => {
                    let (_, end) = take(&mut lock(&self.state).ahead, &[]);
                    return Poll::Ready(Ok(end.expect("behind the end there is no more to want")));
                }
                Found::Theirs => return Poll::Pending,
            };
            let look = if is_filled || is_readable(io::stdin()) {
                block_in_place(|| self.look(&mut take))
            } else {
                Look::Empty
            };
            match look {
                Look::Done(result) => return Poll::Ready(Ok(result)),
                Look::More => {}
                Look::Failed(error) => {
                    self.give_back(Phase::Unknown);
                    return Poll::Ready(Err(error));
                }
                Look::Empty => {
                    self.want(cx)?;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes std's buffer for this task, or has the task woken when that is worth another attempt.
    fn claim(&self, cx: &Context<'_>) -> Found {
        // Cloned, and dropped if it is not needed, without the lock: it is code of the user.
        let waker = cx.waker().clone();
        let mut state = lock(&self.state);
        match state.phase {
            Phase::Taken | Phase::Wanted => {
                let spare = state.add(waker);
                drop(state);
                drop(spare);
                Found::Theirs
            }
            Phase::Unknown => {
                state.phase = Phase::Taken;
                Found::Mine { is_filled: false }
            }
            Phase::Filled => {
                state.phase = Phase::Taken;
                Found::Mine { is_filled: true }
            }
            Phase::Ended(_) => match mem::replace(&mut state.phase, Phase::Unknown) {
                Phase::Ended(end) => Found::Ended(end),
                _ => unreachable!("it was looked at under the same lock"),
            },
        }
    }

    /// Looks at std's buffer, filled by a call if it is empty. The phase is [`Phase::Taken`] by this task, and still is
    /// if nothing came of it.
    fn look<R>(&self, take: &mut impl FnMut(&mut Vec<u8>, &[u8]) -> (usize, Option<R>)) -> Look<R> {
        let mut stdin = io::stdin().lock();
        let bytes = loop {
            match stdin.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Another process was faster, and the descriptor does not block: the waiter knows how to wait.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Look::Empty,
                Err(error) => return Look::Failed(error),
                Ok(bytes) => break bytes,
            }
        };
        let (taken, result) = take(&mut lock(&self.state).ahead, bytes);
        let is_filled = taken < bytes.len();
        stdin.consume(taken);
        drop(stdin);
        self.give_back(if is_filled { Phase::Filled } else { Phase::Unknown });
        result.map_or(Look::More, Look::Done)
    }

    /// Nobody handles std's buffer any more.
    fn give_back(&self, phase: Phase) {
        let woken = {
            let mut state = lock(&self.state);
            state.phase = phase;
            mem::take(&mut state.waiting)
        };
        before_user_code();
        woken.into_iter().for_each(Waker::wake);
    }

    /// Passes std's buffer on to the waiter, which has this task woken. The phase is [`Phase::Taken`] by this task.
    fn want(&'static self, cx: &Context<'_>) -> io::Result<()> {
        let waker = cx.waker().clone();
        let waiter = lock(&self.state).waiter.clone();
        let waiter = match waiter.map_or_else(|| self.start_waiter(), Ok) {
            Ok(waiter) => waiter,
            Err(error) => {
                self.give_back(Phase::Unknown);
                return Err(error);
            }
        };
        let spare = {
            let mut state = lock(&self.state);
            state.phase = Phase::Wanted;
            state.add(waker)
        };
        drop(spare);
        waiter.unpark();
        Ok(())
    }

    /// Only who has taken std's buffer does this, so there is one waiter at most.
    fn start_waiter(&'static self) -> io::Result<Unparker> {
        let parker = Parker::new();
        let unparker = parker.unparker();
        thread::Builder::new().name("stdin".into()).spawn(move || self.wait_for_ever(&parker)).map_err(
            |error| {
                let message = format!("no thread to wait for input, allow the process more of them: {error}");
                io::Error::new(error.kind(), message)
            },
        )?;
        lock(&self.state).waiter = Some(unparker.clone());
        Ok(unparker)
    }

    /// The waiter's life.
    fn wait_for_ever(&self, parker: &Parker) {
        loop {
            parker.park();
            if !matches!(lock(&self.state).phase, Phase::Wanted) {
                continue;
            }
            let filled = until_done(
                || io::stdin().lock().fill_buf().map(|bytes| !bytes.is_empty()),
                || until_readable(io::stdin()),
            );
            let phase = match filled {
                Ok(true) => Phase::Filled,
                Ok(false) => Phase::Ended(Ok(())),
                Err(error) => Phase::Ended(Err(error)),
            };
            // A waker that panics ends its own executor's wait, not everybody's.
            let _ = catch_unwind(AssertUnwindSafe(|| self.give_back(phase)));
        }
    }
}

/// Moves what fits from `ahead` to `buf`, if there is anything.
fn give(ahead: &mut Vec<u8>, buf: &mut [u8]) -> Option<usize> {
    if ahead.is_empty() {
        return None;
    }
    let length = ahead.len().min(buf.len());
    buf[..length].copy_from_slice(&ahead[..length]);
    ahead.drain(..length);
    Some(length)
}

impl State {
    /// Keeps the waker, or gives it back if its task waits already: to be dropped without the lock.
    #[must_use]
    fn add(&mut self, waker: Waker) -> Option<Waker> {
        if self.waiting.iter().any(|waiting| waiting.will_wake(&waker)) {
            return Some(waker);
        }
        self.waiting.push(waker);
        None
    }
}
