//! Polls in lanes, as far as somebody wants to know of them.
//!
//! Nobody waits for a poll in a lane, so the monitor need not look at it. But a report is due when it goes on for long:
//! it may be one that never comes back.

use std::time::Instant;

use super::Scheduler;
use super::progress::Progress;
use super::report::Verdict;
use super::seat::{LONG, Seat};
use super::worker::Worker;
use crate::primitive::Ordering;

/// A seat for each thread that polls in a lane, as seen at the last look.
#[derive(Default)]
pub(super) struct Asides(Vec<Seat>);

impl Asides {
    /// Looks at all of them, and reports those that have gone on for long. True while there are any.
    pub(super) fn look(&mut self, scheduler: &Scheduler, now: Instant) -> bool {
        if !scheduler.reports.is_wanted() {
            self.0.clear();
            return false;
        }
        let asks = scheduler.config.asks_the_kernel;
        let mut before = std::mem::take(&mut self.0);
        for worker in scheduler.threads.workers() {
            if !worker.is_in_lane() {
                continue;
            }
            let at = before.iter().position(|seat| seat.worker.as_ref() == Some(&worker));
            let mut seat = at.map_or_else(|| Seat::empty(now), |at| before.swap_remove(at));
            seat.look(Some(worker), now, false);
            seat.note_time(now, asks);
            report(&mut seat, scheduler, now);
            self.0.push(seat);
        }
        !self.0.is_empty()
    }
}

/// What a thread polls without a processor.
#[derive(Clone, Copy)]
pub(super) enum Aside {
    Nothing,
    /// A task of a lane.
    Task,
    /// A closure of `spawn_blocking`, which says that it blocks.
    Closure,
}

impl Worker {
    pub(super) fn set_aside(&self, aside: Aside) {
        self.aside.store(aside as u32, Ordering::Relaxed);
    }

    /// Whether it polls a task of a lane.
    pub(super) fn is_in_lane(&self) -> bool {
        self.aside.load(Ordering::Relaxed) == Aside::Task as u32
    }

    /// Whether it polls what is known to block.
    pub(super) fn is_aside(&self) -> bool {
        self.aside.load(Ordering::Relaxed) != Aside::Nothing as u32
    }
}

fn report(seat: &mut Seat, scheduler: &Scheduler, now: Instant) {
    let is_due = seat.suspicion.as_ref().is_some_and(|suspicion| !suspicion.is_reported);
    if !is_due || now - seat.since < LONG || Progress::is_in_place(seat.place) {
        return;
    }
    let verdict = seat.verdict(now, scheduler.config.asks_the_kernel);
    let Some(verdict) = verdict.filter(|verdict| *verdict != Verdict::Starved) else { return };
    if let Some((worker, absence)) = seat.report_once(scheduler, verdict, now) {
        worker.report(absence, &scheduler.reports);
    }
}
