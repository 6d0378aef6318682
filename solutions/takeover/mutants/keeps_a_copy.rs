//! Notes that the processor was taken and leaves the number where it is: it can be taken again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

pub const FAILS: &[&str] = &["a_processor_is_taken_over_once"];

pub type Injector = Mutex<VecDeque<u32>>;

#[derive(Debug)]
pub struct Worker {
    injector: Arc<Injector>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<u32>,
    processor: Option<u32>,
    is_lost: bool,
    polls: u64,
    is_polling: bool,
}

impl Worker {
    pub fn new(injector: Arc<Injector>) -> Worker {
        Worker { injector, state: Mutex::default() }
    }

    pub fn push(&self, task: u32) {
        let mut state = self.lock();
        if state.processor.is_some() && !state.is_lost {
            state.queue.push_back(task);
        } else {
            self.injected().push_back(task);
        }
    }

    pub fn polling(&self) -> Option<u64> {
        let state = self.lock();
        state.is_polling.then_some(state.polls)
    }

    pub fn take_over(&self, poll: u64) -> Option<u32> {
        let mut state = self.lock();
        if !state.is_polling || state.polls != poll {
            return None;
        }
        let processor = state.processor?;
        state.is_lost = true;
        self.injected().append(&mut state.queue);
        Some(processor)
    }

    pub fn run(&self, processor: u32, mut poll: impl FnMut(u32)) -> Option<u32> {
        {
            let mut state = self.lock();
            state.processor = Some(processor);
            state.is_lost = false;
        }
        loop {
            let task = {
                let mut state = self.lock();
                if state.is_lost {
                    state.processor = None;
                    return None;
                }
                let next = state.queue.pop_front();
                let Some(task) = next.or_else(|| self.injected().pop_front()) else {
                    return state.processor.take();
                };
                state.polls += 1;
                state.is_polling = true;
                task
            };
            poll(task);
            self.lock().is_polling = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn injected(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.injector.lock().expect("no holder panics")
    }
}
