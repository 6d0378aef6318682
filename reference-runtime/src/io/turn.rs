//! When a task that makes one call after the other lets others have a turn.
//!
//! A call in place is ready at once, so a task that copies a large file would never return from its poll: the time-out
//! around it would not be looked at before the end, nor would the other branches of its `join!`, and the tasks behind
//! it would wait until the monitor steps in. So every so often a call first gives the thread back, as
//! [`yield_now`](crate::task::yield_now) does.

use std::{
    cell::Cell,
    future::poll_fn,
    task::{Context, Poll},
};

use crate::scheduler::{self, stint};

/// How many calls a task makes in one poll. Sixteen reads of a cached file take some 10 to 20 µs, beside which a turn,
/// some 0.1 µs when nobody else is there, does not count.
const CALLS: u32 = 16;

/// The poll in which this thread's last call was made, and how many calls there were.
#[derive(Clone, Copy)]
struct Turn {
    poll: usize,
    calls: u32,
}

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn { poll: 0, calls: 0 }) };
}

/// Ready if the task may make a call now, and counts it. Else the task is woken, and comes back behind the others.
pub(crate) fn poll_turn(cx: &Context<'_>) -> Poll<()> {
    let stint = stint::current();
    let turn = TURN.get();
    let calls = if turn.poll == stint.number { turn.calls } else { 0 };
    // The first call of a poll is always made: a task whose processor is taken each time gets on, too.
    if calls > 0 && (calls >= CALLS || stint.is_wanted_back) {
        TURN.set(Turn { poll: stint.number, calls: 0 });
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    TURN.set(Turn { poll: stint.number, calls: calls + 1 });
    Poll::Ready(())
}

/// Waits for [`poll_turn`], then runs `call` in place.
pub(crate) async fn in_turn<R>(call: impl FnOnce() -> R) -> R {
    poll_fn(|cx| poll_turn(cx)).await;
    scheduler::block_in_place(call)
}
