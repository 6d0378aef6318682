//! Notes the thread that made the join, which need not be the one that polls it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::Poll,
    thread::{self, ThreadId},
};

pub const FAILS: &[&str] = &[
    "closures_in_place_take_turns",
    "the_task_may_change_threads",
    "a_thread_that_has_polled_may_run_a_closure",
];

pub type Call = Box<dyn FnOnce() + Send>;
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Together,
    InTurns,
}

#[derive(Default)]
struct Place {
    state: Mutex<State>,
    meeting: Condvar,
}

#[derive(Default)]
struct State {
    present: usize,
    have_met: bool,
    polling: Option<ThreadId>,
}

impl Place {
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

pub fn rendezvous(mut way: impl FnMut(Call) -> Running + Send) -> impl Future<Output = Seen> + Send {
    let place = Arc::new(Place::default());
    place.set_polling(Some(thread::current().id()));
    let mut branches = [(); 2].map(|()| {
        let place = place.clone();
        Some(way(Box::new(move || place.meet())))
    });
    poll_fn(move |cx| {
        for branch in &mut branches {
            if branch.as_mut().is_some_and(|running| running.as_mut().poll(cx).is_ready()) {
                *branch = None;
            }
        }
        if branches.iter().all(Option::is_none) { Poll::Ready(place.seen()) } else { Poll::Pending }
    })
}
