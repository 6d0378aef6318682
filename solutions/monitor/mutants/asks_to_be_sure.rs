//! Asks the kernel about each suspect and looks afterwards whether anybody would gain from the answer.

use std::time::Duration;

pub const FAILS: &[&str] = &["nobody_is_asked_about_when_nobody_would_gain"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub tick: u64,
    pub task: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    pub letter: char,
    pub used: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Blocked,
    Computing,
    Starved,
    Unknown,
}

#[derive(Debug, Clone, Copy)]
struct Watched {
    trace: Trace,
    since: Duration,
    first: Option<(Duration, Duration)>,
}

#[derive(Debug)]
pub struct Monitor {
    watched: Vec<Option<Watched>>,
    long: Duration,
}

impl Monitor {
    pub fn new(workers: usize, long: Duration) -> Monitor {
        Monitor { watched: vec![None; workers], long }
    }

    pub fn look(
        &mut self,
        now: Duration,
        work_waits: bool,
        workers: &[Trace],
        ask: &mut dyn FnMut(usize) -> Option<Thread>,
    ) -> Vec<Option<Verdict>> {
        let long = self.long;
        let seats = self.watched.iter_mut().zip(workers).enumerate();
        seats
            .map(|(worker, (watched, trace))| {
                let suspect = find_suspect(watched, *trace, now)?;
                let verdict = suspect.judge(now, long, ask(worker));
                verdict.filter(|_| work_waits)
            })
            .collect()
    }
}

fn find_suspect(watched: &mut Option<Watched>, trace: Trace, now: Duration) -> Option<&mut Watched> {
    if trace.task.is_none() {
        *watched = None;
        return None;
    }
    if watched.is_none_or(|before| before.trace != trace) {
        *watched = Some(Watched { trace, since: now, first: None });
        return None;
    }
    watched.as_mut()
}

impl Watched {
    fn judge(&mut self, now: Duration, long: Duration, answer: Option<Thread>) -> Option<Verdict> {
        let Some(thread) = answer else {
            return (now - self.since >= long).then_some(Verdict::Unknown);
        };
        if matches!(thread.letter, 'S' | 'D') {
            return Some(Verdict::Blocked);
        }
        let (asked, used) = *self.first.get_or_insert((now, thread.used));
        if thread.used - used >= long {
            Some(Verdict::Computing)
        } else {
            (now - asked >= 2 * long).then_some(Verdict::Starved)
        }
    }
}
