//! The standard output and error output of the process, which all handles and all runtimes share.
//!
//! A write runs in place, under std's lock, until the system has all of it: so what one call writes is in one piece,
//! beside other tasks as well as beside [`println!`], and also if a pipe takes it in ten. That may block for long, if the
//! pipe is full and its reader slow; only the task that writes waits.
//!
//! Others who want to write meanwhile would each block a thread at std's lock. So there is a second one before it, at
//! which tasks wait without a thread.

use std::{
    io::{self, IoSlice, Write},
    mem,
    task::{Context, Poll, Waker, ready},
};

use super::{turn::poll_turn, wait::until_done};
use crate::{
    primitive::{Mutex, before_user_code, lock},
    scheduler::block_in_place,
};

/// One of the two outputs.
pub(super) struct Output {
    state: Mutex<State>,
}

/// Guarded by [`Output::state`].
struct State {
    is_taken: bool,
    /// To be woken when it is not taken any more. All of them, since one that was woken alone might have been dropped,
    /// and nobody would pass its wake-up on.
    waiting: Vec<Waker>,
}

impl Output {
    pub(super) const fn new() -> Output {
        Output { state: Mutex::new(State { is_taken: false, waiting: Vec::new() }) }
    }

    /// Runs `call` in place, when it is this task's turn and nobody else's.
    pub(super) fn poll_call<R>(&self, cx: &Context<'_>, call: impl FnOnce() -> R) -> Poll<R> {
        ready!(poll_turn(cx));
        let taken = ready!(self.poll_take(cx));
        let result = block_in_place(call);
        drop(taken);
        Poll::Ready(result)
    }

    fn poll_take(&self, cx: &Context<'_>) -> Poll<Taken<'_>> {
        if !mem::replace(&mut lock(&self.state).is_taken, true) {
            return Poll::Ready(Taken(self));
        }
        // Cloned, and dropped if it is not needed, without the lock: it is code of the user.
        let waker = cx.waker().clone();
        let mut state = lock(&self.state);
        if !mem::replace(&mut state.is_taken, true) {
            return Poll::Ready(Taken(self));
        }
        if !state.waiting.iter().any(|waiting| waiting.will_wake(&waker)) {
            state.waiting.push(waker);
        }
        Poll::Pending
    }
}

/// An output is taken until this is dropped.
struct Taken<'a>(&'a Output);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let woken = {
            let mut state = lock(&self.0.state);
            state.is_taken = false;
            mem::take(&mut state.waiting)
        };
        before_user_code();
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Writes all of `bufs`, waiting as often as it takes. An error after some of it is left to the next call to meet.
pub(super) fn write_whole(
    stream: &mut impl Write,
    bufs: &[IoSlice<'_>],
    wait: impl Fn() -> io::Result<()>,
) -> io::Result<usize> {
    let mut written = 0;
    for buf in bufs {
        let mut rest = &buf[..];
        while !rest.is_empty() {
            match until_done(|| stream.write(rest), &wait) {
                Ok(0) if written == 0 => return Err(io::ErrorKind::WriteZero.into()),
                Ok(0) => return Ok(written),
                Ok(length) => (written, rest) = (written + length, &rest[length..]),
                Err(error) if written == 0 => return Err(error),
                Err(_) => return Ok(written),
            }
        }
    }
    Ok(written)
}
