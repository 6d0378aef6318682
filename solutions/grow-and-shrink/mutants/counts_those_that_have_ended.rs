//! Counts threads when they start and not when they end, so that the limit is one for the whole life of the program.

use std::{io, time::Duration};

pub const FAILS: &[&str] =
    &["a_thread_that_has_rested_long_ends", "light_load_after_a_storm_does_not_keep_the_crew"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Rested(usize),
    Started(usize),
    Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Task,
    Rest,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub ended: Vec<usize>,
    pub started: Vec<usize>,
}

pub struct Crew<S> {
    max_threads: usize,
    keep_alive: Duration,
    start: S,
    next: usize,
    threads: usize,
    resting: Vec<(usize, Duration)>,
    waiting: usize,
    is_refused: bool,
}

impl<S: FnMut(usize) -> io::Result<()>> Crew<S> {
    pub fn new(max_threads: usize, keep_alive: Duration, start: S) -> Crew<S> {
        let resting = Vec::new();
        Crew { max_threads, keep_alive, start, next: 0, threads: 0, resting, waiting: 0, is_refused: false }
    }

    pub fn call(&mut self) -> Answer {
        if let Some((thread, _)) = self.resting.pop() {
            return Answer::Rested(thread);
        }
        if let Some(thread) = self.start_one() {
            return Answer::Started(thread);
        }
        self.waiting += 1;
        Answer::Waits
    }

    pub fn done(&mut self, thread: usize, now: Duration) -> Next {
        if self.waiting > 0 {
            self.waiting -= 1;
            return Next::Task;
        }
        self.resting.push((thread, now));
        Next::Rest
    }

    pub fn look(&mut self, now: Duration) -> Look {
        let mut look = Look::default();
        self.resting.retain(|(thread, since)| {
            let stays = now - *since < self.keep_alive;
            if !stays {
                look.ended.push(*thread);
            }
            stays
        });
        self.is_refused = false;
        while self.waiting > 0 {
            let Some(thread) = self.start_one() else { break };
            self.waiting -= 1;
            look.started.push(thread);
        }
        look
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    fn start_one(&mut self) -> Option<usize> {
        if self.threads >= self.max_threads || self.is_refused {
            return None;
        }
        let thread = self.next;
        if (self.start)(thread).is_err() {
            self.is_refused = true;
            return None;
        }
        self.next += 1;
        self.threads += 1;
        Some(thread)
    }
}
