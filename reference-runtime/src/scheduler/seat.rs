//! What the monitor sees at one processor, from one look to the next, and what it makes of it.

use std::time::{Duration, Instant};

use super::handoff::Seen;
use super::kernel::{self, Sign};
use super::progress::Progress;
use super::report::Verdict;
use super::worker::Worker;
use crate::primitive::Arc;

/// A poll that computes, or of which nothing is known, is long after this time.
pub(super) const LONG: Duration = Duration::from_millis(10);

/// What was seen at one processor.
pub(super) struct Seat {
    pub(super) worker: Option<Arc<Worker>>,
    pub(super) permit: Seen,
    pub(super) tick: usize,
    /// See [`Progress::place`].
    pub(super) place: usize,
    /// Two looks found it inside the same `block_in_place`.
    pub(super) stays_in_place: bool,
    pub(super) since: Instant,
    pub(super) suspicion: Option<Suspicion>,
    /// The files of `worker`, once they were needed.
    files: Option<kernel::Thread>,
    /// Processor time of its thread when this poll was first seen, if somebody wants to know.
    pub(super) used_first: Option<Duration>,
    /// How long its thread had waited for a core when that was last asked.
    waited: Option<Duration>,
    /// The number of the last look that found the worker of this processor blocked.
    pub(super) was_blocked: Option<u64>,
}

/// A worker that two looks found in the same poll.
#[derive(Default)]
pub(super) struct Suspicion {
    /// Processor time and clock when the kernel was first asked.
    pub(super) first: Option<(Duration, Instant)>,
    /// Only one look found the worker in this poll: in a storm, to be asleep is suspect enough.
    pub(super) is_fresh: bool,
    pub(super) is_counted_as_starved: bool,
    pub(super) is_reported: bool,
}

impl Seat {
    pub(super) fn empty(now: Instant) -> Self {
        Self {
            worker: None,
            permit: Seen::NONE,
            tick: 0,
            place: 0,
            stays_in_place: false,
            since: now,
            suspicion: None,
            files: None,
            used_first: None,
            waited: None,
            was_blocked: None,
        }
    }

    /// Compares what is to be seen with what the last look saw.
    pub(super) fn look(&mut self, worker: Option<Arc<Worker>>, now: Instant, is_storm: bool) {
        let Some(worker) = worker else {
            self.worker = None;
            self.suspicion = None;
            return;
        };
        let (permit, tick, place) = (worker.permit.see(), worker.progress.tick(), worker.progress.place());
        let is_same_worker = self.worker.as_ref() == Some(&worker);
        let is_same_poll =
            is_same_worker && tick == self.tick && permit.processor() == self.permit.processor();
        self.stays_in_place = is_same_poll && place == self.place && Progress::is_in_place(place);
        if Progress::is_resting(tick) {
            self.suspicion = None;
        } else if is_same_poll {
            self.suspicion.get_or_insert_default().is_fresh = false;
        } else {
            self.since = now;
            self.used_first = None;
            self.suspicion = is_storm.then(|| Suspicion { is_fresh: true, ..Suspicion::default() });
        }
        if !is_same_worker {
            self.files = None;
            self.waited = None;
        }
        self.worker = Some(worker);
        self.permit = permit;
        self.tick = tick;
        self.place = place;
    }

    /// How long the worker's thread has waited for a core since this was last asked. `None`: that cannot be told.
    pub(super) fn waits_for_a_core(&mut self, asks_the_kernel: bool) -> Option<Duration> {
        let worker = self.worker.as_ref()?;
        let waited = files(&mut self.files, worker, asks_the_kernel)?.waited_for_a_core()?;
        let before = self.waited.replace(waited)?;
        Some(waited.saturating_sub(before))
    }

    /// For a poll that this look was the first to see: notes how much processor time its thread has used.
    pub(super) fn note_time(&mut self, now: Instant, asks_the_kernel: bool) {
        let worker = self.worker.as_ref().filter(|_| self.since == now);
        if let Some(worker) = worker {
            self.used_first = files(&mut self.files, worker, asks_the_kernel).and_then(kernel::Thread::used);
        }
    }

    /// The files of this worker's thread, if they were needed before.
    pub(super) fn files(&self) -> Option<&kernel::Thread> {
        self.files.as_ref()
    }

    // ANCHOR: verdict
    /// What to make of this suspect, if that can be told by now.
    pub(super) fn verdict(&mut self, now: Instant, asks_the_kernel: bool) -> Option<Verdict> {
        let suspicion = self.suspicion.as_mut()?;
        let worker = self.worker.as_ref()?;
        if self.stays_in_place {
            return Some(Verdict::Blocked);
        }
        let sign = files(&mut self.files, worker, asks_the_kernel).map_or(Sign::Silent, kernel::Thread::sign);
        let lasts = now - self.since;
        match sign {
            Sign::Sleeping => Some(Verdict::Blocked),
            Sign::Silent => (lasts >= LONG).then_some(Verdict::Unknown),
            Sign::Runnable(used) => {
                let (used_first, first) = *suspicion.first.get_or_insert((used, now));
                // By its own time, not by the clock's: beside other threads, ours or not, ten milliseconds of
                // computing take longer.
                if used.saturating_sub(used_first) >= LONG {
                    Some(Verdict::Computing)
                } else {
                    (now - first >= 2 * LONG).then_some(Verdict::Starved)
                }
            }
        }
    }
    // ANCHOR_END: verdict
}

/// The files of a worker's thread, opened if need be. `None`: the kernel is not to be asked, or the thread has yet to say
/// which one it is.
fn files<'a>(
    opened: &'a mut Option<kernel::Thread>,
    worker: &Worker,
    asks_the_kernel: bool,
) -> Option<&'a kernel::Thread> {
    let id = worker.thread.get().filter(|_| asks_the_kernel)?;
    Some(opened.get_or_insert_with(|| kernel::Thread::open(*id)))
}

#[cfg(all(test, target_os = "linux", not(reference_runtime_loom)))]
mod tests {
    use super::super::kernel::ThreadId;
    use super::*;

    #[test]
    fn a_thread_that_was_asked_about_before_it_ran_is_found_later() {
        let now = Instant::now();
        let (worker, _queue, _parker) = Worker::new();
        let mut seat = Seat::empty(now);
        seat.look(Some(Arc::clone(&worker)), now, false);
        assert_eq!(seat.waits_for_a_core(true), None);
        worker.thread.get_or_init(ThreadId::current);
        assert_eq!(seat.waits_for_a_core(true), None, "there is nothing to compare with yet");
        assert!(seat.waits_for_a_core(true).is_some());
    }
}
