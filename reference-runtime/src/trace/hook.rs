//! The hooks: what the rest of the crate calls where something happens.
//!
//! Each is a test of one word and, while a recording is going on, a call of [`record`]. Without the feature `trace`
//! the file `off.rs` stands here, whose hooks are empty.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::time::Duration;

use super::clock::Clock;
use super::event::{ParkPlace, PollResult};
use super::ring::Writer;
use super::session::{self, LOCATION_BITS};
use super::which::WhichThread;
use super::word::{Kind, NO_PROCESSOR, TASK_BITS, mask};

/// How many locations a thread remembers the numbers of. A power of two.
const REMEMBERED: usize = 64;

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
    static THIS: This = const { This::new() };
}

/// What is known of a thread whether it records or not.
struct This {
    /// Given at the first question; 0 before.
    number: Cell<u32>,
    /// 0: none.
    runtime: Cell<u32>,
    processor: Cell<u64>,
}

impl This {
    const fn new() -> This {
        This { number: Cell::new(0), runtime: Cell::new(0), processor: Cell::new(NO_PROCESSOR) }
    }
}

/// What a thread records with.
struct Recorder {
    /// Of which recording.
    session: u32,
    clock: Clock,
    writer: Option<Writer>,
    /// When the last event happened, if that was the end of a poll: the next poll begins then. It saves a look at the
    /// clock, which is most of what an event costs.
    last_end: Option<u64>,
    /// By address, the numbers of locations.
    locations: [(usize, u32); REMEMBERED],
}

/// The number of the calling thread.
pub(super) fn this_thread() -> u32 {
    THIS.with(|this| {
        if this.number.get() == 0 {
            this.number.set(session::next_thread());
        }
        this.number.get()
    })
}

/// The calling thread works for the runtime of this number.
pub(super) fn works_for(runtime: u32) {
    THIS.with(|this| this.runtime.set(runtime));
}

#[inline]
pub(super) fn is_recording() -> bool {
    session::current() != 0
}

/// Calls `record` with the recorder of this thread.
#[inline]
fn record(record: impl FnOnce(&mut Recorder)) {
    // The thread's locals may be gone already; and an allocator of the user's may come back here from the first event.
    let _ = RECORDER.try_with(|recorder| {
        let Ok(mut recorder) = recorder.try_borrow_mut() else { return };
        let session = session::current();
        if recorder.as_ref().is_none_or(|recorder| recorder.session != session) {
            *recorder = Recorder::join();
        }
        if let Some(recorder) = recorder.as_mut() {
            record(recorder);
        }
    });
}

impl Recorder {
    #[cold]
    fn join() -> Option<Recorder> {
        let place = session::join(this_thread(), THIS.with(|this| this.runtime.get()))?;
        Some(Recorder {
            session: place.number,
            clock: place.clock,
            writer: place.writer,
            last_end: None,
            locations: [(0, 0); REMEMBERED],
        })
    }

    #[inline]
    fn push(&mut self, kind: Kind, at: u64, about: u64) {
        if let Some(writer) = &mut self.writer {
            writer.push(kind.at(at, about));
        }
    }

    /// An event that happens now.
    #[inline]
    fn push_now(&mut self, kind: Kind, about: u64) {
        self.last_end = None;
        let now = self.clock.now();
        self.push(kind, now, about);
    }

    #[inline]
    fn location(&mut self, location: &'static Location<'static>) -> u64 {
        let address = std::ptr::from_ref(location) as usize;
        let slot = &mut self.locations[address / align_of::<Location<'_>>() % REMEMBERED];
        if slot.0 != address {
            *slot = (address, session::location(location));
        }
        u64::from(slot.1)
    }

    /// A task and where it was spawned.
    #[inline]
    fn task_at(&mut self, task: u64, location: &'static Location<'static>) -> u64 {
        mask(task, TASK_BITS) | mask(self.location(location), LOCATION_BITS) << TASK_BITS
    }
}

// ---- Tasks ----

/// A task was made.
#[inline]
pub(crate) fn spawned(task: u64, location: &'static Location<'static>) {
    if is_recording() {
        record_spawned(task, location);
    }
}

#[cold]
#[inline(never)]
fn record_spawned(task: u64, location: &'static Location<'static>) {
    record(|recorder| {
        let about = recorder.task_at(task, location);
        recorder.push_now(Kind::Spawned, about);
    });
}

/// A task was given a name.
#[inline]
pub(crate) fn named(task: u64, name: &str) {
    if is_recording() {
        session::name(task, name);
    }
}

/// A task is about to be queued, as somebody woke it.
#[inline]
pub(crate) fn woken(task: impl FnOnce() -> u64) {
    if is_recording() {
        record_now(Kind::Woken, mask(task(), TASK_BITS));
    }
}

/// A poll begins. `is_closure`: of a closure of `spawn_blocking`.
#[inline]
pub(crate) fn poll_begins(
    task: impl FnOnce() -> u64,
    location: &'static Location<'static>,
    is_closure: bool,
) -> Polled {
    // Whether or not it is recorded: by the time it ends, it may be. And the task may be gone then.
    let task = task();
    if is_recording() {
        record_poll_begins(task, location, is_closure);
    }
    Polled { task }
}

/// The task that is polled.
#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct Polled {
    task: u64,
}

#[cold]
#[inline(never)]
fn record_poll_begins(task: u64, location: &'static Location<'static>, is_closure: bool) {
    record(|recorder| {
        let about = recorder.task_at(task, location);
        let begin = recorder.last_end.take().unwrap_or_else(|| recorder.clock.now());
        recorder.push(if is_closure { Kind::ClosureBegins } else { Kind::PollBegins }, begin, about);
    });
}

impl Polled {
    /// The poll has ended. To be called before another thread may poll the task.
    #[inline]
    pub(crate) fn ends(self, result: PollResult) {
        if is_recording() {
            record_poll_ends(self.task, result);
        }
    }

    /// The task was woken during the poll, which has ended.
    #[inline]
    pub(crate) fn was_woken(self) {
        if is_recording() {
            record_woken_during_poll(self.task);
        }
    }
}

#[cold]
#[inline(never)]
fn record_poll_ends(task: u64, result: PollResult) {
    record(|recorder| {
        let now = recorder.clock.now();
        let processor = THIS.with(|this| this.processor.get());
        let about = mask(task, TASK_BITS) | (result as u64) << TASK_BITS | processor << (TASK_BITS + 4);
        recorder.push(Kind::PollEnds, now, about);
        recorder.last_end = Some(now);
    });
}

#[cold]
#[inline(never)]
fn record_woken_during_poll(task: u64) {
    record(|recorder| {
        // The next poll may begin at the same time.
        let now = recorder.last_end.unwrap_or_else(|| recorder.clock.now());
        recorder.push(Kind::WokenDuringPoll, now, mask(task, TASK_BITS));
    });
}

/// A task was cancelled unrun.
#[inline]
pub(crate) fn cancelled(task: impl FnOnce() -> u64) {
    if is_recording() {
        record_now(Kind::Cancelled, mask(task(), TASK_BITS));
    }
}

#[cold]
#[inline(never)]
pub(super) fn record_now(kind: Kind, about: u64) {
    record(|recorder| recorder.push_now(kind, about));
}

// ---- Threads ----

/// This thread took so many tasks from the queue of another.
#[inline]
pub(crate) fn stole(from: &WhichThread, tasks: impl FnOnce() -> usize) {
    if is_recording() {
        record_now(Kind::Stole, from.number() | mask(tasks() as u64, 24) << 24);
    }
}

/// This thread took so many tasks from the injector.
#[inline]
pub(crate) fn took(tasks: impl FnOnce() -> usize) {
    if is_recording() {
        record_now(Kind::Took, tasks() as u64);
    }
}

/// This thread sleeps while `sleep` runs.
#[inline]
pub(crate) fn asleep<R>(place: ParkPlace, sleep: impl FnOnce() -> R) -> R {
    let _asleep = park(place);
    sleep()
}

/// This thread sleeps until the guard is dropped.
#[inline]
pub(crate) fn park(place: ParkPlace) -> Asleep {
    if is_recording() {
        record_now(Kind::Parks, place as u64);
    }
    Asleep
}

/// A thread sleeps.
#[must_use]
pub(crate) struct Asleep;

impl Drop for Asleep {
    #[inline]
    fn drop(&mut self) {
        if is_recording() {
            record_now(Kind::Unparks, 0);
        }
    }
}

/// This thread is in `block_in_place` until the guard is dropped.
#[inline]
pub(crate) fn in_place() -> InPlace {
    if is_recording() {
        record_now(Kind::InPlace, 0);
    }
    InPlace
}

/// A thread is in `block_in_place`.
#[must_use]
pub(crate) struct InPlace;

impl Drop for InPlace {
    #[inline]
    fn drop(&mut self) {
        if is_recording() {
            record_now(Kind::OutOfPlace, 0);
        }
    }
}

// ---- Processors ----

/// This thread holds this processor from now on, or none. Gives back what it held before.
pub(super) fn holds(processor: u64) -> u64 {
    THIS.with(|this| this.processor.replace(processor))
}

/// The monitor judged a poll that goes on. `verdict` is its place in [`super::collect::VERDICTS`].
#[inline]
pub(crate) fn blocked(thread: &WhichThread, verdict: u8, lasts: Duration) {
    if is_recording() {
        let lasts = mask(u64::try_from(lasts.as_micros()).unwrap_or(u64::MAX), 36);
        record_now(Kind::Blocked, thread.number() | mask(u64::from(verdict), 4) << 24 | lasts << 28);
    }
}

/// A processor was taken from a thread. Who gets it says so by [`WhichThread::takes`].
#[inline]
pub(crate) fn handed_off(processor: usize, from: &WhichThread) {
    if is_recording() {
        record_now(Kind::HandedOff, from.number() | mask(processor as u64, 16) << 24);
    }
}
