//! What the monitor does when it looks.
//!
//! A worker is *suspect* when two looks find it in the same poll. Something is to *gain* when a task waits that no
//! worker is on its way to, or when nobody waits in the reactor. Only with both is the kernel asked about the thread:
//!
//! | [`Sign`](super::kernel::Sign)             | [`Verdict`] | Reaction                                             |
//! |-------------------------------------------|-------------|------------------------------------------------------|
//! | it sleeps                                 | `Blocked`   | hand its processor off at once                       |
//! | it runs, and has computed for [`LONG`]    | `Computing` | none, unless every processor computes: then hand one |
//! |                                           |             | off, as relief, up to a limit                        |
//! | it could run, and has used little time    | `Starved`   | none: threads are not what is missing                |
//! | silence                                   | `Unknown`   | hand off after [`LONG`]                              |
//!
//! If another worker sleeps, no processor has to change hands: what is queued behind the suspect moves to the injector,
//! and the sleeper is woken.
//!
//! **The ramp.** When every processor was found blocked within a few looks, the next tasks in line will probably block
//! as well. So besides the hand-offs the monitor sends a growing number of tasks from the injector to the blocking lane, where each
//! is polled by a thread of its own: 2, then 4, 8, … A storm of forty blocking polls is under way after five steps.

use std::time::{Duration, Instant};

use super::Scheduler;
use super::absence::Kept;
use super::asides::Asides;
use super::crowd::Crowd;
use super::lanes::Lane;
use super::parts::Part;
use super::progress::Progress;
use super::report::Verdict;
use super::seat::{LONG, Seat};
use super::worker::Worker;
use crate::primitive::{Arc, Ordering, fence, lock};
use crate::trace;

/// A poll that was relieved so long ago is not expected back, and no longer counts towards the limit of relief: a
/// program with an endless loop in many tasks goes on, if slowly.
const GIVEN_UP: Duration = Duration::from_secs(1);
/// The computing lane may stand still for so long while tasks wait in it; then one more thread serves it. The tasks
/// of a type need not all be alike: behind some that never come back may wait others that take no time.
const COMPUTING_LANE_STANDS: Duration = Duration::from_millis(50);
/// The blocking lane may stand still for so long, because as many of its polls as there may be threads do not come
/// back; then tasks are let out of it, one at a look, to where they were before they were caught blocking. Long, for
/// a task that blocks again takes a worker away at a time when no thread can stand in.
const BLOCKING_LANE_STANDS: Duration = Duration::from_secs(2);
/// Events may wait for so long while every worker is busy, before one is asked to look up.
const UNATTENDED: Duration = Duration::from_millis(1);
/// The time between two looks when all is well, at most: it bounds the delay until a poll is suspect at all.
const CALM: Duration = Duration::from_millis(4);
/// So many looks come at the shortest distance after the monitor wakes, before it slows down: the first can only find
/// which polls there are, and the second which of them go on.
const FIRST_LOOKS: u32 = 2;
/// After so long without anything to watch, the monitor parks.
const QUIET: Duration = Duration::from_millis(20);
/// The most tasks that one look sends to the blocking lane.
const STEEPEST_RAMP: usize = 64;
/// Looks without a fully blocked scheduler until the ramp begins anew. A worker becomes suspect at the second look, so
/// between two generations of a storm there is one.
const RAMP_PATIENCE: u64 = 4;
/// A type of future that is found blocked a second time within this time blocks as a rule. One that does so less often
/// costs no more than a hand-off each time.
const PROBATION: Duration = Duration::from_millis(100);

/// When to look next.
pub(crate) enum Next {
    Look(Duration),
    /// After a farewell look.
    Park,
    /// At once: every worker sleeps. The first that wakes is to be looked at after this time.
    Sleep {
        first_look: Duration,
    },
}

/// What the monitor remembers from one look to the next.
pub(crate) struct Watch {
    pub(crate) scheduler: Arc<Scheduler>,
    period: Duration,
    pace: Duration,
    /// Looks since there was something urgent, or since the monitor woke.
    calm_looks: u32,
    /// By processor.
    seats: Vec<Seat>,
    /// Workers that lost their processors to relieve others, and have not come back.
    relieved: Vec<Relieved>,
    /// Workers whose processors were taken at the last look: a push that raced it may have gone to their own queues.
    flush_again: Vec<Arc<Worker>>,
    /// Types of futures that were found blocked once, and when. As many as verdicts fit into [`PROBATION`].
    suspect_types: Vec<(usize, Instant)>,
    ramp: usize,
    looks: u64,
    looks_without_storm: u64,
    unattended_since: Option<Instant>,
    /// How far each lane was when it last moved on, and when that was, while tasks wait in it.
    lanes: [Option<(u64, Instant)>; 2],
    quiet_since: Option<Instant>,
    /// When the last look found every worker asleep.
    asleep_since: Option<Instant>,
    /// Something waited in the injector at the last look while a worker slept.
    has_waited: bool,
    crowd: Crowd,
    kept: Kept,
    asides: Asides,
}

/// A worker that lost its processor to relieve others, in the poll with this tick.
struct Relieved {
    worker: Arc<Worker>,
    tick: usize,
    since: Instant,
}

/// What there is to gain.
#[derive(Clone, Copy)]
struct Need {
    tasks_wait: bool,
    reactor_is_alone: bool,
}

impl Need {
    fn is_any(self) -> bool {
        self.tasks_wait || self.reactor_is_alone
    }
}

impl Watch {
    pub(crate) fn new(scheduler: Arc<Scheduler>, period: Duration) -> Self {
        let now = Instant::now();
        Self {
            seats: scheduler.processors.iter().map(|_| Seat::empty(now)).collect(),
            scheduler,
            period,
            pace: period,
            calm_looks: 0,
            relieved: Vec::new(),
            flush_again: Vec::new(),
            suspect_types: Vec::new(),
            ramp: 0,
            looks: 0,
            looks_without_storm: 0,
            unattended_since: None,
            lanes: [None; 2],
            quiet_since: None,
            asleep_since: None,
            has_waited: false,
            crowd: Crowd::new(now),
            kept: Kept::default(),
            asides: Asides::default(),
        }
    }

    /// One look at everything. The farewell look, after the monitor said that it parks, parks unless there is something
    /// to watch after all.
    pub(crate) fn look(&mut self, is_farewell: bool) -> Next {
        let now = Instant::now();
        self.scheduler.counters.look();
        self.looks += 1;
        if self.asleep_since.take().is_some_and(|since| now - since >= QUIET) {
            self.start_anew();
        }
        for worker in std::mem::take(&mut self.flush_again) {
            self.scheduler.flush(&worker);
        }
        self.relieved.retain(|relieved| relieved.worker.progress.tick() == relieved.tick);
        let is_storm = self.ramp > 0;
        for (seat, processor) in self.seats.iter_mut().zip(&self.scheduler.processors) {
            seat.look(processor.worker(), now, is_storm);
        }
        self.seats
            .iter()
            .filter_map(|seat| seat.worker.as_ref())
            .for_each(|worker| self.scheduler.trace_lengths(worker));
        let is_wanted = self.scheduler.reports.is_wanted();
        self.kept.look(&self.scheduler.reports);
        let are_asides = self.asides.look(&self.scheduler, now);
        if is_wanted {
            let asks = self.scheduler.config.asks_the_kernel;
            self.seats.iter_mut().for_each(|seat| seat.note_time(now, asks));
        }
        self.watch_the_cores(now);
        let need = self.need();
        let suspects = self.seats.iter().filter(|seat| seat.suspicion.is_some()).count();
        if suspects > 0 && need.is_any() {
            if self.scheduler.idle.sleeping() > 0 {
                self.send_a_sleeper(need);
            } else {
                self.judge(now);
            }
        }
        self.hand_off_what_is_long_blocked(now);
        let events_wait = self.watch_the_reactor(now);
        self.watch_the_injector();
        let lanes_wait = self.watch_the_lanes(now);
        let starts_are_due = self.scheduler.retry_starts();
        // Of a thread that runs there is nothing to be learned for a while: see `LONG`.
        let is_to_be_asked =
            |seat: &Seat| seat.suspicion.as_ref().is_some_and(|suspicion| suspicion.first.is_none());
        // Who takes the place of one that blocked is likely to block as well.
        let was_blocked_now = |seat: &Seat| seat.was_blocked == Some(self.looks);
        let is_urgent =
            need.is_any() && self.seats.iter().any(is_to_be_asked) || self.seats.iter().any(was_blocked_now);
        let all_sleep = self.all_sleep();
        let is_quiet = (suspects == 0 || !need.is_any() && !is_wanted)
            && self.kept.is_empty()
            && !are_asides
            && !events_wait
            && !starts_are_due
            && !need.tasks_wait
            && !lanes_wait
            && (all_sleep || !need.reactor_is_alone);
        if is_quiet && all_sleep && self.flush_again.is_empty() {
            self.slow_down(false);
            self.asleep_since = Some(now);
            return Next::Sleep { first_look: self.pace };
        }
        self.pace(now, is_urgent, is_quiet, is_farewell)
    }

    /// Finds out whether there are cores for all workers that are awake.
    fn watch_the_cores(&mut self, now: Instant) {
        if !self.crowd.is_due(now) {
            return;
        }
        let asks = self.scheduler.config.asks_the_kernel;
        let waited = self.seats.iter_mut().map(|seat| seat.waits_for_a_core(asks)).sum();
        let awake = self.seats.len().saturating_sub(self.scheduler.idle.sleeping());
        let is_crowded = self.crowd.judge(now, waited, awake);
        self.scheduler.is_crowded.store(is_crowded, Ordering::Relaxed);
    }

    /// Whether nobody is awake whom the monitor would watch, and nothing waits for it to make a lane wider.
    pub(crate) fn all_sleep(&self) -> bool {
        let is_empty = |lane| self.scheduler.lanes.queue(lane).is_empty();
        self.scheduler.idle.sleeping() == self.seats.len()
            && is_empty(Lane::Blocking)
            && is_empty(Lane::Computing)
    }

    fn need(&self) -> Need {
        let is_held = |seat: &Seat| {
            let worker = seat.worker.as_ref().filter(|_| seat.suspicion.is_some());
            worker.is_some_and(|worker| !worker.queue.is_empty() || !worker.next_task.is_empty())
        };
        Need {
            tasks_wait: !self.scheduler.injector.is_empty() || self.seats.iter().any(is_held),
            reactor_is_alone: !self.scheduler.reactor.is_attended(),
        }
    }

    /// A worker is stuck and another one sleeps.
    fn send_a_sleeper(&mut self, need: Need) {
        for seat in &self.seats {
            let is_stuck = seat.suspicion.as_ref().is_some_and(|suspicion| !suspicion.is_fresh);
            if let Some(worker) = seat.worker.as_ref().filter(|_| is_stuck) {
                self.scheduler.flush(worker);
            }
        }
        if need.reactor_is_alone {
            self.scheduler.wake_a_worker();
        }
    }

    /// Asks the kernel about every suspect, and reacts.
    fn judge(&mut self, now: Instant) {
        let occupied = self.seats.iter().filter(|seat| seat.worker.is_some()).count();
        let mut handed_off = 0;
        let mut computing = 0;
        for processor in 0..self.seats.len() {
            let asks = self.scheduler.config.asks_the_kernel;
            let Some(verdict) = self.seats[processor].verdict(now, asks) else { continue };
            match verdict {
                Verdict::Blocked | Verdict::Unknown => {
                    handed_off += usize::from(self.hand_off(processor, verdict, now))
                }
                Verdict::Computing => computing += 1,
                Verdict::Starved => self.count_as_starved(processor),
            }
        }
        if computing == occupied {
            self.relieve(now);
        }
        let was_blocked =
            |seat: &&Seat| seat.was_blocked.is_some_and(|look| self.looks - look < RAMP_PATIENCE);
        let blocked = self.seats.iter().filter(was_blocked).count();
        if handed_off == occupied || (handed_off > 0 && blocked >= occupied) {
            self.climb();
        } else {
            self.looks_without_storm += 1;
            if self.looks_without_storm > RAMP_PATIENCE {
                self.ramp = 0;
            }
        }
    }

    fn count_as_starved(&mut self, processor: usize) {
        let seat = &mut self.seats[processor];
        let Some(suspicion) = seat.suspicion.as_mut() else { return };
        if !std::mem::replace(&mut suspicion.is_counted_as_starved, true) {
            if let Some(worker) = &seat.worker {
                trace::blocked(&worker.traced, Verdict::Starved as u8, seat.since.elapsed());
            }
            self.scheduler.counters.verdict(Verdict::Starved);
        }
    }

    /// Gives the processor of a stuck worker to another thread. False: the worker came back in this moment.
    fn hand_off(&mut self, processor: usize, verdict: Verdict, now: Instant) -> bool {
        if !self.scheduler.config.parts.has(Part::HandOff) {
            return false;
        }
        let seat = &mut self.seats[processor];
        let Some(worker) = seat.worker.take() else { return false };
        let permit = seat.permit;
        let is_reported = seat.suspicion.take().is_some_and(|suspicion| suspicion.is_reported);
        let (kind, task) = (worker.progress.kind(), worker.progress.polled());
        if worker.progress.tick() != seat.tick || !worker.permit.revoke(permit) {
            return false;
        }
        // SeqCst: the partner is the fence in `Idle::sleep`, see `Context::rest`.
        fence(Ordering::SeqCst);
        if worker.progress.tick() != seat.tick {
            self.scheduler.rouse(&worker);
        }
        if verdict == Verdict::Blocked {
            seat.was_blocked = Some(self.looks);
        }
        let is_in_place = Progress::is_in_place(seat.place);
        if !is_in_place {
            match (verdict, kind) {
                (Verdict::Blocked, Some(kind)) => self.suspect_type(kind, now),
                (Verdict::Computing, Some(kind)) => self.scheduler.learned.raise(kind, Lane::Computing),
                // Only what the kernel says is worth learning.
                _ => {}
            }
            trace::blocked(&worker.traced, verdict as u8, now - self.seats[processor].since);
            self.scheduler.counters.verdict(verdict);
            let since = self.seats[processor].since;
            *lock(&self.scheduler.processors[processor].stuck_since) = Some(since);
        }
        self.scheduler.hand_off(&worker, permit);
        // Only now, as it takes time.
        if is_reported {
            self.kept.leave(&worker, &self.scheduler.reports);
        } else if let Some(task) = task.filter(|_| !is_in_place) {
            let absence = self.seats[processor].report(&self.scheduler, &worker, task, verdict, now);
            if let Some(absence) = absence {
                worker.report(absence, &self.scheduler.reports);
            }
        }
        self.flush_again.push(worker);
        true
    }

    /// A poll of this type was found blocked. Once is no proof: any future may wait for a lock whose holder got no core.
    fn suspect_type(&mut self, kind: usize, now: Instant) {
        self.suspect_types.retain(|(_, since)| now - *since < PROBATION);
        if self.suspect_types.iter().any(|(suspect, _)| *suspect == kind) {
            self.scheduler.learned.raise(kind, Lane::Blocking);
        }
        self.suspect_types.retain(|(suspect, _)| *suspect != kind);
        self.suspect_types.push((kind, now));
    }

    // ANCHOR: relieve
    /// Every processor computes, and something waits. One hand-off at a look.
    fn relieve(&mut self, now: Instant) {
        // One more thread per processor to compute, and one to attend to the rest. More would only take turns.
        let expected_back = self.relieved.iter().filter(|relieved| now - relieved.since < GIVEN_UP).count();
        if expected_back >= 2 * self.seats.len() {
            return;
        }
        let workers = self.seats.iter().filter_map(|seat| seat.worker.as_ref());
        for kind in workers.filter_map(|worker| worker.progress.kind()) {
            self.scheduler.learned.raise(kind, Lane::Computing);
        }
        for processor in 0..self.seats.len() {
            let seat = &self.seats[processor];
            let Some(worker) = seat.worker.clone() else { continue };
            let tick = seat.tick;
            if self.hand_off(processor, Verdict::Computing, now) {
                self.relieved.push(Relieved { worker, tick, since: now });
                return;
            }
        }
    }
    // ANCHOR_END: relieve

    // ANCHOR: climb
    /// The next step of the ramp.
    fn climb(&mut self) {
        self.looks_without_storm = 0;
        self.ramp = (self.ramp * 2).clamp(2, STEEPEST_RAMP);
        // No more than threads can take at once: behind polls that never come back, those tasks would wait for ever,
        // while a worker could have polled them.
        for _ in 0..self.ramp.min(self.scheduler.room_in_blocking_lane()) {
            let Some(runnable) = self.scheduler.injector.pop() else { return };
            self.scheduler.send_to_lane(runnable, Lane::Blocking);
        }
    }
    // ANCHOR_END: climb

    /// A worker that sleeps in a poll for long gives its processor up even if nobody needs it now: whoever needs it
    /// next would have to wait until a look.
    fn hand_off_what_is_long_blocked(&mut self, now: Instant) {
        for processor in 0..self.seats.len() {
            let seat = &mut self.seats[processor];
            if seat.suspicion.is_none() || now - seat.since < LONG {
                continue;
            }
            match seat.verdict(now, self.scheduler.config.asks_the_kernel) {
                Some(Verdict::Blocked) => _ = self.hand_off(processor, Verdict::Blocked, now),
                // It keeps its processor.
                Some(Verdict::Computing) => {
                    if let Some(reported) = seat.report_once(&self.scheduler, Verdict::Computing, now) {
                        self.kept.add(reported, &self.scheduler.reports);
                    }
                }
                _ => {}
            }
        }
    }

    /// Sees to it that somebody looks at the reactor while every worker is busy with short polls. True while events
    /// wait.
    fn watch_the_reactor(&mut self, now: Instant) -> bool {
        let reactor = &self.scheduler.reactor;
        let is_due = || reactor.next_deadline().is_some_and(|deadline| deadline <= now);
        if reactor.is_attended() || (reactor.events_waiting() == Some(false) && !is_due()) {
            let since = self.unattended_since.take();
            since.into_iter().for_each(|since| self.scheduler.unattended.add(now - since));
            return false;
        }
        if now - *self.unattended_since.get_or_insert(now) >= UNATTENDED && !self.scheduler.wake_a_worker() {
            for worker in self.seats.iter().filter_map(|seat| seat.worker.as_ref()) {
                let seen = worker.permit.see();
                if seen.processor().is_some() && !Progress::is_in_place(worker.progress.place()) {
                    worker.permit.ask(seen);
                }
            }
        }
        true
    }

    /// A task that waits in the injector from one look to the next, beside a worker that sleeps, gets that worker.
    fn watch_the_injector(&mut self) {
        let waits = !self.scheduler.injector.is_empty() && self.scheduler.idle.sleeping() > 0;
        if waits && self.has_waited {
            self.scheduler.wake_a_worker();
        }
        self.has_waited = waits;
    }

    /// True while tasks wait in a lane.
    fn watch_the_lanes(&mut self, now: Instant) -> bool {
        if self.stands(Lane::Computing, now, COMPUTING_LANE_STANDS) {
            self.lanes[Lane::Computing as usize] = None;
            self.scheduler.widen_computing_lane();
        }
        // One worker is kept for those that never block, where there are several.
        let workers_to_spare = self.scheduler.idle.sleeping().min(self.seats.len() - 1);
        let may_take_one =
            workers_to_spare > 0 || (self.seats.len() == 1 && self.scheduler.idle.sleeping() == 1);
        if self.stands(Lane::Blocking, now, BLOCKING_LANE_STANDS) && may_take_one {
            self.scheduler.release_from_blocking_lane();
        }
        self.lanes.iter().any(Option::is_some)
    }

    /// Whether tasks have waited for so long in a lane from which none was taken.
    fn stands(&mut self, lane: Lane, now: Instant, patience: Duration) -> bool {
        let Some(taken) = self.scheduler.progress_of_lane(lane) else {
            self.lanes[lane as usize] = None;
            return false;
        };
        match self.lanes[lane as usize] {
            Some((before, since)) if before == taken => now - since >= patience,
            _ => {
                self.lanes[lane as usize] = Some((taken, now));
                false
            }
        }
    }

    fn pace(&mut self, now: Instant, is_urgent: bool, is_quiet: bool, is_farewell: bool) -> Next {
        if !is_quiet {
            self.quiet_since = None;
        } else if is_farewell || now - *self.quiet_since.get_or_insert(now) >= QUIET {
            self.start_anew();
            return Next::Park;
        }
        self.slow_down(is_urgent);
        Next::Look(self.pace)
    }

    fn slow_down(&mut self, is_urgent: bool) {
        self.calm_looks = if is_urgent { 0 } else { self.calm_looks.saturating_add(1) };
        let keeps_pace = self.calm_looks < FIRST_LOOKS;
        self.pace = if keeps_pace { self.period } else { (self.pace * 2).min(CALM.max(self.period)) };
    }

    /// After a rest the first looks come at full pace.
    fn start_anew(&mut self) {
        self.pace = self.period;
        self.calm_looks = 0;
        self.quiet_since = None;
    }
}
