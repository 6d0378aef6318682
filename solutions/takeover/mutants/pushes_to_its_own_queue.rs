//! Pushes to the queue of the worker that polls, as ever. If that has lost its processor, the task waits for a poll
//! that may take hours.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

pub const FAILS: &[&str] = &["a_task_pushed_after_the_takeover_is_not_stranded"];

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
    polls: u64,
    is_polling: bool,
}

impl Worker {
    pub fn new(injector: Arc<Injector>) -> Worker {
        Worker { injector, state: Mutex::default() }
    }

    pub fn push(&self, task: u32) {
        let mut state = self.lock();
        if state.processor.is_some() || state.is_polling {
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
        let processor = state.processor.take()?;
        self.injected().append(&mut state.queue);
        Some(processor)
    }

    pub fn run(&self, processor: u32, mut poll: impl FnMut(u32)) -> Option<u32> {
        self.lock().processor = Some(processor);
        loop {
            let task = {
                let mut state = self.lock();
                state.processor?;
                let next = state.queue.pop_front();
                let Some(task) = next.or_else(|| self.injected().pop_front()) else {
                    return state.processor.take();
                };
                state.polls += 1;
                state.is_polling = true;
                task
            };
            poll(task);
            let mut state = self.lock();
            state.is_polling = false;
            if state.processor.is_none() {
                self.injected().append(&mut state.queue);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn injected(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.injector.lock().expect("no holder panics")
    }
}
