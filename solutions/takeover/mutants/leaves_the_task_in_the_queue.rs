//! Takes a task from its queue when it has been polled, so that it is not lost if the poll panics. A takeover in
//! between finds it there, and it is polled twice.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

pub const FAILS: &[&str] = &[
    "tasks_behind_a_blocked_one_run_elsewhere",
    "the_returning_worker_polls_nothing",
    "a_task_pushed_after_the_takeover_is_not_stranded",
    "a_worker_may_run_again",
];

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
        if state.processor.is_some() {
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
                if state.queue.is_empty() {
                    let injected = self.injected().pop_front();
                    state.queue.extend(injected);
                }
                let Some(&task) = state.queue.front() else {
                    return state.processor.take();
                };
                state.polls += 1;
                state.is_polling = true;
                task
            };
            poll(task);
            let mut state = self.lock();
            state.is_polling = false;
            if state.queue.front() == Some(&task) {
                state.queue.pop_front();
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
