//! A place to meet that knows which thread is polling.
//!
//! With a `Barrier` alone the right half is done: on threads both come, and neither leaves before. In place the first
//! one waits on the very thread that would begin the second. To leave, it has to know that, and it can know only what
//! can be observed:
//!
//! - *A time-out* cannot tell late from never. Too short, it calls a busy pool serial; too long, it is the same guess
//!   made more slowly.
//! - *A look at the other branch* says that it has not begun. That is true of a late one as well.
//! - *The thread* decides. A join is polled by one thread at a time. So a closure that runs on the thread of the poll
//!   under way runs inside of it, and the other branch is not polled before this closure returns.
//!
//! The invariant: `polling` is `Some(t)` exactly while `t` is inside the join's poll. The closure asks about its own
//! thread only, and on its own thread nothing comes between the note and the question; hence there is no race. A note
//! that is wrong by a little is wrong both ways. Taken when the join was made, or in the first poll only, it makes a
//! closure wait in place for ever once the task has moved. Kept after the poll, it calls two threads serial, because
//! a worker that has blocked may be polling one moment and be a thread of the pool the next.
//!
//! The tempting answer compares the threads of both closures and lets nobody wait. It tells threads from no threads,
//! but it has not made the closures meet, and *together* is then a claim that no one has checked.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::Poll,
    thread::{self, ThreadId},
};

pub type Call = Box<dyn FnOnce() + Send>;
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What became of two closures that were to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// For a moment both had begun and neither had ended.
    Together,
    /// The second began after the first had ended.
    InTurns,
}

/// Where two closures of one join meet.
#[derive(Default)]
struct Place {
    state: Mutex<State>,
    meeting: Condvar,
}

#[derive(Default)]
struct State {
    /// How many are here.
    present: usize,
    /// Whether there were two. It stays true when they leave, for the one that has slept looks late.
    have_met: bool,
    /// The thread that is inside the join's poll.
    polling: Option<ThreadId>,
}

impl Place {
    /// What a closure does: comes, and waits for the other one if that one can come.
    fn meet(&self) {
        let mut state = self.state.lock().expect("no holder panics");
        state.present += 1;
        if state.present == 2 {
            state.have_met = true;
            self.meeting.notify_one();
        } else if state.polling == Some(thread::current().id()) {
            state.present -= 1;
        } else {
            let _met = self.meeting.wait_while(state, |state| !state.have_met).expect("no holder panics");
        }
    }

    fn set_polling(&self, thread: Option<ThreadId>) {
        self.state.lock().expect("no holder panics").polling = thread;
    }

    fn seen(&self) -> Seen {
        if self.state.lock().expect("no holder panics").have_met { Seen::Together } else { Seen::InTurns }
    }
}

/// Gives two closures to `way`, awaits both in one join, and says how they met.
pub fn rendezvous(mut way: impl FnMut(Call) -> Running + Send) -> impl Future<Output = Seen> + Send {
    let place = Arc::new(Place::default());
    let mut branches = [(); 2].map(|()| {
        let place = place.clone();
        Some(way(Box::new(move || place.meet())))
    });
    poll_fn(move |cx| {
        place.set_polling(Some(thread::current().id()));
        for branch in &mut branches {
            // A branch that is ready is dropped at once: it must not be polled again.
            if branch.as_mut().is_some_and(|running| running.as_mut().poll(cx).is_ready()) {
                *branch = None;
            }
        }
        place.set_polling(None);
        if branches.iter().all(Option::is_none) { Poll::Ready(place.seen()) } else { Poll::Pending }
    })
}
