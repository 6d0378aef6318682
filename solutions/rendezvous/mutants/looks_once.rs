//! Whoever comes first looks for the other, does not see it, and leaves.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
};

pub const FAILS: &[&str] = &[
    "the_first_waits_for_the_second",
    "the_second_waits_for_the_first",
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
}

#[derive(Default)]
struct State {
    present: usize,
    have_met: bool,
}

impl Place {
    fn meet(&self) {
        let mut state = self.state.lock().expect("no holder panics");
        state.present += 1;
        if state.present == 2 {
            state.have_met = true;
        } else {
            state.present -= 1;
        }
    }

    fn seen(&self) -> Seen {
        if self.state.lock().expect("no holder panics").have_met { Seen::Together } else { Seen::InTurns }
    }
}

pub fn rendezvous(mut way: impl FnMut(Call) -> Running + Send) -> impl Future<Output = Seen> + Send {
    let place = Arc::new(Place::default());
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
